/** Hunts: namespaces and processes that a killed run leaves behind for ever, or that one run takes from another. */
import { spawn, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { call, makeNamespace, removeLeftovers, removeNamespace, whyNoNamespaces } from "./namespaces.ts";

const names = () => call("ip", ["netns", "list"]).split("\n").map((line) => line.split(" ")[0]);

describe.skipIf(whyNoNamespaces() !== undefined)("removeLeftovers", () => {
  test("removes what a dead run left, with what runs in it, and nothing of one that lives", async () => {
    const dead = spawnSync("true").pid;
    const left = `barnacle-${dead}-1-left`;
    const living = makeNamespace("living");
    call("ip", ["netns", "add", left]);
    const child = spawn("ip", ["netns", "exec", left, "sleep", "600"], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    while (call("ip", ["netns", "pids", left]) === "") await new Promise((wake) => setTimeout(wake, 5));
    try {
      expect(removeLeftovers()).toContain(left);
      expect(await ended).toBe("SIGKILL");
      expect(names()).not.toContain(left);
      expect(names()).toContain(living);
    } finally {
      removeNamespace(living);
    }
  });

  test("removeNamespace takes one that is gone already for removed", () => {
    const name = makeNamespace("gone");
    removeNamespace(name);
    removeNamespace(name);
    expect(names()).not.toContain(name);
  });
});
