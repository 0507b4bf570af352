/** Hunts: a relay, or a node behind one, that only understands its own kind. */
import { describe } from "vitest";
import { defineRelayTests } from "./suite-relay.ts";

describe("relays by binary", () => {
  defineRelayTests("binary");
});
