/** The relay: how fast it hands on, beside brokers that do the same, and what it adds to a message's time. */
import { join } from "node:path";
import { brokerVersion, notInstalled } from "./mail-brokers.ts";
import { FORWARDING_BROKERS, withBroker } from "./relay-brokers.ts";
import { FRAME_BYTES, type LoadInit, type LoadResult, type Measured, RelayLoad } from "./relay-load.ts";
import { RelaySide } from "./relay-side.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const IN_FLIGHT = 64;
const PER_SECOND_MIN = 250_000;
const RATIO_MIN: Readonly<Record<string, number>> = { mqtt: 1.4, nats: 0.5 };
const ADDED_US_MAX = 90;

export async function benchRelay(workshop: Workshop): Promise<Section> {
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
