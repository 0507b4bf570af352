/** Hunts: an agent as the compiled binary that understands only itself. */
import { describe } from "vitest";
import { defineConformanceTests } from "./suite-conformance.ts";
import { defineHostileTests } from "./suite-hostile.ts";
import { defineMailTests } from "./suite-mail.ts";

describe("interoperability by binary", () => {
  defineConformanceTests("binary");
  defineMailTests("binary");
  defineHostileTests("binary");
});
