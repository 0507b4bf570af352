/** Every attack on a relay by its name, on the real relay; what counts as right is in `attacks/relays.mjs`. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import { TEST_TIMEOUT_MS } from "../e2e/timeout.ts";
import { Bench } from "./bench.ts";
import { RelayProcess } from "./relay-process.ts";
import { INTEROP, NODE } from "./script.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const MIB = 1_048_576;
/** What the relay may take when it is attacked: what waits for slow readers, and itself. */
const RESIDENT_BYTES_MAX = 400 * MIB;

interface Result {
  readonly wants: readonly string[];
  readonly got: string;
  readonly unseen: readonly string[];
}

const attacks = JSON.parse(
  execFileSync(NODE, [join(INTEROP, "hostile-relay.mjs"), "--list"], { encoding: "utf8" }),
) as readonly { readonly name: string; readonly isLong: boolean }[];

export function defineHostileRelayTests(way: Way): void {
  describe("a hostile node at a relay", () => {
    const bench = new Bench(way);
    const long = new Map<string, Promise<Result>>();
    let relay: RelayProcess;
    let attack: (name: string) => Promise<Result>;
    beforeAll(async () => {
      relay = await RelayProcess.start(bench.stage);
      const metrics = `${await relay.running.url("http")}/metrics`;
      attack = async (name) => {
        const { address, nodeId } = relay;
        const script = bench.script("hostile-relay.mjs");
        return await script.ask<Result>("attack", { name, address, node_id: nodeId, metrics });
      };
      // What mostly waits does so beside the others.
      for (const { name } of attacks.filter(({ isLong }) => isLong)) long.set(name, attack(name));
    }, TEST_TIMEOUT_MS);
    afterAll(() => bench.clear());

    for (const { name } of attacks.toSorted((one, other) => Number(one.isLong) - Number(other.isLong))) {
      test(`§8: ${name}`, timeout, async () => {
        const { wants, got, unseen } = await (long.get(name) ?? attack(name));
        expect(wants).toContain(got);
        expect(unseen).toEqual([]);
      });
    }

    test("leaves a relay of usual size that has made no mistake, and stops when told to", timeout, async () => {
      while (await relay.sample("connections") > 0) await new Promise((wake) => setTimeout(wake, 20));
      expect(await relay.sample("registered")).toBe(0);
      expect(await relay.sample("queued_bytes")).toBe(0);
      expect(await relay.sample('closed_connections_total{reason="fault"}')).toBe(0);
      if (process.platform === "linux") {
        const pages = Number(readFileSync(`/proc/${relay.running.child.pid}/statm`, "utf8").split(" ")[1]);
        expect(pages * 4_096).toBeLessThan(RESIDENT_BYTES_MAX);
      }
      expect(await relay.running.stop()).toEqual({ code: 0, signal: null });
    });
  });
}
