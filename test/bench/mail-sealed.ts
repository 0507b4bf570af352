/** What sealing costs, directly and over a relay: the same conversation in plain, sealed over a relay, and sealed, in turn. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { median } from "./figures.ts";
import { MESSAGE_BYTES } from "./mail-sizes.ts";
import { type Carried, carry, type Conversation } from "./mail-throughput.ts";
import { RelaySide } from "./relay-side.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const RELAY_RATIO_MIN = 0.8;
const TIMEOUT_MS = 12_000;

/** A round lies between two of the same in plain, of which its baseline is the mean: so what changes slowly meets both. */
interface Round {
  readonly before: Carried;
  readonly relayed: Carried;
  readonly sealed: Carried;
  readonly after: Carried;
}

/** @param inFlight messages under way at once */
export async function benchSealed(workshop: Workshop, inFlight: number): Promise<Section> {
  const count = workshop.quick ? 2 : 5;
  const messages = workshop.quick ? 20_000 : 40_000;
  const talk = talkOf(workshop, { inFlight, messages, timeoutMs: TIMEOUT_MS });
  const rounds: Round[] = [];
  let before = await talk("plain");
  while (rounds.length < count) {
    progress(`mail, sealed, ${inFlight} in flight: round ${rounds.length + 1} of ${count}`);
    const round = { before, relayed: await talk("relayed"), sealed: await talk("sealed"), after: await talk("plain") };
    rounds.push(round);
    before = round.after;
  }
  return {
    name: `mail-sealed-${inFlight}`,
    title: `Mail: sealed, and over a relay, ${inFlight} in flight`,
    method:
      `Messages of ${MESSAGE_BYTES} bytes from one agent to another on this host, durable, ${count} rounds of each kind in ` +
      "turn. Over a relay: neither agent is dialled by the other, a third process on the same cores hands their frames on. " +
      "The baseline is the same conversation, direct and in plain: the mean of the one before a round and the one after it. " +
      "Processor time: of all processes together.",
    table: compare("direct, in plain", describe(rounds)),
  };
}

function talkOf(workshop: Workshop, init: Pick<Conversation, "inFlight" | "messages" | "timeoutMs">) {
  const { folder } = workshop.spot("mail");
  const [words, relayFolder] = [[workshop.binary], join(folder, "sealed-relay")];
  return async (kind: "plain" | "sealed" | "relayed"): Promise<Carried> => {
    const environment = { BARNACLE_MOLTCOMM_SEALING: kind === "plain" ? "off" : "auto" };
    const conversation = { ...init, words, folder: join(folder, "sealed"), environment };
    if (kind !== "relayed") return await carry(conversation);
    const relay = await RelaySide.start(words, relayFolder);
    try {
      const way = { address: `relay://127.0.0.1:${relay.port}`, pid: relay.pid };
      return await carry({ ...conversation, relay: way });
    } finally {
      await relay.stop();
      rmSync(relayFolder, { recursive: true });
    }
  };
}

function describe(rounds: readonly Round[]): Row[] {
  const row = (what: string, kind: "sealed" | "relayed", pick: (carried: Carried) => number): Row => ({
    what,
    ours: rounds.map((round) => pick(round[kind])),
    baseline: rounds.map(({ before, after }) => median([pick(before), pick(after)])),
  });
  const rate = ({ messagesPerSecond }: Carried) => messagesPerSecond;
  const sum = ({ senderUsPerMessage, receiverUsPerMessage, relayUsPerMessage }: Carried) =>
    senderUsPerMessage + receiverUsPerMessage + (Number.isNaN(relayUsPerMessage) ? 0 : relayUsPerMessage);
  return [
    row("messages/s, sealed", "sealed", rate),
    { ...row("messages/s, sealed, over a relay", "relayed", rate), floor: { of: "ratio", atLeast: RELAY_RATIO_MIN } },
    row("processor time a message, µs, sealed", "sealed", sum),
    row("processor time a message, µs, sealed, over a relay", "relayed", sum),
    {
      what: "of it the relay's, µs",
      ours: rounds.map(({ relayed }) => relayed.relayUsPerMessage),
    },
  ];
}
