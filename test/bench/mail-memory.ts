/** What memory grows with: messages carried, peers known, connections held. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { formatNumber } from "./figures.ts";
import { sizeOf } from "./mail-growth.ts";
import { MailSide, UNLIMITED } from "./mail-side.ts";
import { inboxLineBytes } from "./mail-sizes.ts";
import { helloFrame, makeSigner, Stranger } from "./mail-stranger.ts";
import { readMemory } from "./process-counters.ts";
import { read } from "./servers.ts";
import { renderVerdict, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const MIB = 1_048_576;
const IN_FLIGHT = 512;
/** So many messages wait in the outbox at least, until all are written. */
const AHEAD = 25_000;
const LOOK_MS = 20;
/** How often memory is asked for, in the last part of the messages before each point. Lines with few digits are a little shorter. */
const ASK_MS = 200;
const [STRETCH_FROM, STRETCH_TO] = [0.8, 0.985];
const FLOW_TIMEOUT_MS = { quick: 50_000, full: 180_000 };
/** Of the memory of delivered messages, by design. Source: `mailbox.rememberedMax`. */
const BYTES_A_REMEMBERED_ID = 32;
/** What may come and go with the garbage of a running process. */
const NOISE_MIB = 16;
const PEERS = 10_000;
const PEERS_MIB_MAX = 60;
const CONNECTIONS = 1_000;
const KIB_A_CONNECTION_MAX = 40;
const SETTLE_MS = 4_000;

export async function benchMemory(workshop: Workshop): Promise<Section> {
  const messages = workshop.quick ? 60_000 : 1_000_000;
  const rows = [
    ...await carryAll(workshop, [messages / 10, messages / 2, messages]),
    ...await knowPeers(workshop),
    ...await holdConnections(workshop),
  ];
  return {
    name: "mail-memory",
    title: "Mail: memory",
    method:
      `Resident memory. ${
        messages.toLocaleString("en-US")
      } messages of one sender to one receiver, ${IN_FLIGHT} in flight, the outbox ` +
      `kept ${
        AHEAD.toLocaleString("en-US")
      } ahead; what grows by design is the receiver's memory of delivered messages, at most ` +
      `${BYTES_A_REMEMBERED_ID} bytes each. The lowest and the highest value in the last fifth before each point: the lowest is what is ` +
      "kept, the rest is garbage. Peers and connections: a fresh agent each, which strangers greet; the growth over its " +
      `memory before, ${SETTLE_MS / 1_000} s after the last.`,
    table: [["", "Barnacle", "floor", ""], ...rows],
  };
}

async function carryAll(workshop: Workshop, points: readonly number[]): Promise<string[][]> {
  const timeoutMs = workshop.quick ? FLOW_TIMEOUT_MS.quick : FLOW_TIMEOUT_MS.full;
  const folder = workshop.spot("mail").folder;
  const environment = { ...UNLIMITED, BARNACLE_MOLTCOMM_IN_FLIGHT_PER_RECIPIENT: String(IN_FLIGHT) };
  const words = [workshop.binary];
  const receiver = await MailSide.make({ words, folder: join(folder, "receiver"), environment });
  const sender = await MailSide.make({ words, folder: join(folder, "sender"), environment, peer: receiver });
  const messages = points.at(-1) ?? 0;
  const seen: Stretch[] = [];
  let stretch = { sender: [] as number[], receiver: [] as number[] };
  let askedAtMs = 0;
  progress(`mail: memory over ${messages} messages`);
  try {
    await receiver.start();
    await sender.start();
    const endMs = performance.now() + timeoutMs;
    for (let written = 0; seen.length < points.length && performance.now() < endMs; await pause(LOOK_MS)) {
      const arrived = Math.floor(sizeOf(receiver.inboxFile) / inboxLineBytes());
      if (written < messages && written - arrived < AHEAD) {
        const count = Math.min(AHEAD, messages - written);
        sender.writeOutbox(receiver.nodeId, { first: written, count });
        written += count;
      }
      const at = points[seen.length] ?? 0;
      if (arrived < at * STRETCH_FROM) continue;
      if (stretch.sender.length === 0 || performance.now() - askedAtMs >= ASK_MS) {
        stretch.sender.push(readMemory(sender.pid).residentMib);
        stretch.receiver.push(readMemory(receiver.pid).residentMib);
        askedAtMs = performance.now();
      }
      if (arrived < at * STRETCH_TO) continue;
      seen.push({ at, ...stretch });
      stretch = { sender: [], receiver: [] };
    }
  } finally {
    await Promise.all([sender.stop("SIGKILL"), receiver.stop("SIGKILL")]);
    rmSync(folder, { recursive: true });
  }
  return describeFlow({ points, seen, timeoutMs, isJudged: !workshop.quick });
}

/** Resident memory in the stretch of messages that ends at `at`, several times. */
interface Stretch {
  readonly at: number;
  readonly sender: readonly number[];
  readonly receiver: readonly number[];
}

function describeFlow({ points, seen, timeoutMs, isJudged }: {
  readonly points: readonly number[];
  readonly seen: readonly Stretch[];
  readonly timeoutMs: number;
  /** A short run only shows how a process fills its heap. */
  readonly isJudged: boolean;
}): string[][] {
  const rows = seen.flatMap(({ at, sender, receiver }) => {
    const after = `MiB, after ${at.toLocaleString("en-US")} messages`;
    return [[`receiver, ${after}`, renderStretch(receiver), "", ""], [
      `sender, ${after}`,
      renderStretch(sender),
      "",
      "",
    ]];
  });
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined || seen.length < points.length) {
    return [...rows, ["later points", `not reached within ${timeoutMs / 1_000} s`, "", "not measured"]];
  }
  const byDesign = ((last.at - first.at) * BYTES_A_REMEMBERED_ID) / MIB;
  const growth = (side: "sender" | "receiver") => Math.min(...last[side]) - Math.min(...first[side]);
  const floors = [
    floorRow("receiver's growth of the lowest from first to last, MiB", growth("receiver"), byDesign + NOISE_MIB),
    floorRow("sender's growth of the lowest from first to last, MiB", growth("sender"), NOISE_MIB),
  ];
  return [...rows, ...(isJudged ? floors : floors.map((row) => [...row.slice(0, -1), "full run only"]))];
}

function renderStretch(mib: readonly number[]): string {
  return `${formatNumber(Math.min(...mib))}–${formatNumber(Math.max(...mib))}`;
}

function floorRow(what: string, value: number, atMost: number): string[] {
  return [what, formatNumber(value), `≤ ${formatNumber(atMost)}`, renderVerdict({ of: "value", atMost }, [value])];
}

/** A fresh agent, greeted by strangers. @returns by how many MiB its memory grew */
async function growthMib(
  workshop: Workshop,
  greet: (agent: MailSide) => Promise<Stranger[]>,
): Promise<{ mib: number; peers: number }> {
  const folder = join(workshop.spot("mail").folder, "agent");
  const agent = await MailSide.make({ words: [workshop.binary], folder, environment: UNLIMITED });
  try {
    await agent.start();
    await pause(SETTLE_MS);
    const before = readMemory(agent.pid).residentMib;
    const strangers = await greet(agent);
    await pause(SETTLE_MS);
    const mib = readMemory(agent.pid).residentMib - before;
    if (strangers.some(({ isLost }) => isLost)) {
      throw new Error("Bench: the agent closed a connection that was to stay");
    }
    const peers = await readGauge(agent, 'barnacle_moltcomm_peers{state="known"}');
    strangers.forEach((stranger) => stranger.close());
    return { mib, peers };
  } finally {
    await agent.stop("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

async function knowPeers(workshop: Workshop): Promise<string[][]> {
  progress(`mail: ${PEERS} peers`);
  const { mib, peers } = await growthMib(workshop, async (agent) => {
    // They all come over one connection, as over a relay: what is counted is what is known of them.
    const stranger = await Stranger.open(agent.port);
    for (let peer = 0; peer < PEERS; peer++) {
      const address = `tcp://127.1.${peer >> 8}.${peer & 255}:9`;
      if (!stranger.write(helloFrame(makeSigner(), { to: agent.nodeId, address }))) await stranger.drained();
    }
    await stranger.answered("HELLO_ACK", PEERS);
    return [stranger];
  });
  return [
    floorRow(
      `${peers.toLocaleString("en-US")} peers known, MiB`,
      peers < PEERS * 0.99 ? Number.NaN : mib,
      PEERS_MIB_MAX,
    ),
  ];
}

async function holdConnections(workshop: Workshop): Promise<string[][]> {
  progress(`mail: ${CONNECTIONS} connections`);
  const { mib } = await growthMib(workshop, async (agent) => {
    const strangers: Stranger[] = [];
    for (let count = 0; count < CONNECTIONS; count++) {
      const stranger = await Stranger.open(agent.port);
      strangers.push(stranger);
      stranger.write(
        helloFrame(makeSigner(), { to: agent.nodeId, address: `tcp://127.2.${count >> 8}.${count & 255}:9` }),
      );
      await stranger.answered("HELLO_ACK", 1);
    }
    return strangers;
  });
  return [
    floorRow(
      `each of ${CONNECTIONS.toLocaleString("en-US")} idle connections, KiB`,
      (mib * 1_024) / CONNECTIONS,
      KIB_A_CONNECTION_MAX,
    ),
  ];
}

/** @param name with its labels */
async function readGauge(agent: MailSide, name: string): Promise<number> {
  const address = agent.event("listening", ({ role }) => role === "http")?.["address"];
  const port = typeof address === "string" ? Number(address.split(":").at(-1)) : 0;
  const text = await read(port, "/metrics");
  return Number(text.split("\n").find((line) => line.startsWith(`${name} `))?.split(" ").at(-1) ?? Number.NaN);
}
