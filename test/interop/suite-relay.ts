/** Mail over a relay that is killed meanwhile, with the second implementation on each of the three sides. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import type { Agent } from "./agent.ts";
import { Bench } from "./bench.ts";
import { RelayProcess } from "./relay-process.ts";
import type { Script } from "./script.ts";
import { countedTexts } from "./troubles.ts";

/** A node comes back within seconds, and waits longer after a relay that it had for a moment only. */
const timeout = { timeout: 120_000 };
const MESSAGES = countedTexts(300);

/** On one host everybody could be dialled: these are to be found at relays alone. */
function hidden(relay: string, sealing: "auto" | "off" = "auto"): Readonly<Record<string, string>> {
  return {
    BARNACLE_MOLTCOMM_RELAYS: relay,
    BARNACLE_MOLTCOMM_REACHABLE: "no",
    BARNACLE_MOLTCOMM_SEALING: sealing,
  };
}

export function defineRelayTests(way: Way): void {
  /** Each has its own: they run side by side. */
  async function withBench(act: (bench: Bench) => Promise<void>): Promise<void> {
    const bench = new Bench(way);
    try {
      await act(bench);
    } finally {
      await bench.clear();
    }
  }

  /** An agent that is found at the relay alone. */
  async function startHidden(bench: Bench, relay: string): Promise<Agent> {
    const agent = await bench.agent({ environment: hidden(relay) });
    await agent.running.event("relay_registered");
    return agent;
  }

  /** A node of the second implementation that is registered at the relay. */
  async function register(bench: Bench, { address, nodeId: to }: RelayProcess) {
    const script = bench.script("peer.mjs");
    const { node_id: nodeId } = await script.ask<{ readonly node_id: string }>("id");
    await script.ask("register", { address, to });
    return { script, nodeId };
  }

  async function killAndStart(bench: Bench, { address, folder, running }: RelayProcess): Promise<void> {
    await running.stop("SIGKILL");
    await RelayProcess.start(bench.stage, { folder, listen: address.replace("relay://", "") });
  }

  async function meet(bench: Bench, one: Agent, nodeId: string, address: string): Promise<void> {
    const words = ["contacts", "add", "--name", "far", "--address", address, nodeId, "--dir", one.folder];
    expect((await bench.stage.run(words)).exit.code).toBe(0);
  }

  describe("300 messages, each once and in order, while the relay between is killed", () => {
    test.concurrent("reach an agent behind our relay from a stranger", timeout, () =>
      withBench(async (bench) => {
        const relay = await RelayProcess.start(bench.stage);
        const agent = await startHidden(bench, relay.address);
        const stranger = await register(bench, relay);
        const { nodeId: to } = agent;
        const { address, nodeId } = relay;
        const settled = stranger.script.ask("deliver", { address, relay: nodeId, to, messages: MESSAGES, window: 8 });
        while (agent.inbox().length < 50) await new Promise((wake) => setTimeout(wake, 5));
        await killAndStart(bench, relay);
        expect(await settled).toMatchObject({ delivered: 300 });
        expect(agent.inbox().map(({ msg }) => msg)).toEqual(MESSAGES);
      }));

    test.concurrent("reach a stranger behind our relay from an agent", timeout, () =>
      withBench(async (bench) => {
        const relay = await RelayProcess.start(bench.stage);
        const stranger = await register(bench, relay);
        const agent = await startHidden(bench, relay.address);
        await meet(bench, agent, stranger.nodeId, relay.address);
        agent.write(...MESSAGES.map((msg) => ({ to: stranger.nodeId, msg })));
        await stranger.script.some(50, "direct");
        await killAndStart(bench, relay);
        await agent.delivered(300);
        expect(stranger.script.all("direct").map(({ msg }) => msg)).toEqual(MESSAGES);
      }));

    test.concurrent("pass the stranger's relay between two agents, sealed", timeout, () =>
      withBench(async (bench) => {
        const { privateKey } = generateKeyPairSync("ed25519");
        const key = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
        const start = async (port = 0): Promise<readonly [Script, string]> => {
          const script = bench.script("relay.mjs", key);
          return [script, await script.ask<string>("listen", { port })];
        };
        const [script, address] = await start();
        const agents = [await startHidden(bench, address), await startHidden(bench, address)] as const;
        await meet(bench, agents[0], agents[1].nodeId, address);
        agents[0].write(...MESSAGES.map((msg) => ({ to: agents[1].nodeId, msg })));
        while (agents[1].inbox().length < 50) await new Promise((wake) => setTimeout(wake, 5));
        const before = await script.ask<{ readonly plain: number; readonly sealed: number }>("counts");
        await script.stop();
        const [again] = await start(Number(new URL(address).port));
        await agents[0].delivered(300);
        expect(agents[1].inbox().map(({ msg }) => msg)).toEqual(MESSAGES);
        const after = await again.ask<{ readonly plain: number; readonly sealed: number }>("counts");
        expect([before.plain, after.plain]).toEqual([0, 0]);
        expect(before.sealed + after.sealed).toBeGreaterThanOrEqual(300);
      }));
  });
}
