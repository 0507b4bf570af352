/** One sender to one receiver: how many messages a second, and how long one takes alone. */
import { createReadStream, rmSync } from "node:fs";
import { median } from "./figures.ts";
import { rateOf, sliceRates, steadyMiddle, watchGrowth } from "./mail-growth.ts";
import { MailSide, UNLIMITED } from "./mail-side.ts";
import { inboxLineBytes } from "./mail-sizes.ts";
import { ProcessorMeter } from "./process-counters.ts";

const STALL_MS = 3_000;
const SLICE_MS = 50;
const PROBE_MS = 50;
/** The steady middle: by then the code that is hot has been compiled. */
const [MIDDLE_FROM, MIDDLE_TO] = [0.35, 0.92];
const NEWLINE = 10;

export interface Conversation {
  /** How Barnacle is run. */
  readonly words: readonly string[];
  /** Made for it, and removed afterwards. */
  readonly folder: string;
  readonly inFlight: number;
  /** Messages in the outbox before the sender starts. */
  readonly messages: number;
  readonly timeoutMs: number;
  /** What both sides' environment says beside. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The only way between them. */
  readonly relay?: { readonly address: string; readonly pid: number };
}

export interface Carried {
  readonly messagesPerSecond: number;
  /** Milliseconds a message took, the median of stretches of 50 ms. */
  readonly msPerMessage: number;
  /** Processor time, all threads, in the steady middle. */
  readonly senderUsPerMessage: number;
  readonly receiverUsPerMessage: number;
  /** NaN without a relay. */
  readonly relayUsPerMessage: number;
}

/** @throws Error when nothing arrives */
export async function carry(init: Conversation): Promise<Carried> {
  const { words, relay } = init;
  const environment = {
    ...UNLIMITED,
    BARNACLE_MOLTCOMM_IN_FLIGHT_PER_RECIPIENT: String(init.inFlight),
    // The bounds are of signatures alone; what sealing costs is measured beside.
    BARNACLE_MOLTCOMM_SEALING: "off",
    ...init.environment,
    ...(relay === undefined ? {} : { BARNACLE_MOLTCOMM_RELAYS: relay.address, BARNACLE_MOLTCOMM_REACHABLE: "no" }),
  };
  const receiver = await MailSide.make({ words, folder: `${init.folder}-receiver`, environment });
  const sender = await MailSide.make({
    words,
    folder: `${init.folder}-sender`,
    environment,
    ...(relay === undefined ? { peer: receiver } : {}),
  });
  if (relay !== undefined) sender.addContact(receiver.nodeId, relay.address);
  sender.writeOutbox(receiver.nodeId, { first: 0, count: init.messages });
  try {
    await receiver.start();
    await sender.start();
    const meters = [sender, receiver, ...relay === undefined ? [] : [relay]].map(({ pid }) => new ProcessorMeter(pid));
    const { samples, found } = await watchGrowth(receiver.inboxFile, {
      // A line is never shorter by more than the digits of its number.
      bytes: init.messages * (inboxLineBytes() - 5),
      timeoutMs: init.timeoutMs,
      stallMs: STALL_MS,
    }, {
      everyMs: PROBE_MS,
      ask: ({ bytes }) => ({ bytes, processorMs: meters.map((meter) => meter.sampleMs()) }),
    });
    const { lines, bytes } = await countLines(receiver.inboxFile);
    if (lines === 0) {
      throw new Error(
        `Bench: no message arrived. The sender:\n${sender.lastWords}\nThe receiver:\n${receiver.lastWords}`,
      );
    }
    const middle = steadyMiddle(samples, MIDDLE_FROM, MIDDLE_TO);
    const lineBytes = bytes / lines;
    const probes = steadyMiddle(found, MIDDLE_FROM, MIDDLE_TO);
    return {
      messagesPerSecond: rateOf(middle) / lineBytes,
      msPerMessage: 1_000 / (median(sliceRates(middle, SLICE_MS)) / lineBytes),
      senderUsPerMessage: usPerByte(probes, 0) * lineBytes,
      receiverUsPerMessage: usPerByte(probes, 1) * lineBytes,
      relayUsPerMessage: usPerByte(probes, 2) * lineBytes,
    };
  } finally {
    await Promise.all([sender.stop("SIGKILL"), receiver.stop("SIGKILL")]);
    for (const { folder } of [sender, receiver]) rmSync(folder, { recursive: true });
  }
}

interface Found {
  readonly bytes: number;
  /** The sender's, the receiver's, the relay's. */
  readonly processorMs: readonly number[];
}

function usPerByte(found: readonly Found[], side: number): number {
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined || first === last) return Number.NaN;
  const processorMs = (last.processorMs[side] ?? Number.NaN) - (first.processorMs[side] ?? Number.NaN);
  return (processorMs * 1_000) / (last.bytes - first.bytes);
}

async function countLines(file: string): Promise<{ lines: number; bytes: number }> {
  let [lines, bytes] = [0, 0];
  for await (const chunk of createReadStream(file)) {
    bytes += (chunk as Buffer).length;
    for (let at = (chunk as Buffer).indexOf(NEWLINE); at !== -1; at = (chunk as Buffer).indexOf(NEWLINE, at + 1)) {
      lines++;
    }
  }
  return { lines, bytes };
}
