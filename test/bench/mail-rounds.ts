/** Rounds in which our mail, what bounds it, and other brokers take turns. */
import { join } from "node:path";
import { formatFigures, formatNumber, median } from "./figures.ts";
import {
  type BrokerKind,
  brokerVersion,
  IN_FLIGHT,
  JETSTREAM,
  measureBroker,
  MOSQUITTO,
  notInstalled,
} from "./mail-brokers.ts";
import { type CryptoBound, describeFileSystem, MailFloor, SHARE_MIN } from "./mail-floor.ts";
import { MESSAGE_BYTES } from "./mail-sizes.ts";
import { type Carried, carry } from "./mail-throughput.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const MANY = 512;
const MANY_RATIO_MIN = 0.75;
const FEW_RATIO_MIN = 0.55;
const ALONE_RATIO_MAX = 1.5;
const MOSQUITTO_RATIO_MIN = 5;

/** All that one round measured; each beside its bound of the same moments. */
interface Round {
  readonly many: Carried;
  readonly manyBound: CryptoBound;
  readonly few: Carried;
  readonly fewBound: CryptoBound;
  readonly alone: Carried;
  readonly aloneParts: { readonly syncMs: number; readonly cryptoMs: number; readonly tripMs: number };
  /** Messages a second, by the broker's name. */
  readonly brokers: Readonly<Record<string, number>>;
}

interface Plan {
  readonly rounds: number;
  readonly messages: { readonly many: number; readonly few: number; readonly alone: number };
  readonly floorMs: number;
  readonly brokerMs: number;
  readonly timeoutMs: number;
}

const FULL: Plan = {
  rounds: 5,
  messages: { many: 80_000, few: 50_000, alone: 12_000 },
  floorMs: 1_000,
  brokerMs: 2_500,
  timeoutMs: 12_000,
};
const QUICK: Plan = {
  rounds: 2,
  messages: { many: 30_000, few: 20_000, alone: 1_500 },
  floorMs: 500,
  brokerMs: 1_000,
  timeoutMs: 8_000,
};

export async function benchSideBySide(workshop: Workshop): Promise<Section[]> {
  const plan = workshop.quick ? QUICK : FULL;
  const floor = new MailFloor([workshop.baseline("mail")], workshop.spot("mail").folder);
  const versions = new Map([MOSQUITTO, JETSTREAM].map((kind) => [kind, brokerVersion(kind)]));
  const rounds: Round[] = [];
  for (let round = 1; round <= plan.rounds; round++) {
    progress(`mail: round ${round} of ${plan.rounds}`);
    rounds.push(await runRound(workshop, { plan, floor, versions }));
  }
  const fileSystem = describeFileSystem(workshop.spot("mail").folder);
  const sections = [
    describeThroughput(rounds, fileSystem),
    describeAlone(rounds, { fileSystem, messages: plan.messages.alone }),
    describeBrokers(rounds, versions),
  ];
  const share = median(rounds.flatMap(({ manyBound, fewBound }) => [manyBound.share, fewBound.share]));
  return share < SHARE_MIN ? sections.map((section) => notJudged(section, share)) : sections;
}

async function runRound(
  workshop: Workshop,
  init: {
    readonly plan: Plan;
    readonly floor: MailFloor;
    readonly versions: ReadonlyMap<BrokerKind, string | undefined>;
  },
): Promise<Round> {
  const { plan: { messages, floorMs, brokerMs, timeoutMs }, floor, versions } = init;
  const { folder } = workshop.spot("mail");
  const conversation = (inFlight: number, count: number) =>
    carry({ words: [workshop.binary], folder: join(folder, `mail-${inFlight}`), inFlight, messages: count, timeoutMs });
  const manyBound = await floor.crypto(floorMs);
  const many = await conversation(MANY, messages.many);
  const fewBound = await floor.crypto(floorMs);
  const few = await conversation(IN_FLIGHT, messages.few);
  const brokers: Record<string, number> = {};
  for (const [kind, version] of versions) {
    if (version === undefined) continue;
    brokers[kind.name] = await measureBroker(kind, { folder: join(folder, kind.program), durationMs: brokerMs });
  }
  const aloneParts = {
    syncMs: await floor.syncMs(floorMs),
    cryptoMs: await floor.cryptoMs(floorMs),
    tripMs: await floor.tripMs(floorMs),
  };
  const alone = await conversation(1, messages.alone);
  return { many, manyBound, few, fewBound, alone, aloneParts, brokers };
}

/** Where others use the machine, a measurement and its bound get different shares of it: then no floor is called met. */
function notJudged(section: Section, share: number): Section {
  const [header = [], ...rows] = section.table;
  const judged = rows.map((
    row,
  ) => [...row.slice(0, -1), /^(?:met|MISSED)$/.test(row.at(-1) ?? "") ? "busy" : row.at(-1) ?? ""]);
  const why =
    ` OTHERS USED THIS MACHINE: the bound's processes got ${
      formatNumber(share * 100)
    } % of its cores. No floor is judged; ` +
    "processor times still compare, rates do not.";
  return { ...section, method: section.method + why, table: [header, ...judged] };
}

function describeThroughput(rounds: readonly Round[], fileSystem: string): Section {
  const rates = (
    inFlight: number,
    pick: (round: Round) => { readonly carried: Carried; readonly bound: CryptoBound },
    ratioMin: number,
  ): Row[] => {
    const picked = rounds.map(pick);
    const halfUs = picked.map(({ bound }) => bound.processorUs / 2);
    return [
      {
        what: `messages/s, ${inFlight} in flight`,
        ours: picked.map(({ carried }) => carried.messagesPerSecond),
        baseline: picked.map(({ bound }) => bound.messagesPerSecond),
        floor: { of: "ratio", atLeast: ratioMin },
      },
      {
        what: `sender's processor time a message, µs, ${inFlight} in flight`,
        ours: picked.map(({ carried }) => carried.senderUsPerMessage),
        baseline: halfUs,
      },
      {
        what: `receiver's, ${inFlight} in flight`,
        ours: picked.map(({ carried }) => carried.receiverUsPerMessage),
        baseline: halfUs,
      },
    ];
  };
  return {
    name: "mail-throughput",
    title: "Mail: one sender to one receiver",
    method:
      `Messages of ${MESSAGE_BYTES} bytes over loopback, signed both ways, each on the disk (${fileSystem}) before it is acknowledged; ` +
      `${rounds.length} rounds. The sender's outbox is filled before its start; the rate is that of the growth of the receiver's inbox ` +
      "in its steady middle; processor time is of the same stretch. The bound: what all cores of the machine do of two signatures and " +
      "two verifications of the sizes really signed, with keys read once; beside processor time, one signature and one verification.",
    table: compare("bound of the cryptography", [
      ...rates(MANY, ({ many: carried, manyBound: bound }) => ({ carried, bound }), MANY_RATIO_MIN),
      ...rates(IN_FLIGHT, ({ few: carried, fewBound: bound }) => ({ carried, bound }), FEW_RATIO_MIN),
    ]),
  };
}

function describeAlone(
  rounds: readonly Round[],
  { fileSystem, messages }: { readonly fileSystem: string; readonly messages: number },
): Section {
  const part = (name: keyof Round["aloneParts"]) => formatFigures(rounds.map(({ aloneParts }) => aloneParts[name]));
  return {
    name: "mail-alone",
    title: "Mail: one message at a time",
    method:
      `The next message leaves when the one before has been acknowledged; the steady middle of ${
        messages.toLocaleString("en-US")
      } messages. The bound is the sum of its parts, each measured alone: an ` +
      `append of an inbox line with its data sync (${fileSystem}), two signatures and two verifications, and a round trip of frames of ` +
      "these sizes between two processes over loopback.",
    table: [
      ...compare("sum of the parts", [{
        what: "time a message, ms",
        ours: rounds.map(({ alone }) => alone.msPerMessage),
        baseline: rounds.map(({ aloneParts: { syncMs, cryptoMs, tripMs } }) => syncMs + cryptoMs + tripMs),
        floor: { of: "ratio", atMost: ALONE_RATIO_MAX },
      }]),
      ["of it the data sync", "", part("syncMs"), "", "", ""],
      ["of it the cryptography", "", part("cryptoMs"), "", "", ""],
      ["of it the round trip", "", part("tripMs"), "", "", ""],
    ],
  };
}

function describeBrokers(rounds: readonly Round[], versions: ReadonlyMap<BrokerKind, string | undefined>): Section {
  const ours = rounds.map(({ few }) => few.messagesPerSecond);
  const rows = [...versions].map(([kind, version]) => {
    const floor = kind === MOSQUITTO ? { floor: { of: "ratio", atLeast: MOSQUITTO_RATIO_MIN } as const } : {};
    if (version === undefined) {
      return [
        `${kind.name}`,
        formatFigures(ours),
        notInstalled(kind),
        "",
        "floor" in floor ? `ratio ≥ ${MOSQUITTO_RATIO_MIN}` : "",
        "not measured",
      ];
    }
    const [, row = []] = compare("", [{
      what: `${kind.name} ${version}`,
      ours,
      baseline: rounds.map(({ brokers }) => brokers[kind.name] ?? Number.NaN),
      ...floor,
    }]);
    return row;
  });
  return {
    name: "mail-brokers",
    title: "Mail: side by side",
    method:
      `Messages/s, ${IN_FLIGHT} in flight until the broker and the receiver have both acknowledged, ${MESSAGE_BYTES} bytes, in the same ` +
      "rounds. Mosquitto: QoS 1, a persistent session, saving on every change, which syncs each time. NATS JetStream, for interest: file " +
      "storage, a durable consumer with explicit acknowledgement, its default sync: none per message. Neither signs anything.",
    table: [["", "Barnacle", "broker", "ratio", "floor", ""], ...rows],
  };
}
