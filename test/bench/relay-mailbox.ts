/** The relay's mailbox: how fast it keeps and hands over, in either store, and what a million kept frames cost in memory. */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Signer } from "../../src/moltcomm/wire/mod.ts";
import { NatsServer } from "../support/nats-server.ts";
import { formatNumber } from "./figures.ts";
import { brokerVersion, JETSTREAM, notInstalled } from "./mail-brokers.ts";
import { directFrame, helloFrame, makeSigner } from "./mail-stranger.ts";
import { readMemory } from "./process-counters.ts";
import { FRAME_BYTES } from "./relay-load.ts";
import { RelaySide } from "./relay-side.ts";
import { freePort } from "./servers.ts";
import { compare, type Row, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const PER_SECOND_MIN = 20_000;
const GROWN_MIB_MAX = 16;
const LENGTH_BYTES = 4;
const PATIENCE_MS = 60_000;
/** Frames that are sent before the relay has said that it keeps them. */
const AHEAD = 20_000;
const MARK = "0".repeat(36);

/** Bounds are for strangers; here everything is to be kept. */
const MAILBOX: Readonly<Record<string, string>> = {
  BARNACLE_RELAY_MAILBOX_ENABLED: "true",
  BARNACLE_RELAY_MAILBOX_FRAMES_PER_NODE: "10000000",
  BARNACLE_RELAY_MAILBOX_BYTES_PER_NODE: "100000000000",
  BARNACLE_RELAY_MAILBOX_FRAMES_MAX: "100000000",
  BARNACLE_RELAY_MAILBOX_BYTES_MAX: "2000000000",
};

interface Rates {
  readonly kept: number[];
  readonly handedOver: number[];
}

export async function benchRelayMailbox(workshop: Workshop): Promise<Section> {
  const frames = workshop.quick ? 5_000 : 50_000;
  const rounds = workshop.quick ? 2 : 4;
  const { folder } = workshop.spot("mail");
  const sqlite = await measure(workshop, join(folder, "mailbox-sqlite"), { frames, rounds });
  const hasNats = brokerVersion(JETSTREAM) !== undefined;
  const nats = hasNats ? await measureWithNats(workshop, join(folder, "mailbox-nats"), { frames, rounds }) : undefined;
  const most = workshop.quick ? 50_000 : 1_000_000;
  const [small = Number.NaN, large = Number.NaN] = await measureMemory(workshop, join(folder, "mailbox-memory"), [
    most / 10,
    most,
  ]);
  const floor = { of: "value", atLeast: PER_SECOND_MIN } as const;
  const rows: Row[] = [
    { what: "frames handed over a second; SQLite", ours: sqlite.handedOver, floor },
    ...(nats === undefined
      ? []
      : [{ what: "frames handed over a second; NATS JetStream", ours: nats.handedOver, floor }]),
    { what: "frames kept a second; SQLite", ours: sqlite.kept },
    ...(nats === undefined ? [] : [{ what: "frames kept a second; NATS JetStream", ours: nats.kept }]),
    { what: `resident memory at ${formatNumber(most / 10)} kept, MiB`, ours: [small] },
    {
      what: `grown at ${formatNumber(most)} kept, MiB`,
      ours: [large - small],
      floor: { of: "value", atMost: GROWN_MIB_MAX },
    },
  ];
  return {
    name: "relay-mailbox",
    title: "The relay: its mailbox",
    method:
      `${
        formatNumber(frames)
      } frames of ${FRAME_BYTES} bytes for one node that is away, then handed over to it at its HELLO, in ` +
      `each of ${rounds} rounds; the clock stops when the node has read the last one. Kept durably: each write is synced. ` +
      `Memory: of the relay, with so many kept in SQLite.${
        hasNats ? "" : ` NATS JetStream: ${notInstalled(JETSTREAM)}.`
      }`,
    table: compare("", rows),
  };
}

interface Plan {
  readonly frames: number;
  readonly rounds: number;
}

async function measureWithNats(workshop: Workshop, folder: string, plan: Plan): Promise<Rates> {
  const server = await NatsServer.start();
  try {
    return await measure(workshop, folder, plan, { BARNACLE_RELAY_MAILBOX_NATS_URLS: server.url });
  } finally {
    await server.clear();
  }
}

async function measure(
  workshop: Workshop,
  folder: string,
  { frames, rounds }: Plan,
  more: Readonly<Record<string, string>> = {},
): Promise<Rates> {
  const scene = await MailboxScene.start(workshop, folder, more);
  const rates: Rates = { kept: [], handedOver: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      progress(`relay mailbox: round ${round + 1} of ${rounds}`);
      rates.kept.push(await scene.fill(frames));
      rates.handedOver.push(await scene.collect(frames));
    }
  } finally {
    await scene.stop();
  }
  return rates;
}

async function measureMemory(workshop: Workshop, folder: string, sizes: readonly number[]): Promise<number[]> {
  const scene = await MailboxScene.start(workshop, folder, {});
  const residentMib: number[] = [];
  try {
    let kept = 0;
    for (const size of sizes) {
      progress(`relay mailbox: ${formatNumber(size)} frames kept`);
      await scene.fill(size - kept);
      kept = size;
      await pause(2_000);
      residentMib.push(readMemory(scene.pid).residentMib);
    }
  } finally {
    await scene.stop();
  }
  return residentMib;
}

/** A relay with a mailbox, a sender, and a node that comes and goes. */
class MailboxScene {
  readonly #relay: RelaySide;
  readonly #httpPort: number;
  readonly #recipient = makeSigner();
  readonly #sender = makeSigner();
  readonly #frame: Buffer;
  readonly #idAt: number;
  #writer: Socket | undefined;
  #sent = 0;

  private constructor(relay: RelaySide, httpPort: number) {
    this.#relay = relay;
    this.#httpPort = httpPort;
    const empty = directFrame(this.#sender, { to: this.#recipient.nodeId, id: MARK, msg: "" });
    const msg = "x".repeat(FRAME_BYTES - empty.length);
    this.#frame = Buffer.from(directFrame(this.#sender, { to: this.#recipient.nodeId, id: MARK, msg }));
    this.#idAt = this.#frame.indexOf(MARK);
  }

  static async start(
    workshop: Workshop,
    folder: string,
    more: Readonly<Record<string, string>>,
  ): Promise<MailboxScene> {
    mkdirSync(folder, { recursive: true });
    const httpPort = await freePort();
    const environment = { ...MAILBOX, ...more, BARNACLE_RELAY_HTTP_LISTEN: `127.0.0.1:${httpPort}` };
    const relay = await RelaySide.start([workshop.binary], join(folder, "relay"), environment);
    const scene = new MailboxScene(relay, httpPort);
    await scene.#until(async () => await scene.#gauge("mailbox_working") === 1);
    // It has a box from now on.
    (await scene.#register(scene.#recipient)).destroy();
    await scene.#until(async () => await scene.#gauge("registered") === 0);
    scene.#writer = await scene.#register(scene.#sender);
    return scene;
  }

  get pid(): number {
    return this.#relay.pid;
  }

  /** Sends frames until all are kept. @returns how many a second were */
  async fill(frames: number): Promise<number> {
    const before = await this.#gauge("mailbox_kept_frames_total");
    const startMs = performance.now();
    for (let sent = 0; sent < frames;) {
      const count = Math.min(1_000, frames - sent);
      this.#writer?.write(this.#batch(count));
      sent += count;
      await this.#until(async () => sent - (await this.#gauge("mailbox_kept_frames_total") - before) < AHEAD);
    }
    await this.#until(async () => await this.#gauge("mailbox_kept_frames_total") - before === frames);
    return frames / ((performance.now() - startMs) / 1_000);
  }

  /** Registers the node, and lets it go once it has everything. @returns how many a second came */
  async collect(frames: number): Promise<number> {
    const startMs = performance.now();
    let [came, lastMs] = [0, startMs];
    let rest: Buffer = Buffer.alloc(0);
    const socket = await this.#register(this.#recipient, (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      while (rest.length - at >= LENGTH_BYTES) {
        const end = at + LENGTH_BYTES + rest.readUInt32BE(at);
        if (end > rest.length) break;
        const frame = rest.subarray(at, end);
        if (frame.length === FRAME_BYTES && frame.includes('"t":"DIRECT"')) came++;
        else if (frame.includes('"t":"PING"')) this.#pong(socket, frame);
        at = end;
      }
      rest = rest.subarray(at);
      lastMs = performance.now();
    });
    await this.#until(() => Promise.resolve(came >= frames));
    const perSecond = frames / ((lastMs - startMs) / 1_000);
    await this.#until(async () => await this.#gauge("mailbox_handovers") === 0);
    await pause(1_000);
    socket.destroy();
    await this.#until(async () => await this.#gauge("registered") === 1);
    if (came !== frames) throw new Error(`Bench: ${came} frames came of ${frames}`);
    return perSecond;
  }

  async stop(): Promise<void> {
    this.#writer?.destroy();
    await this.#relay.stop();
  }

  #batch(count: number): Buffer {
    const batch = Buffer.alloc(count * FRAME_BYTES);
    for (let index = 0; index < count; index++) {
      this.#frame.copy(batch, index * FRAME_BYTES);
      batch.write(String(this.#sent++).padStart(MARK.length, "0"), index * FRAME_BYTES + this.#idAt, "latin1");
    }
    return batch;
  }

  #pong(socket: Socket, frame: Buffer): void {
    const { body: { nonce } } = JSON.parse(frame.toString("utf8", LENGTH_BYTES)) as { body: { nonce: string } };
    const to = this.#relay.nodeId;
    socket.write(this.#recipient.frame({ t: "PONG", id: randomUUID(), to, ts: Date.now(), body: { nonce } }));
  }

  async #register(signer: Signer, take: (chunk: Buffer) => void = () => undefined): Promise<Socket> {
    const { port, nodeId } = this.#relay;
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const answered = new Promise<void>((done, fail) => {
      socket.on("error", fail);
      socket.once("data", () => done());
    });
    socket.on("data", take);
    socket.write(helloFrame(signer, { to: nodeId, address: `relay://127.0.0.1:${port}` }));
    await answered;
    return socket;
  }

  async #gauge(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`)).text();
    return Number(text.split("\n").find((line) => line.startsWith(`barnacle_relay_${name} `))?.split(" ")[1]);
  }

  async #until(isSo: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (performance.now() > endMs) throw new Error("Bench: the relay's mailbox does not do what it should");
      await pause(2);
    }
  }
}
