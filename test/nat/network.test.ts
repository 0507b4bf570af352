/** Hunts: what only real addresses, routers and lines do: an agent found in simulation and nowhere else. */
import { describe, expect, test } from "vitest";
import type { LogEvent, Running, Way } from "../e2e/barnacle.ts";
import type { Agent } from "../interop/agent.ts";
import { countedTexts } from "../interop/troubles.ts";
import type { Host, Router } from "./internet.ts";
import { whyNoLines, whyNoNamespaces } from "./namespaces.ts";
import { agentAt, type Home, relayAt, Scene } from "./scene.ts";

const refusal = whyNoNamespaces();
const lineRefusal = whyNoLines();
if (refusal !== undefined) process.stderr.write(`test/nat is skipped: ${refusal}\n`);
else if (lineRefusal !== undefined) process.stderr.write(`test/nat makes no slow lines: ${lineRefusal}\n`);
const testLine = lineRefusal === undefined ? test.concurrent : test.skip;

/** Most of it is waiting: for silence to be noticed, for the next attempt. */
const timeout = { timeout: 150_000 };
const COUNT = 100;
const [PLAIN, SEALED] = ["message 00", '"msg":"hpke1:'];
/** Silence is noticed within so long. Source: docs/moltcomm.md, "Found at relays". */
const NOTICED_MS = 30_000;

/** An agent behind a router of its own. */
interface Inhabitant {
  readonly router: Router;
  readonly home: Home;
}

/** Two that are each behind a router, and relays with a tap at each. */
class Two {
  readonly scene: Scene;
  readonly hubs: Host[] = [];
  readonly #taps: Running[] = [];

  private constructor(way: Way) {
    this.scene = new Scene(way);
  }

  static async with(way: Way, act: (two: Two) => Promise<void>): Promise<void> {
    const two = new Two(way);
    try {
      await act(two);
    } finally {
      await two.scene.clear();
    }
  }

  async addRelay(name: string): Promise<Host> {
    const hub = this.scene.internet.addHost(name);
    this.hubs.push(hub);
    this.#taps.push(await this.scene.internet.tap(hub, [PLAIN, SEALED]));
    return hub;
  }

  async inhabit(name: string): Promise<Inhabitant> {
    const router = this.scene.internet.addRouter(`${name}-nat`);
    return { router, home: await this.scene.home(router.addHost(name)) };
  }

  /** They learn where the other is found. */
  async introduce(one: Inhabitant, other: Inhabitant, atOne: Host[], atOther: Host[]): Promise<void> {
    await this.scene.introduce(one.home, other.home, ...atOther.map(relayAt));
    await this.scene.introduce(other.home, one.home, ...atOne.map(relayAt));
  }

  async start({ home }: Inhabitant, ...hubs: readonly Host[]): Promise<Agent> {
    return await this.startSealing("auto", home, hubs);
  }

  async startSealing(sealing: "auto" | "off", home: Home, hubs: readonly Host[]): Promise<Agent> {
    const environment = { BARNACLE_MOLTCOMM_SEALING: sealing };
    const agent = await this.scene.agent(home, hubs.map(relayAt), { environment });
    await agent.running.event("relay_registered");
    return agent;
  }

  /** What every tap saw, in sum. */
  async seen(): Promise<{ readonly plain: number; readonly sealed: number }> {
    const told = await Promise.all(this.#taps.map(async (tap) => {
      await tap.stop("SIGTERM");
      const { counts } = await tap.event("counts") as unknown as { readonly counts: Readonly<Record<string, number>> };
      return counts;
    }));
    const sum = (text: string) => told.reduce((total, counts) => total + (counts[text] ?? 0), 0);
    return { plain: sum(PLAIN), sealed: sum(SEALED) };
  }
}

/** Texts of one part of a conversation. */
function texts(part: number): string[] {
  return countedTexts(part * COUNT).slice(-COUNT);
}

/** Each writes a part to the other. */
function writePart(part: number, one: Agent, other: Agent): void {
  one.write(...texts(part).map((msg) => ({ to: other.nodeId, msg })));
  other.write(...texts(part).map((msg) => ({ to: one.nodeId, msg })));
}

/** Waits until both have all parts, each message once and in order. */
async function expectParts(parts: number, ...agents: readonly Agent[]): Promise<void> {
  await Promise.all(agents.map((agent) => agent.delivered(parts * COUNT)));
  for (const agent of agents) {
    expect(agent.inbox().map(({ msg }) => msg)).toEqual(countedTexts(parts * COUNT));
    expect(agent.ids("failed")).toEqual([]);
  }
}

/** As `Running.event`, for what happens from now on. @returns it, and how long it took */
async function next(
  { running }: Agent,
  name: string,
  fits?: (event: LogEvent) => boolean,
): Promise<{ readonly event: LogEvent; readonly tookMs: number }> {
  const startMs = performance.now();
  const event = await running.event(name, fits, running.events.length);
  return { event, tookMs: performance.now() - startMs };
}

/** Asks until the answer is as wanted. The test's own time limit ends it. */
async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await new Promise((wake) => setTimeout(wake, 500));
  }
}

describe.skipIf(refusal !== undefined)("two hosts behind NAT", () => {
  test.concurrent(
    "write to each other over a relay, each message once, in order and sealed",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hub = await two.addRelay("relay");
        const [one, other] = [await two.inhabit("one"), await two.inhabit("other")];
        await two.scene.relay(hub);
        await two.introduce(one, other, [hub], [hub]);
        const agents = [await two.start(one, hub), await two.start(other, hub)] as const;
        writePart(1, ...agents);
        await expectParts(1, ...agents);
        const { plain, sealed } = await two.seen();
        expect(plain).toBe(0);
        // Each of them once on its way in, once on its way out.
        expect(sealed).toBeGreaterThanOrEqual(4 * COUNT);
      }),
  );

  test.concurrent(
    "are read by whoever looks at their relay's packets where they do not seal: the tap misses nothing",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hub = await two.addRelay("relay");
        const [one, other] = [await two.inhabit("one"), await two.inhabit("other")];
        await two.scene.relay(hub);
        await two.introduce(one, other, [hub], [hub]);
        const agent = await two.startSealing("off", one.home, [hub]);
        await two.startSealing("off", other.home, [hub]);
        agent.write(...texts(1).map((msg) => ({ to: other.home.nodeId, msg })));
        await agent.delivered(COUNT);
        const { plain, sealed } = await two.seen();
        expect([plain >= 2 * COUNT, sealed]).toEqual([true, 0]);
      }),
  );

  test.concurrent(
    "are told to be not diallable by a peer that tries, and publish relays alone",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hub = await two.addRelay("relay");
        const { internet } = two.scene;
        const [hidden, open] = [await two.inhabit("hidden"), await two.scene.home(internet.addHost("open"))];
        const peer = await two.scene.home(internet.addHost("peer"));
        await two.scene.relay(hub);
        await two.scene.agent(peer, []);
        const init = { bootstrap: [agentAt(peer.host)] };
        await two.scene.agent(hidden.home, [relayAt(hub)], init);
        await two.scene.agent(open, [relayAt(hub)], init);
        const verdict = (home: Home) => () => two.scene.status(home);
        const isKnown = ({ reachable }: { readonly reachable: string }) => reachable !== "unknown";
        expect(await eventually(verdict(open), isKnown)).toMatchObject({ reachable: "yes" });
        expect(await eventually(verdict(hidden.home), isKnown)).toMatchObject({ reachable: "no" });
        expect(await two.scene.addressesOf(hidden.home, peer)).toEqual([relayAt(hub)]);
        const told = await eventually(() => two.scene.addressesOf(open, peer), (addresses) => addresses.length > 1);
        expect(told.toSorted()).toEqual([relayAt(hub), agentAt(open.host)]);
      }),
  );

  test.concurrent(
    "lose nothing when their relay is killed and started again",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hub = await two.addRelay("relay");
        const [one, other] = [await two.inhabit("one"), await two.inhabit("other")];
        const relay = await two.scene.relay(hub);
        await two.introduce(one, other, [hub], [hub]);
        const agents = [await two.start(one, hub), await two.start(other, hub)] as const;
        writePart(1, ...agents);
        await agents[0].delivered(COUNT / 4);
        await relay.running.stop("SIGKILL");
        writePart(2, ...agents);
        const back = agents.map((agent) => next(agent, "relay_registered"));
        await two.scene.relay(hub, relay.folder);
        await Promise.all(back);
        await expectParts(2, ...agents);
        expect((await two.seen()).plain).toBe(0);
      }),
  );

  test.concurrent(
    "notice within 30 s that nothing passes to a relay, and meet at another",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hubs = [await two.addRelay("first"), await two.addRelay("second")] as const;
        const [one, other] = [await two.inhabit("one"), await two.inhabit("other")];
        await Promise.all(hubs.map((hub) => two.scene.relay(hub)));
        await two.introduce(one, other, [...hubs], [...hubs]);
        const agents = [await two.start(one, ...hubs), await two.start(other, ...hubs)] as const;
        writePart(1, ...agents);
        await expectParts(1, ...agents);
        const { relays } = await two.scene.status(one.home);
        const used = relays.find(({ state }) => state === "registered")?.address;
        const lostHub = hubs.find((hub) => relayAt(hub) === used) ?? hubs[0];
        const left = hubs.find((hub) => hub !== lostHub) ?? hubs[1];
        const lost = next(agents[0], "relay_lost");
        const moved = next(agents[0], "relay_registered", ({ address }) => address === relayAt(left));
        two.scene.internet.cut(one.router.host, lostHub);
        writePart(2, ...agents);
        expect((await lost).tookMs).toBeLessThan(NOTICED_MS);
        await moved;
        await expectParts(2, ...agents);
        expect((await two.seen()).plain).toBe(0);
      }),
  );

  test.concurrent(
    "find each other again after one got another address, and then its router",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hub = await two.addRelay("relay");
        const [one, other] = [await two.inhabit("one"), await two.inhabit("other")];
        await two.scene.relay(hub);
        await two.introduce(one, other, [hub], [hub]);
        const agents = [await two.start(one, hub), await two.start(other, hub)] as const;
        writePart(1, ...agents);
        await expectParts(1, ...agents);
        const back = agents.map((agent) => next(agent, "relay_registered"));
        one.router.move(one.home.host);
        two.scene.internet.move(other.router.host);
        writePart(2, ...agents);
        await Promise.all(back);
        await expectParts(2, ...agents);
        expect((await two.seen()).plain).toBe(0);
      }),
  );

  testLine(
    "lose nothing over lines that lose 5 % and take 100 ms",
    timeout,
    () =>
      Two.with("binary", async (two) => {
        const hub = await two.addRelay("relay");
        const [one, other] = [await two.inhabit("one"), await two.inhabit("other")];
        await two.scene.internet.makeLine({ delayMs: 100, lossRatio: 0.05 });
        await two.scene.relay(hub);
        await two.introduce(one, other, [hub], [hub]);
        const agents = [await two.start(one, hub), await two.start(other, hub)] as const;
        writePart(1, ...agents);
        await expectParts(1, ...agents);
        const { relays } = await two.scene.status(one.home);
        // Once there and once back, and longer where something of it was lost.
        expect(relays[0]?.round_trip_ms).toBeGreaterThanOrEqual(200);
        expect((await two.seen()).plain).toBe(0);
      }),
  );

  test.concurrent(
    "write to each other though each is at a relay of its own, under Node",
    timeout,
    () =>
      Two.with("node", async (two) => {
        const hubs = [await two.addRelay("first"), await two.addRelay("second")] as const;
        const [one, other] = await Promise.all([two.inhabit("one"), two.inhabit("other")]);
        await Promise.all(hubs.map((hub) => two.scene.relay(hub)));
        await two.introduce(one, other, [hubs[0]], [hubs[1]]);
        const agents = await Promise.all([two.start(one, hubs[0]), two.start(other, hubs[1])]);
        writePart(1, agents[0], agents[1]);
        await expectParts(1, ...agents);
        expect((await two.scene.status(one.home)).relays).toMatchObject([{ address: relayAt(hubs[0]) }]);
        expect((await two.scene.status(other.home)).relays).toMatchObject([{ address: relayAt(hubs[1]) }]);
        const { plain, sealed } = await two.seen();
        expect([plain, sealed >= 4 * COUNT]).toEqual([0, true]);
      }),
  );
});
