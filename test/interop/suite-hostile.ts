/** Every attack by its name, on a real agent; what counts as right is in `hostile.mjs`. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import { TEST_TIMEOUT_MS } from "../e2e/timeout.ts";
import type { Agent } from "./agent.ts";
import { Bench } from "./bench.ts";
import { INTEROP, NODE, type Script } from "./script.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

interface Attacks {
  readonly attacks: readonly { readonly name: string; readonly section: string; readonly isFlood: boolean }[];
  readonly listeners: readonly string[];
}

const { attacks, listeners } = JSON.parse(
  execFileSync(NODE, [join(INTEROP, "hostile.mjs"), "--list"], { encoding: "utf8" }),
) as Attacks;

/** Limits as an operator might set them: floods meet them, the newcomers after a flood do not. */
const LIMITED = {
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_CONNECTION: "10000",
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_ADDRESS: "100",
  BARNACLE_MOLTCOMM_MESSAGES_PER_SECOND_PER_SENDER: "50",
  BARNACLE_MOLTCOMM_MESSAGES_BURST_PER_SENDER: "500",
  BARNACLE_MOLTCOMM_NEW_PEERS_PER_MINUTE: "1000",
};

function defineAttacks(way: Way, chosen: Attacks["attacks"], environment: Readonly<Record<string, string>>): void {
  const bench = new Bench(way);
  let agent: Agent;
  let hostile: Script;
  beforeAll(async () => {
    hostile = bench.script("hostile.mjs");
    agent = await bench.agent({ environment });
  }, TEST_TIMEOUT_MS);
  afterAll(() => bench.clear());

  for (const { name, section } of chosen) {
    test(`§${section}: ${name}`, timeout, async () => {
      const { address, nodeId } = agent;
      const { wants, got } = await hostile.ask<{ wants: string[]; got: string }>("attack", {
        name,
        address,
        node_id: nodeId,
      });
      expect(wants).toContain(got);
    });
  }

  test("left in the inbox what must be there once, and nothing else", timeout, () => {
    const texts = agent.inbox().map(({ msg }) => msg);
    expect(texts.filter((text) => text.startsWith("attack"))).toEqual([]);
    const taken = texts.filter((text) => text.startsWith("taken"));
    expect(taken.toSorted()).toEqual([...new Set(taken)].toSorted());
    expect(agent.inbox().map(({ seq }) => seq)).toEqual(texts.map((_, index) => index + 1));
  });

  test("left an agent that stops when told to", timeout, async () => {
    expect(await agent.running.stop()).toEqual({ code: 0, signal: null });
  });
}

export function defineHostileTests(way: Way): void {
  describe("a hostile stranger", () => {
    defineAttacks(way, attacks.filter(({ isFlood }) => !isFlood), {});
  });

  describe("a flood", () => {
    defineAttacks(way, attacks.filter(({ isFlood }) => isFlood), LIMITED);
  });

  describe("hostile bootstraps, all at once", () => {
    const bench = new Bench(way);
    let agent: Agent;
    let hostile: Script;
    beforeAll(async () => {
      hostile = bench.script("hostile.mjs");
      const bootstrap = await Promise.all(listeners.map((behaviour) => hostile.ask<string>("listen", { behaviour })));
      agent = await bench.agent({ bootstrap, environment: { BARNACLE_MOLTCOMM_REQUEST_TIMEOUT_SECONDS: "1" } });
    }, TEST_TIMEOUT_MS);
    afterAll(() => bench.clear());

    for (const behaviour of listeners) {
      test(`§7: one that ${behaviour} is greeted as any other`, timeout, async () => {
        const visit = await hostile.event("visit", (event) => event["behaviour"] === behaviour);
        expect(visit["from"]).toBe(agent.nodeId);
      });
    }

    test("do not keep the agent from an honest peer, nor become peers under false names", timeout, async () => {
      const guest = await bench.guest(agent);
      expect(await guest.script.ask("send", { to: agent.nodeId, msg: "honest" })).toMatchObject({ outcome: "ACK" });
      agent.write({ to: guest.nodeId, msg: "to the honest" });
      expect(await guest.script.event("direct")).toMatchObject({ msg: "to the honest" });
      const told = await guest.script.ask<readonly { readonly peer_id: string; readonly good: boolean }[]>("peers", {
        to: agent.nodeId,
        n: 1_000,
      });
      expect(told.every((record) => record.good)).toBe(true);
      expect(told.length).toBeLessThanOrEqual(1_000);
    });
  });
}
