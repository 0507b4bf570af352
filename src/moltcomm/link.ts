/**
 * One TCP connection to another node, and what is known of its far end.
 *
 * A link reads, corks what is written, and keeps its own accounts; what a message means is decided elsewhere, because every check is on
 * the message and none on the socket. Source: MoltComm v1, sections 2 and 5.
 *
 * @module
 */
import { joinBytes } from "../join-bytes.ts";
import type { Connection, ConnectionHandler } from "../runtime/port.ts";
import { FRAMES_PER_WRITE, UNTAKEN_BYTES_MAX } from "./bounds.ts";
import { remoteKeyOf } from "./remote-key.ts";
import type { Keeper } from "./types.ts";
import { FrameReader } from "./wire/mod.ts";
import type { PeerRecord } from "./wire/types.ts";

/** Who opened the connection. */
export type LinkOrigin = "accepted" | "dialled";

/** Where a link stands with its work: waiting for bytes, in the queue for a turn, or kept from it by its rate or its bounds. */
export type LinkWork = "none" | "queued" | "resting" | "held";

/** Whom a link tells of its events. */
export interface LinkOwner {
  onReadable(link: Link): void;
  onDrained(link: Link): void;
  onCorked(link: Link): void;
  /** Called once, when the connection is gone or was given up. */
  onClosed(link: Link): void;
}

/** The first message of a sender that was refused on this link. */
export interface RefusedInOrder {
  readonly id: string;
  /** Its place among all messages. */
  readonly arrival: number;
  readonly refusedAtMs: number;
  /** Messages that the sender signed before this were under way when it was refused: Unix milliseconds, by the sender's clock. */
  readonly signedBeforeMs: number;
}

/** What is kept of a link whose far end is a relay, which stands for many nodes. */
export interface RelaySide {
  /** `relay://HOST:PORT`, as it was dialled. */
  readonly address: string;
  /** Its identity was known before it was dialled, from a manifest. */
  readonly isPinned: boolean;
  /** We are to be found there: our record names it. */
  isRegistration: boolean;
  /** Once it has said that it keeps messages of ours: by that name they are known to be there, as long as this connection lasts. */
  keeper?: Keeper;
  /** Nodes that are reached through it, the one longest unused first, and when each was last. */
  readonly reached: Map<string, number>;
}

/** What a link is made from. Times are monotonic milliseconds. */
export interface LinkInit {
  readonly origin: LinkOrigin;
  readonly nowMs: number;
  readonly maxFrameBytes: number;
  /** Frames that may be read at once. */
  readonly paceBurst: number;
  /** How many times as fast as others it is read; default 1. */
  readonly paceFactor?: number;
  /** The far end is a relay. */
  readonly relay?: RelaySide | undefined;
}

/** See the module's description. */
export class Link implements ConnectionHandler {
  readonly origin: LinkOrigin;
  readonly openedAtMs: number;
  readonly paceFactor: number;
  /** Present where the far end is a relay: `peerId` is the relay's then, and what comes may be anybody's. */
  readonly relay: RelaySide | undefined;
  /** Under which its address is counted; empty until it is open. */
  remoteKey = "";
  /** The node that shook hands on it first. */
  peerId: string | undefined;
  /** The node answered our own `HELLO`, so what is sent here reaches it. Source: MoltComm v1, section 11, readings 5 and 6. */
  isProven = false;
  /** A bootstrap's, or one to a relay where we are to be found: it is not closed for want of use. */
  isKept = false;
  agent: string | undefined;
  /** The addresses in the record of ours that was told on it last. */
  toldAddresses: string | undefined;
  record: PeerRecord | undefined;
  /** When the last whole frame came; `undefined` before the first. */
  lastFrameAtMs: number | undefined;
  /** When mail or a question last went over it. */
  usedAtMs: number;
  /** When the frame that is not whole yet began to arrive. */
  partialSinceMs: number | undefined;
  /** When it was last asked for a sign of life without an answer so far. */
  askedAtMs: number | undefined;
  /** Since when the peer takes nothing of what is queued, and how much that was. */
  untakenSinceMs: number | undefined;
  untakenBytes = 0;
  endedAtMs: number | undefined;
  /** Frames it may still read now; below 0 after a long one. */
  tokens: number;
  filledAtMs: number;
  work: LinkWork = "none";
  /** Messages of it that are being written to the inbox, and their bytes. */
  deliveries = 0;
  deliveryBytes = 0;
  /** Our questions that went over it and are not answered. */
  owed = 0;
  /** Since when it has owed answers without a pause. */
  owedSinceMs = 0;
  /** By sender; none on most links. */
  refusedInOrder: Map<string, RefusedInOrder> | undefined;
  /** Bytes of it that count against the bound of all links. */
  countedBytes = 0;
  /** The peer will send no more. */
  isFinished = false;
  /** Frames that were given to be sent. */
  framesSent = 0;
  readonly #owner: LinkOwner;
  readonly #maxFrameBytes: number;
  #connection: Connection | undefined;
  #reader: FrameReader | undefined;
  #cork: Uint8Array[] = [];
  #isPaused = false;
  #isResuming = false;
  #wantsPause = false;
  #isBackedUp = false;
  #state: "open" | "ending" | "closed" = "open";

  constructor(owner: LinkOwner, init: LinkInit) {
    this.#owner = owner;
    this.origin = init.origin;
    this.openedAtMs = init.nowMs;
    this.usedAtMs = init.nowMs;
    this.paceFactor = init.paceFactor ?? 1;
    this.relay = init.relay;
    this.tokens = init.paceBurst * this.paceFactor;
    this.filledAtMs = init.nowMs;
    this.#maxFrameBytes = init.maxFrameBytes;
  }

  /** From now on it can be written to. What arrived before waits. */
  open(connection: Connection): void {
    this.#connection = connection;
    this.remoteKey = remoteKeyOf(connection.remote.host);
    if (this.#state === "closed") connection.destroy();
    else if (this.bufferedBytes > 0 || this.isFinished) this.#owner.onReadable(this);
  }

  /** Whether it is open and takes frames, both ways. */
  get isOpen(): boolean {
    return this.#state === "open" && this.#connection !== undefined;
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The far end as text, for logs. */
  get remote(): string {
    const remote = this.#connection?.remote;
    return remote === undefined ? "" : `${remote.host}:${remote.port}`;
  }

  get bufferedBytes(): number {
    return this.#reader?.bufferedBytes ?? 0;
  }

  /** Whether the peer has so many answers to take that it gets no further ones. */
  get isChoked(): boolean {
    return this.#isBackedUp && (this.#connection?.bufferedBytes ?? 0) > UNTAKEN_BYTES_MAX;
  }

  /** Bytes queued for the peer and not taken. */
  get queuedBytes(): number {
    return this.#isBackedUp ? this.#connection?.bufferedBytes ?? 0 : 0;
  }

  /** The next whole frame. @throws `FRAME_TOO_LARGE` */
  nextFrame(): Uint8Array | undefined {
    return this.#reader?.next();
  }

  /** Queues a frame. Frames of one turn leave in one write. @returns whether it will be sent */
  send(frame: Uint8Array): boolean {
    if (!this.isOpen) return false;
    this.framesSent++;
    if (this.#cork.length === 0) this.#owner.onCorked(this);
    this.#cork.push(frame);
    if (this.#cork.length >= FRAMES_PER_WRITE) this.flush();
    return true;
  }

  /** Writes what is corked. */
  flush(): void {
    const first = this.#cork[0];
    if (first === undefined) return;
    const bytes = this.#cork.length === 1 ? first : joinBytes(this.#cork);
    this.#cork.length = 0;
    if (this.#state !== "open" || this.#connection === undefined) return;
    if (!this.#connection.write(bytes)) this.#isBackedUp = true;
  }

  pause(): void {
    // Resuming may hand over what was read meanwhile, and that may be too much again: the order of the two calls must stay.
    this.#wantsPause = this.#isResuming;
    if (this.#isPaused || this.#isResuming || this.#connection === undefined) return;
    this.#isPaused = true;
    this.#connection.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isResuming || this.#connection === undefined) return;
    this.#isPaused = false;
    this.#isResuming = true;
    this.#connection.resume();
    this.#isResuming = false;
    if (this.#wantsPause) this.pause();
  }

  /** Takes no more, sends what is queued, then FIN. */
  end(nowMs: number): void {
    if (this.#state !== "open") return;
    this.flush();
    this.#state = "ending";
    this.endedAtMs = nowMs;
    // A paused socket would not tell that the peer has ended too.
    this.resume();
    this.#connection?.end();
  }

  /** Gives the connection up at once. */
  drop(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#letGo();
    this.#connection?.destroy();
    this.#owner.onClosed(this);
  }

  onData(data: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#reader ??= new FrameReader({ maxFrameBytes: this.#maxFrameBytes });
    this.#reader.push(data);
    if (this.#connection !== undefined) this.#owner.onReadable(this);
  }

  onDrain(): void {
    this.#isBackedUp = false;
    this.untakenSinceMs = undefined;
    this.#owner.onDrained(this);
  }

  onEnd(): void {
    this.isFinished = true;
    if (this.#state === "open" && this.#connection !== undefined) this.#owner.onReadable(this);
  }

  onClose(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#letGo();
    this.#owner.onClosed(this);
  }

  #letGo(): void {
    this.#reader = undefined;
    this.#cork.length = 0;
    this.refusedInOrder = undefined;
  }
}
