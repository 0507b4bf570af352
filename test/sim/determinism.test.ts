/** Hunts: anything that lets two runs of one seed differ, so that a failing seed could not be replayed. */
import { describe, expect, test } from "vitest";
import { drawFaults, type Main, NO_FAULTS, SeededRandom, SimWorld, startChaos } from "./mod.ts";

const LIFE_MS = 30 * 60_000;
const timeout = { timeout: 60_000 };
const LIMITS = { idleTimeoutMs: 30_000, connectionsMax: 100 };

/** Keeps what it is sent in a database. */
const runHub: Main = async ({ http, databases }) => {
  const database = await databases.open("/work/hub.sqlite");
  database.exec("CREATE TABLE IF NOT EXISTS beat (sender TEXT, at INTEGER)");
  const insert = database.prepare("INSERT INTO beat VALUES (?, ?)");
  await http.serve({
    address: { host: "0.0.0.0", port: 80 },
    ...LIMITS,
    handler: async (request) => {
      const { sender, at } = await request.json();
      insert.run(sender, at);
      return new Response(null, { status: 204 });
    },
  });
};

/** Sends a beat every 10 s or so, and writes down how it went. */
const runAgent: Main = async ({ http, clock, random, files, process, crypto }) => {
  const client = http.client({});
  const log = await files.open("/work/log", "append");
  const sender = crypto.generateEd25519().publicSpki.slice(-4).join(".");
  const beat = async (): Promise<void> => {
    const body = JSON.stringify({ sender, at: clock.wallMs() });
    const outcome = await client.fetch("http://hub/", { method: "POST", body }).then(
      ({ status }) => String(status),
      ({ code }: { code: string }) => code,
    );
    await log.write(new TextEncoder().encode(`${outcome}\n`));
    process.standardOutput.write(`${outcome} `);
    clock.setTimer(10_000 + random.unit() * 100, () => void beat().catch(() => process.exit(3)));
  };
  await beat();
};

async function runFleet(seed: number): Promise<{ readonly world: SimWorld; readonly stopChaos: () => void }> {
  const world = new SimWorld({ seed, traceKept: 5 });
  world.faults = drawFaults(world.random);
  const hub = world.addHost("hub");
  const agents = ["one", "two", "three"].map((name) => world.addHost(name));
  hub.start(runHub);
  for (const agent of agents) agent.start(runAgent);
  const stopChaos = startChaos(world, {
    hosts: world.hosts,
    pauseMs: [1_000, 120_000],
    lastsMs: [100, 300_000],
    restart: (host) => host.start(host === hub ? runHub : runAgent),
  });
  await world.run(LIFE_MS);
  return { world, stopChaos };
}

describe("SimWorld", () => {
  test("gives one trace for one seed, whatever goes wrong in it", timeout, async () => {
    for (const seed of [1, 2, 3]) {
      const { world: first } = await runFleet(seed);
      const { world: second } = await runFleet(seed);
      expect(second.trace.lines).toEqual(first.trace.lines);
      expect(second.trace.hash).toBe(first.trace.hash);
      expect(first.trace.count).toBeGreaterThan(250);
    }
  });

  test("gives another trace for another seed", timeout, async () => {
    const hashes = [];
    for (let seed = 10; seed < 16; seed++) hashes.push((await runFleet(seed)).world.trace.hash);
    expect(new Set(hashes).size).toBe(6);
  });

  test("becomes whole again once chaos is over", timeout, async () => {
    const { world, stopChaos } = await runFleet(42);
    stopChaos();
    await world.run(LIFE_MS);
    world.calm();
    for (const host of world.hosts) {
      for (const process of host.processes) process.kill();
      host.start(host.name === "hub" ? runHub : runAgent);
    }
    await world.until(() => world.hosts.slice(1).every((host) => host.disk.text("/work/log")?.endsWith("204\n")));
    expect(world.faults).toBe(NO_FAULTS);
  });
});

describe("drawFaults", () => {
  test("turns each fault off in some worlds and on in others", () => {
    const drawn = Array.from({ length: 40 }, (_none, seed) => drawFaults(new SeededRandom(seed)));
    expect(drawn.some(({ network }) => network.resetRate === 0)).toBe(true);
    expect(drawn.some(({ network }) => network.resetRate > 0)).toBe(true);
    expect(drawn.some(({ disk }) => disk.syncFailureRate > 0)).toBe(true);
  });
});
