/** Hunts: a thousand clients of a relay that come back all at once, or not at all, when it does. */
import { describe, expect, test } from "vitest";
import { waitAfterFailureMs, waitAfterLossMs } from "../../../../src/moltcomm/relays/retry.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { MINUTE_MS, SECOND_MS, type TestNode } from "../node/support.ts";
import { type RawRelay, registeredAt, RelayScene } from "./support.ts";

const CLIENTS = 1_000;
/** A crowd of real nodes is a second of work on a quiet machine. */
const timeout = { timeout: 60_000 };

/** When clients that all lost a relay at 0 dial it, and when the last of them has it again; it is back after `downMs`. */
function comeBack(downMs: number, seed: number): { readonly attemptsAtMs: number[]; readonly lastMs: number } {
  const random = new SeededRandom(seed);
  const attemptsAtMs: number[] = [];
  let lastMs = 0;
  for (let client = 0; client < CLIENTS; client++) {
    let atMs = waitAfterLossMs(random);
    attemptsAtMs.push(atMs);
    for (let failures = 1; atMs < downMs; failures++) {
      atMs += waitAfterFailureMs(failures, random);
      attemptsAtMs.push(atMs);
    }
    lastMs = Math.max(lastMs, atMs);
  }
  return { attemptsAtMs, lastMs };
}

/** The most in any second, wherever it begins. */
function mostInASecond(timesMs: readonly number[]): number {
  const sorted = [...timesMs].sort((one, other) => one - other);
  let most = 0;
  let first = 0;
  for (const [index, atMs] of sorted.entries()) {
    while ((sorted[first] ?? 0) <= atMs - SECOND_MS) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

describe("a thousand clients of a relay that restarts", () => {
  test.each([0, 1, 2, 5, 10, 15, 20])(
    "are back within 15 s, when it is away for %d s, without a storm",
    (downSeconds) => {
      for (let seed = 1; seed <= 10; seed++) {
        const { attemptsAtMs, lastMs } = comeBack(downSeconds * SECOND_MS, seed);
        expect(lastMs).toBeLessThanOrEqual((downSeconds + 15) * SECOND_MS);
        expect(mostInASecond(attemptsAtMs)).toBeLessThanOrEqual(150);
      }
    },
  );

  test("are back within 90 s and without a storm when it was away for long", () => {
    for (const downSeconds of [45, 60, 120, 600]) {
      const { attemptsAtMs, lastMs } = comeBack(downSeconds * SECOND_MS, downSeconds);
      expect(lastMs).toBeLessThanOrEqual((downSeconds + 90) * SECOND_MS);
      expect(mostInASecond(attemptsAtMs)).toBeLessThanOrEqual(150);
    }
  });

  test("that go to another relay meanwhile do not come there all at once", timeout, async () => {
    const scene = await RelayScene.make({ relays: 2 });
    const [first, second] = scene.relays as [RawRelay, RawRelay];
    const nodes: TestNode[] = [];
    for (let index = 0; index < 80; index++) nodes.push(await scene.start(`node${index}`, { reachable: "no" }));
    scene.separate(...nodes);
    await scene.world.until(() => nodes.every((node) => registeredAt(node).length === 1));
    await scene.world.run(MINUTE_MS);
    const lost = nodes.filter((node) => registeredAt(node)[0] === first.address).length;
    expect(lost).toBeGreaterThan(20);
    second.acceptedAtMs.length = 0;
    first.kill();
    await scene.world.until(() => nodes.every((node) => registeredAt(node)[0] === second.address), {
      withinMs: 15 * SECOND_MS,
    });
    expect(mostInASecond(second.acceptedAtMs)).toBeLessThanOrEqual(Math.ceil(lost * 0.25));
  });

  test("do as planned: nodes in a world, with mail to send meanwhile", timeout, async () => {
    const scene = await RelayScene.make();
    const { relay, world } = scene;
    const nodes: TestNode[] = [];
    for (let index = 0; index < 100; index++) {
      nodes.push(await scene.start(`node${index}`, { addressesOf: () => [relay.address], reachable: "no" }));
    }
    scene.separate(...nodes);
    const isBack = () => nodes.every((node) => registeredAt(node).length === 1);
    await world.until(isBack);
    await world.run(MINUTE_MS);
    relay.acceptedAtMs.length = 0;
    relay.kill();
    await world.run(SECOND_MS);
    // Whoever has mail must not come sooner for it.
    for (const [index, node] of nodes.entries()) {
      const to = nodes[(index + 1) % nodes.length]?.nodeId ?? "";
      void node.node.attempt({ to, id: `mail-${index}`, msg: "hi" });
    }
    await relay.start();
    await world.until(isBack, { withinMs: 15 * SECOND_MS });
    expect(mostInASecond(relay.acceptedAtMs)).toBeLessThanOrEqual(100 * 0.2);
    expect(relay.acceptedAtMs.length).toBe(100);
  });
});
