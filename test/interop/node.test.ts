/** Hunts: an agent under Node that understands only itself. */
import { describe } from "vitest";
import { defineConformanceTests } from "./suite-conformance.ts";
import { defineHostileTests } from "./suite-hostile.ts";
import { defineMailTests } from "./suite-mail.ts";

describe("interoperability by node", () => {
  defineConformanceTests("node");
  defineMailTests("node");
  defineHostileTests("node");
});
