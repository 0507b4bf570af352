/** What sealing costs, directly and over a relay: the same conversation in plain, sealed, and sealed over a relay, in turn. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { MESSAGE_BYTES } from "./mail-sizes.ts";
import { type Carried, carry, type Conversation } from "./mail-throughput.ts";
import { RelaySide } from "./relay-side.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const IN_FLIGHT = [512, 64] as const;
const RELAY_RATIO_MIN = 0.8;
const TIMEOUT_MS = 12_000;

interface Round {
  readonly plain: Carried;
  readonly sealed: Carried;
  readonly relayed: Carried;
}

export async function benchSealed(workshop: Workshop): Promise<Section> {
  const rounds = workshop.quick ? 2 : 5;
  const messages = workshop.quick ? 20_000 : 40_000;
  const byInFlight = new Map<number, Round[]>(IN_FLIGHT.map((inFlight) => [inFlight, []]));
  for (let round = 1; round <= rounds; round++) {
    progress(`mail, sealed: round ${round} of ${rounds}`);
    for (const inFlight of IN_FLIGHT) {
      byInFlight.get(inFlight)?.push(await runRound(workshop, { inFlight, messages, timeoutMs: TIMEOUT_MS }));
    }
  }
  const rows = [...byInFlight].flatMap(([inFlight, all]) => describe(inFlight, all));
  return {
    name: "mail-sealed",
    title: "Mail: sealed, and over a relay",
    method: `Messages of ${MESSAGE_BYTES} bytes from one agent to another on this host, durable, ` +
      `${rounds} rounds of each kind in turn. ` +
      "Over a relay: neither agent is dialled by the other, a third process on the same cores hands their frames on. " +
      "The baseline is the same conversation, direct and in plain.",
    table: compare("direct, in plain", rows),
  };
}

async function runRound(
  workshop: Workshop,
  init: Pick<Conversation, "inFlight" | "messages" | "timeoutMs">,
): Promise<Round> {
  const { folder } = workshop.spot("mail");
  const talk = (more: Pick<Conversation, "environment" | "relay">) =>
    carry({ ...init, ...more, words: [workshop.binary], folder: join(folder, "sealed") });
  const plain = await talk({ environment: { BARNACLE_MOLTCOMM_SEALING: "off" } });
  const sealed = await talk({ environment: { BARNACLE_MOLTCOMM_SEALING: "auto" } });
  const relayFolder = join(folder, "sealed-relay");
  const relay = await RelaySide.start([workshop.binary], relayFolder);
  try {
    const way = { address: `relay://127.0.0.1:${relay.port}`, pid: relay.pid };
    const relayed = await talk({ environment: { BARNACLE_MOLTCOMM_SEALING: "auto" }, relay: way });
    return { plain, sealed, relayed };
  } finally {
    await relay.stop();
    rmSync(relayFolder, { recursive: true });
  }
}

function describe(inFlight: number, rounds: readonly Round[]): Row[] {
  const baseline = (pick: (carried: Carried) => number) => rounds.map(({ plain }) => pick(plain));
  const rate = ({ messagesPerSecond }: Carried) => messagesPerSecond;
  const sender = ({ senderUsPerMessage }: Carried) => senderUsPerMessage;
  const receiver = ({ receiverUsPerMessage }: Carried) => receiverUsPerMessage;
  const row = (what: string, kind: "sealed" | "relayed", pick: (carried: Carried) => number): Row => ({
    what: `${what}, ${inFlight} in flight`,
    ours: rounds.map((round) => pick(round[kind])),
    baseline: baseline(pick),
  });
  return [
    row("messages/s, sealed", "sealed", rate),
    {
      ...row("messages/s, sealed, over a relay", "relayed", rate),
      floor: { of: "ratio", atLeast: RELAY_RATIO_MIN },
    },
    row("sender's processor time a message, µs, sealed", "sealed", sender),
    row("receiver's, sealed", "sealed", receiver),
  ];
}
