/**
 * Hunts: a checker of fleets with relays that would not notice, a world that cannot be replayed, a router that lets everybody in. The
 * worlds in which everything is right are in `relay-seeds-*.test.ts`.
 *
 * `npm run sim -- --world relay --seeds N` runs as many worlds as there is time for.
 */
import { describe, expect, test } from "vitest";
import type { Connection, ConnectionHandler } from "../../src/runtime/port.ts";
import type { ProcessRecord } from "./fleet/record.ts";
import { INBOX, readLines } from "./mail/inbox-ledger.ts";
import type { MailHost } from "./mail/record.ts";
import { Nat, type SimHost, SimWorld } from "./mod.ts";
import { runRelayFleet } from "./relay/mod.ts";
import { RELAY_PORT, RelayFleet } from "./relay/relay-fleet.ts";
import { BROKEN_RELAY_BUILDS, QUIET_RELAYS } from "./relay/sabotage.ts";

const CANARY_SEED = 1;
const PORT = 9_000;
const MINUTE_MS = 60_000;
const timeout = { timeout: 120_000 };

describe("a fleet found at relays", () => {
  test("lives the same life again from the same seed", timeout, async () => {
    const [first, second] = [await runRelayFleet({ seed: 7 }), await runRelayFleet({ seed: 7 })];
    expect(second.fleet.world.trace.lines).toEqual(first.fleet.world.trace.lines);
    expect(second.traceHash).toBe(first.traceHash);
  });

  test("has nothing to report in a quiet world, and writes to each other sealed", timeout, async () => {
    const { fleet } = await runRelayFleet({ seed: CANARY_SEED, options: QUIET_RELAYS });
    expect(fleet.record.violations).toEqual([]);
    expect(fleet.sealedMessages).toBeGreaterThan(20);
    expect(fleet.plainMessages).toBe(0);
  });
});

/** Two hosts behind routers, one relay with a mailbox, and nobody who writes or reads of itself. */
async function makeSleepyPair() {
  const options = {
    ...QUIET_RELAYS,
    hostCount: 2,
    hiddenCount: 2,
    routerCount: 2,
    honestCount: 1,
    editsMax: 0,
    mailbox: { framesPerNode: 1_000 },
    pins: true,
  };
  const fleet = new RelayFleet({ seed: CANARY_SEED, options });
  await fleet.start();
  const [sender, recipient] = fleet.mailHosts as [MailHost, MailHost];
  const { host } = sender;
  const inbox = (): string[] => readLines(recipient.host.disk.text(INBOX)).map(({ msg }) => msg);
  const write = async (text: string): Promise<void> => {
    await fleet.command(host, ["send", "--dir", "/work", recipient.nodeId, text]);
  };
  const shown = async (): Promise<{ readonly state: string; readonly kept: { readonly relay: string } | null }[]> =>
    JSON.parse(await fleet.command(host, ["outbox", "--dir", "/work", "--json", "--pending"])).messages;
  const sleep = async ({ host: sleeper }: MailHost): Promise<void> => {
    fleet.hold(sleeper, true);
    fleet.stop(fleet.currentOn(sleeper) as ProcessRecord);
    await fleet.world.run(MINUTE_MS);
  };
  const wake = ({ host: sleeper }: MailHost): void => fleet.hold(sleeper, false);
  await write("awake");
  await fleet.world.until(() => inbox().length === 1);
  return { fleet, sender, recipient, inbox, write, shown, sleep, wake };
}

describe("a recipient that slept", () => {
  test(
    "finds at its relay all that was written meanwhile, in order, though its sender sleeps by then",
    timeout,
    async () => {
      const { fleet, sender, recipient, inbox, write, shown, sleep, wake } = await makeSleepyPair();
      await sleep(recipient);
      const texts = Array.from({ length: 30 }, (_, index) => `asleep ${index}`);
      for (const text of texts) {
        await write(text);
        await fleet.world.run(20_000);
      }
      const kept = await shown();
      expect(kept.map(({ state, kept: by }) => [state, by?.relay])).toEqual(
        texts.map(() => ["kept", `relay://relay0:${RELAY_PORT}`]),
      );
      await sleep(sender);
      wake(recipient);
      await fleet.world.until(() => inbox().length === texts.length + 1);
      expect(inbox()).toEqual(["awake", ...texts]);
      wake(sender);
      await write("both awake");
      await fleet.world.until(() => inbox().length === texts.length + 2);
      expect(inbox()).toEqual(["awake", ...texts, "both awake"]);
      await fleet.world.run(MINUTE_MS);
      expect(await shown()).toEqual([]);
      expect(fleet.record.violations).toEqual([]);
    },
  );
});

describe("the checkers of fleets found at relays", () => {
  for (const { what, caughtBy, sabotage, options, seedsMax = 1 } of BROKEN_RELAY_BUILDS) {
    test(`${caughtBy} notices ${what}`, timeout, async () => {
      const noticed = new Set<string>();
      for (let seed = CANARY_SEED; seed < CANARY_SEED + seedsMax && !noticed.has(caughtBy); seed++) {
        const { fleet } = await runRelayFleet({ seed, sabotage, options: { ...QUIET_RELAYS, ...options } });
        for (const { checker } of fleet.record.violations) noticed.add(checker);
      }
      expect([...noticed]).toContain(caughtBy);
    });
  }
});

describe("a simulated router", () => {
  /** Two hosts behind one router, and one outside. */
  async function makeStreet() {
    const world = new SimWorld({ seed: 1 });
    const nat = new Nat({ name: "router", ip: "10.200.0.1" });
    const [inside, neighbour, outside] = [world.addHost("in"), world.addHost("next"), world.addHost("out")];
    inside.nat = neighbour.nat = nat;
    const came: string[] = [];
    const heard: string[] = [];
    const handler: ConnectionHandler = {
      onData: (data) => heard.push(new TextDecoder().decode(data)),
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClose: () => undefined,
    };
    for (const host of [inside, neighbour, outside]) {
      await world.wait(
        world.createRuntime(host).network.listen({ host: "0.0.0.0", port: PORT }, ({ remote }) => {
          came.push(`${host.name} < ${remote.host}`);
          return handler;
        }),
      );
    }
    const dial = (from: SimHost, to: SimHost): Promise<Connection> =>
      world.wait(world.createRuntime(from).network.dial({ host: to.ip, port: PORT }, handler, { timeoutMs: 5_000 }));
    return { world, nat, inside, neighbour, outside, came, heard, dial };
  }

  test("lets its hosts out under its address and in among themselves, and nobody in from outside", async () => {
    const { world, inside, neighbour, outside, came, dial } = await makeStreet();
    await dial(inside, outside);
    await dial(inside, neighbour);
    await world.run(100);
    expect(came).toEqual(["out < 10.200.0.1", `next < ${inside.ip}`]);
    await expect(dial(outside, inside)).rejects.toMatchObject({ code: "TIMED_OUT" });
  });

  test("that restarts forgets what goes through it, tells nobody, and passes on what is new", async () => {
    const { world, nat, inside, outside, heard, dial } = await makeStreet();
    const old = await dial(inside, outside);
    old.write(new TextEncoder().encode("before"));
    await world.run(1_000);
    nat.restart();
    old.write(new TextEncoder().encode("into the void"));
    await world.run(60_000);
    (await dial(inside, outside)).write(new TextEncoder().encode("after"));
    await world.run(1_000);
    expect(heard).toEqual(["before", "after"]);
  });
});
