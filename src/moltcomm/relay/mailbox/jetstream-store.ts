/**
 * Frames kept in a NATS JetStream stream, which many relays share.
 *
 * A frame's subject is `STREAM.frame.NODE.MESSAGE`, of which the stream keeps the newest: so a further attempt replaces the one before it,
 * whichever relay it came to. A second stream has a message for each node that has a box. What the server bounds by itself are the frames
 * and bytes in all, and their age; a box is counted here, anew every so often, since other relays add to it and take from it.
 *
 * @module
 */
import { encodeBase64Url } from "../../../contract/mod.ts";
import { BarnacleError } from "../../../errors.ts";
import type { Logger } from "../../../log/mod.ts";
import type { Clock, Crypto, Nats, NatsConnection, NatsOptions, Random } from "../../../runtime/port.ts";
import {
  BOX_COUNTED_MS,
  KEEPING_BYTES_MAX,
  NATS_RETRY_MS,
  NODE_ABSENT_MS,
  OLDEST_TRIES_MAX,
  REMOVAL_PAUSE_MS,
  SEEN_STEP_MS,
} from "./bounds.ts";
import { JetStream } from "./jetstream-api.ts";
import { ensureStreams } from "./jetstream-streams.ts";
import { USE_THE_MAILBOX, whyAway } from "./nats-away.ts";
import { remember } from "./recent.ts";
import type { FrameStore, FrameStoreView, KeepOutcome, KeptFrame, MailboxLimits, NewFrame, NotKept } from "./types.ts";

/** What the store works with. */
export interface JetStreamStoreComponents {
  readonly clock: Clock;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly log: Logger;
  readonly nats: Nats;
  readonly random: Pick<Random, "uuid">;
}

/** Where it keeps, and how much. */
export interface JetStreamStoreInit {
  readonly server: Omit<NatsOptions, "onChange">;
  readonly stream: string;
  readonly replicas: number;
  readonly limits: MailboxLimits;
}

/** A box, as far as this relay knows. Never less than there is, but for what others put into it since it was counted. */
interface Box {
  frames: number;
  bytes: number;
  countedAtMs: number;
  /** Somebody counts it or makes room in it: others wait, in order. */
  busy: Promise<void> | undefined;
}

/** Frames of a node on their way out. */
interface Removal {
  upTo: number;
  ended: Promise<void>;
}

interface Reader {
  readonly name: string;
  /** Everything up to here was read. */
  after: number;
}

const PROBLEM = "relay_mailbox_nats";
const NODE_ID_PREFIX = "ed25519:";

/** See the module's description. */
export class JetStreamStore implements FrameStore {
  readonly #components: JetStreamStoreComponents;
  readonly #init: JetStreamStoreInit;
  readonly #boxes = new Map<string, Box>();
  /** When a node was last noted to be here, and until when one is known to have no box. */
  readonly #seenMs = new Map<string, number>();
  readonly #absentUntilMs = new Map<string, number>();
  readonly #readers = new Map<string, Reader>();
  readonly #removals = new Map<string, Removal>();
  #connection: NatsConnection | undefined;
  #frames: JetStream | undefined;
  #nodes: JetStream | undefined;
  #isWorking = false;
  #isStopped = false;
  #keepingBytes = 0;
  #view = { frames: 0, bytes: 0, nodes: 0 };
  #listener: (nodeId: string | undefined) => void = () => undefined;

  constructor(components: JetStreamStoreComponents, init: JetStreamStoreInit) {
    this.#components = components;
    this.#init = init;
  }

  get isWorking(): boolean {
    return this.#isWorking && this.#connection?.isConnected === true;
  }

  get view(): FrameStoreView {
    return this.#view;
  }

  /** Begins to connect: a relay relays, whether its mailbox can be reached or not. */
  start(): Promise<void> {
    const { server, stream } = this.#init;
    const connection = this.#components.nats.connect({
      ...server,
      onChange: (isConnected, why) => this.#changed(isConnected, why),
    });
    this.#connection = connection;
    this.#frames = new JetStream(connection, stream);
    this.#nodes = new JetStream(connection, `${stream}_NODES`);
    connection.subscribe(`${stream}.kept.*.*`, ({ subject }) => {
      this.#listener(NODE_ID_PREFIX + (subject.split(".")[2] ?? ""));
    });
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isWorking = false;
    await this.#connection?.close();
  }

  async admit(nodeId: string, mayBeNew: boolean): Promise<boolean> {
    const nodes = this.#working(this.#nodes);
    const subject = this.#nodeSubject(nodeId);
    const nowMs = this.#components.clock.wallMs();
    const seenMs = this.#seenMs.get(nodeId) ?? await nodes.lastAtMs(subject);
    if (seenMs === undefined && !mayBeNew) return false;
    if (seenMs === undefined || Math.abs(nowMs - seenMs) >= SEEN_STEP_MS) {
      if (await nodes.publish(subject, "") === undefined) return seenMs !== undefined;
      remember(this.#seenMs, nodeId, nowMs);
    } else remember(this.#seenMs, nodeId, seenMs);
    this.#absentUntilMs.delete(nodeId);
    return true;
  }

  whyNot(bytes: number): NotKept | undefined {
    const { bytesMax, bytesPerNode } = this.#init.limits;
    if (bytes > Math.min(bytesPerNode, bytesMax)) return "mailbox_too_large";
    return this.#keepingBytes + bytes > KEEPING_BYTES_MAX ? "mailbox_busy" : undefined;
  }

  async keep(frame: NewFrame, mayBeNew: boolean): Promise<KeepOutcome> {
    const { length } = frame.bytes;
    const reason = this.whyNot(length);
    if (reason !== undefined) return { isKept: false, reason };
    this.#keepingBytes += length;
    try {
      const box = this.#boxOf(frame.to);
      while (box.busy !== undefined) await box.busy;
      if (this.#isAbsent(frame.to)) return { isKept: false, reason: "unreachable" };
      return await this.#keepIn(box, frame, mayBeNew);
    } finally {
      this.#keepingBytes -= length;
    }
  }

  async read(nodeId: string, after: number, most: { frames: number; bytes: number }): Promise<KeptFrame[]> {
    const stream = this.#working(this.#frames);
    const subject = this.#boxSubject(nodeId);
    let reader = this.#readers.get(nodeId);
    this.#readers.delete(nodeId);
    if (reader?.after !== after) {
      // Most nodes come back to an empty box: that costs one question.
      if (await stream.next(subject, after + 1) === undefined) return [];
      reader = await this.#makeReader(subject, after + 1, false);
    }
    const frames = await this.#pull(reader.name, most);
    const last = frames.at(-1);
    if (last === undefined) {
      await stream.forget(reader.name);
      return [];
    }
    reader.after = last.place;
    // The server forgets it too when nobody comes back for more.
    remember(this.#readers, nodeId, reader);
    return frames;
  }

  async remove(nodeId: string, upTo: number): Promise<void> {
    this.#working(this.#frames);
    let removal = this.#removals.get(nodeId);
    if (removal === undefined) {
      removal = { upTo, ended: Promise.resolve() };
      this.#removals.set(nodeId, removal);
      removal.ended = this.#remove(nodeId, removal).finally(() => this.#removals.delete(nodeId));
    } else removal.upTo = Math.max(removal.upTo, upTo);
    await removal.ended;
  }

  /** The server lets go what is too old; what there is, is looked at. */
  async sweep(): Promise<number> {
    const { messages: frames, bytes } = await this.#working(this.#frames).state();
    const { messages: nodes } = await this.#working(this.#nodes).state();
    this.#view = { frames, bytes, nodes };
    return 0;
  }

  onNews(listener: (nodeId: string | undefined) => void): void {
    this.#listener = listener;
  }

  /** The server looks through all of a block for each, however little goes: so what is confirmed meanwhile goes with the next. */
  async #remove(nodeId: string, removal: Removal): Promise<void> {
    const { clock } = this.#components;
    for (let gone = 0; gone < removal.upTo;) {
      if (gone > 0) await new Promise<void>((resolve) => clock.setTimer(REMOVAL_PAUSE_MS, resolve));
      const { upTo } = removal;
      await this.#working(this.#frames).purge(this.#boxSubject(nodeId), upTo);
      gone = upTo;
    }
    // What is left is counted when it matters.
    const box = this.#boxes.get(nodeId);
    if (box !== undefined && box.busy === undefined) this.#boxes.delete(nodeId);
  }

  async #keepIn(box: Box, frame: NewFrame, mayBeNew: boolean): Promise<KeepOutcome> {
    const { bytes: { length }, to } = frame;
    const gaveWay: Uint8Array[] = [];
    let adding: Promise<boolean> | undefined;
    if (this.#isCounted(box) && this.#fits(box, length)) adding = this.#add(box, frame, gaveWay);
    else {
      await this.#alone(box, async () => {
        if (!this.#seenMs.has(to) && !await this.admit(to, mayBeNew)) {
          return remember(this.#absentUntilMs, to, this.#components.clock.monotonicMs() + NODE_ABSENT_MS);
        }
        await this.#makeRoom(box, to, length, gaveWay);
        // It is on its way before the next one may be.
        adding = this.#add(box, frame, gaveWay);
      });
    }
    if (adding === undefined) return { isKept: false, reason: "unreachable" };
    return await adding ? { isKept: true, gaveWay } : { isKept: false, reason: "mailbox_broken" };
  }

  async #add(box: Box, { bytes, from, id, to }: NewFrame, gaveWay: Uint8Array[]): Promise<boolean> {
    const stream = this.#working(this.#frames);
    box.frames++;
    box.bytes += bytes.length;
    const key = encodeBase64Url(this.#components.crypto.sha256(`${from}\0${id}`).subarray(0, 16));
    const subject = `${this.#init.stream}.frame.${to.slice(NODE_ID_PREFIX.length)}.${key}`;
    for (let tries = 0; tries < OLDEST_TRIES_MAX; tries++) {
      if (await stream.publish(subject, bytes) !== undefined) return true;
      await this.#letOldestGo(`${this.#init.stream}.frame.>`, gaveWay);
    }
    return false;
  }

  /** Does what others, who come later, wait for. */
  async #alone(box: Box, work: () => Promise<void>): Promise<void> {
    let end = (): void => undefined;
    box.busy = new Promise<void>((resolve) => end = resolve);
    try {
      await work();
    } finally {
      box.busy = undefined;
      end();
    }
  }

  async #makeRoom(box: Box, nodeId: string, bytes: number, gaveWay: Uint8Array[]): Promise<void> {
    const subject = this.#boxSubject(nodeId);
    const isFresh = this.#components.clock.monotonicMs() - box.countedAtMs < BOX_COUNTED_MS.full;
    if (!this.#isCounted(box) || !isFresh) await this.#count(box, subject);
    while (!this.#fits(box, bytes)) {
      const gone = await this.#letOldestGo(subject, gaveWay);
      if (gone === undefined) await this.#count(box, subject);
      if (gone === undefined && !this.#fits(box, bytes)) return;
      box.frames -= gone === undefined ? 0 : 1;
      box.bytes -= gone?.length ?? 0;
    }
  }

  async #letOldestGo(subject: string, gaveWay: Uint8Array[]): Promise<Uint8Array | undefined> {
    const stream = this.#working(this.#frames);
    const oldest = await stream.next(subject, 1);
    if (oldest === undefined) return undefined;
    await stream.delete(oldest.sequence);
    gaveWay.push(oldest.data);
    return oldest.data;
  }

  /** Counts a box by the headers of its frames, which tell their lengths. */
  async #count(box: Box, subject: string): Promise<void> {
    const stream = this.#working(this.#frames);
    let [frames, bytes] = [0, 0];
    if (await stream.next(subject, 1) !== undefined) {
      const { name } = await this.#makeReader(subject, 1, true);
      const most = { frames: this.#init.limits.framesPerNode + 1, bytes: 0 };
      await stream.pull(name, most, (message) => {
        frames++;
        bytes += Number(message.header("Nats-Msg-Size"));
      });
      await stream.forget(name);
    }
    box.frames = frames;
    box.bytes = bytes;
    box.countedAtMs = this.#components.clock.monotonicMs();
  }

  async #pull(name: string, most: { frames: number; bytes: number }): Promise<KeptFrame[]> {
    const stream = this.#working(this.#frames);
    const frames: KeptFrame[] = [];
    const take = ({ data: bytes }: { readonly data: Uint8Array }, place: number) => frames.push({ place, bytes });
    await stream.pull(name, most, take);
    // A frame that alone is longer than a batch.
    if (frames.length === 0) await stream.pull(name, { frames: 1, bytes: 0 }, take);
    return frames;
  }

  async #makeReader(subject: string, from: number, isHeadersOnly: boolean): Promise<Reader> {
    const name = this.#components.random.uuid();
    await this.#working(this.#frames).consume(name, { subject, from, isHeadersOnly });
    return { name, after: from - 1 };
  }

  #boxOf(nodeId: string): Box {
    const box = this.#boxes.get(nodeId) ?? { frames: 0, bytes: 0, countedAtMs: -Infinity, busy: undefined };
    remember(this.#boxes, nodeId, box);
    return box;
  }

  #isCounted(box: Box): boolean {
    return this.#components.clock.monotonicMs() - box.countedAtMs < BOX_COUNTED_MS.most;
  }

  #fits(box: Box, bytes: number): boolean {
    const { bytesPerNode, framesPerNode } = this.#init.limits;
    return box.frames < framesPerNode && box.bytes + bytes <= bytesPerNode;
  }

  #isAbsent(nodeId: string): boolean {
    return (this.#absentUntilMs.get(nodeId) ?? -Infinity) > this.#components.clock.monotonicMs();
  }

  #boxSubject(nodeId: string): string {
    return `${this.#init.stream}.frame.${nodeId.slice(NODE_ID_PREFIX.length)}.*`;
  }

  #nodeSubject(nodeId: string): string {
    return `${this.#init.stream}_NODES.${nodeId.slice(NODE_ID_PREFIX.length)}`;
  }

  #working(stream: JetStream | undefined): JetStream {
    if (stream !== undefined && this.isWorking) return stream;
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: USE_THE_MAILBOX,
      value: "no NATS server",
      hint: `one of ${this.#init.server.urls.join(", ")} must be reachable, with JetStream`,
      retryable: true,
    });
  }

  #changed(isConnected: boolean, why: Error | undefined): void {
    const { log } = this.#components;
    if (isConnected && why === undefined) {
      this.#prepare().catch((thrown: unknown) => this.#failed(thrown));
      return;
    }
    this.#isWorking &&= isConnected;
    this.#readers.clear();
    log.problem(PROBLEM, "error", "relay_mailbox_failed", { error: whyAway(why) });
  }

  async #prepare(): Promise<void> {
    if (this.#frames === undefined || this.#nodes === undefined) return;
    await ensureStreams({ frames: this.#frames, nodes: this.#nodes }, this.#init);
    if (this.#isStopped) return;
    this.#isWorking = true;
    await this.sweep();
    this.#components.log.resolve(PROBLEM, "relay_mailbox_recovered");
    this.#listener(undefined);
  }

  /** Such as a server without JetStream: it may have it later. */
  #failed(thrown: unknown): void {
    if (this.#isStopped) return;
    this.#components.log.problem(PROBLEM, "error", "relay_mailbox_failed", { error: thrown });
    this.#components.clock.setTimer(NATS_RETRY_MS, () => {
      if (this.#connection?.isConnected === true && !this.#isWorking) this.#changed(true, undefined);
    });
  }
}
