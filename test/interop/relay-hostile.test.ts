/** Hunts: a relay that one node can spoil for the others, as a process with real sockets shows it. */
import { describe } from "vitest";
import { defineHostileRelayTests } from "./suite-relay-hostile.ts";

describe("relays by binary", () => {
  defineHostileRelayTests("binary");
});
