/** The relay: how fast it hands on, beside brokers that do the same; what it adds to a message's time; what idle registrations cost. */
import { fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { formatNumber, median } from "./figures.ts";
import { brokerVersion, notInstalled } from "./mail-brokers.ts";
import { ProcessorMeter, readMemory } from "./process-counters.ts";
import { FORWARDING_BROKERS, withBroker } from "./relay-brokers.ts";
import type { IdlePace, IdlePlan } from "./relay-idle-process.ts";
import { FRAME_BYTES, type LoadInit, type LoadResult, type Measured, RelayLoad } from "./relay-load.ts";
import { benchRelayMailbox } from "./relay-mailbox.ts";
import { RelaySide } from "./relay-side.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const IN_FLIGHT = 64;
const PER_SECOND_MIN = 250_000;
const RATIO_MIN: Readonly<Record<string, number>> = { mqtt: 1.4, nats: 0.5 };
const ADDED_US_MAX = 90;

const NODES = 10_000;
const KEEP_ALIVE_MS = 25_000;
/** As nodes of ours do: `RELAY_KEEP_ALIVE_MS`, `KEPT_MEASURE_MS`. */
const KERNEL_MS = 15_000;
const SELDOM_MS = 600_000;
const SETTLE_MS = 15_000;
const REGISTERED_PER_SECOND = 800;
const RESIDENT_MIB_MAX = 300;
const KIB_PER_NODE_MAX = 30;
const CORE_PERCENT_MAX = 1;

export async function benchRelay(workshop: Workshop): Promise<Section[]> {
  return [await benchForwarding(workshop), await benchIdleNodes(workshop), await benchRelayMailbox(workshop)];
}

async function benchForwarding(workshop: Workshop): Promise<Section> {
  const rounds = workshop.quick ? 2 : 7;
  const seconds = workshop.quick ? 1 : 2.5;
  const { folder } = workshop.spot("mail");
  const load = new RelayLoad(folder);
  const ours: { many: Measured; one: Measured }[] = [];
  const direct: LoadResult[] = [];
  const others = new Map<string, Measured[]>(FORWARDING_BROKERS.map(({ name }) => [name, []]));
  const present = FORWARDING_BROKERS.filter(({ kind }) => brokerVersion(kind) !== undefined);
  for (let round = 0; round < rounds; round++) {
    progress(`relay: round ${round + 1} of ${rounds}`);
    const relay = await RelaySide.start([workshop.binary], join(folder, `relay-${round}`));
    try {
      const { port, nodeId: relayId, pid } = relay;
      const run = (inFlight: number) => load.measure({ mode: "relay", port, relayId, inFlight, seconds }, pid);
      ours.push({ many: await run(IN_FLIGHT), one: await run(1) });
    } finally {
      await relay.stop();
    }
    direct.push(await load.run({ mode: "direct", port: 0, inFlight: 1, seconds }));
    for (const broker of present) {
      const init: Omit<LoadInit, "port"> = { mode: broker.mode, inFlight: IN_FLIGHT, seconds };
      const result = await withBroker(
        broker,
        join(folder, broker.mode),
        (port, pid) => load.measure({ ...init, port }, pid),
      );
      others.get(broker.name)?.push(result);
    }
  }
  const perSecond = ours.map(({ many }) => many.perSecond);
  const added = ours.map(({ one }, round) => one.p50Us - (direct[round]?.p50Us ?? Number.NaN));
  const rows: Row[] = [
    { what: "frames a second", ours: perSecond, floor: { of: "value", atLeast: PER_SECOND_MIN } },
    ...present.map(({ name, mode }): Row => ({
      what: `frames a second; ${name}`,
      ours: perSecond,
      baseline: (others.get(name) ?? []).map((result) => result.perSecond),
      floor: { of: "ratio", atLeast: RATIO_MIN[mode] ?? 0 },
    })),
    ...present.map(({ name }): Row => ({
      what: `processor time a frame, µs; ${name}`,
      ours: ours.map(({ many }) => many.usPerFrame),
      baseline: (others.get(name) ?? []).map((result) => result.usPerFrame),
    })),
    { what: "p99 of a frame's time, µs", ours: ours.map(({ many }) => many.p99Us) },
    { what: "added to one frame's time, µs", ours: added, floor: { of: "value", atMost: ADDED_US_MAX } },
  ];
  const absent = FORWARDING_BROKERS.filter((broker) => !present.includes(broker));
  return {
    name: "relay",
    title: "The relay: handing on frames",
    method:
      `One connection sends frames of ${FRAME_BYTES} bytes over a fresh relay to another, ${IN_FLIGHT} in flight, ${seconds} s ` +
      `in each of ${rounds} rounds, all on loopback; the load is one thread in ${load.language}. The brokers hand on the same ` +
      "frames. On a machine with other work, processor times say more than rates. The last row: the median time of a frame " +
      "alone, less that over one connection without a relay." +
      absent.map(({ name, kind }) => ` ${name}: ${notInstalled(kind)}.`).join(""),
    table: compare("baseline", rows),
  };
}

async function benchIdleNodes(workshop: Workshop): Promise<Section> {
  const nodes = workshop.quick ? 1_000 : NODES;
  const { folder } = workshop.spot("mail");
  const relay = await RelaySide.start([workshop.binary], join(folder, "relay"));
  const client = fork(join(import.meta.dirname, "relay-idle-process.ts"));
  try {
    await pause(1_000);
    const emptyMib = readMemory(relay.pid).residentMib;
    progress(`relay: registering ${nodes} nodes`);
    const plan: IdlePlan = {
      port: relay.port,
      relayId: relay.nodeId,
      nodes,
      registeredPerSecond: REGISTERED_PER_SECOND,
      kernelMs: KERNEL_MS,
    };
    const registered = new Promise<void>((done) => client.once("message", () => done()));
    const lost = new Promise<never>((_, fail) => {
      client.once("exit", () => fail(new Error("Bench: the idle nodes lost a connection")));
    });
    client.send(plan);
    await Promise.race([registered, lost]);
    const measure = async (pace: IdlePace) => {
      client.send(pace);
      // So that what was before has gone.
      await Promise.race([pause(SETTLE_MS), lost]);
      return await Promise.race([measureIdle(relay.pid), lost]);
    };
    const kept = await measure({ everyMs: SELDOM_MS });
    const pinged = await measure({ everyMs: KEEP_ALIVE_MS });
    const mib = [...kept.mib, ...pinged.mib];
    const perNode = ((median(mib) - emptyMib) * 1_024) / nodes;
    return {
      name: "relay-idle",
      title: "The relay: idle registrations",
      method:
        `${formatNumber(nodes)} nodes, each with its own connection and key, that do nothing but keep it alive; ` +
        `processor time of the relay's process over ${
          KEEP_ALIVE_MS / 1_000
        } s. Nodes of ours have the kernel ask after ` +
        `${KERNEL_MS / 1_000} s without a byte, and say PING every ${
          SELDOM_MS / 60_000
        } minutes. Plain nodes of v1 say PING every ` +
        `${KEEP_ALIVE_MS / 1_000} s, each answered with a signed PONG.`,
      table: compare("", [
        { what: "resident memory, MiB", ours: mib, floor: { of: "value", atMost: RESIDENT_MIB_MAX } },
        { what: "memory a registration, KiB", ours: [perNode], floor: { of: "value", atMost: KIB_PER_NODE_MAX } },
        { what: "share of a core, %", ours: [kept.percent], floor: { of: "value", atMost: CORE_PERCENT_MAX } },
        { what: "share of a core, %, plain nodes of v1", ours: [pinged.percent] },
      ]),
    };
  } finally {
    client.kill("SIGKILL");
    await relay.stop();
  }
}

async function measureIdle(pid: number): Promise<{ readonly percent: number; readonly mib: number[] }> {
  const meter = new ProcessorMeter(pid);
  meter.reset();
  const [startMs, mib]: [number, number[]] = [performance.now(), []];
  while (performance.now() - startMs < KEEP_ALIVE_MS) {
    await pause(1_000);
    mib.push(readMemory(pid).residentMib);
    meter.sampleMs();
  }
  return { percent: (meter.sampleMs() / (performance.now() - startMs)) * 100, mib };
}
