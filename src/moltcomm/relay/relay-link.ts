/**
 * One connection to the relay: what is read of it, what waits to be written to it, and why it is not read now.
 *
 * It decides nothing: the relay's other parts do.
 *
 * @module
 */
import { joinBytes } from "../../join-bytes.ts";
import type { Connection, ConnectionHandler } from "../../runtime/port.ts";
import { remoteKeyOf } from "../remote-key.ts";
import type { PeerRecord } from "../wire/types.ts";
import type { AddressAccount } from "./addresses.ts";
import type { Budget } from "./allowance.ts";
import { KEEP_ALIVE_MS } from "./bounds.ts";
import type { Gap } from "./message-order.ts";
import type { PartialFrame } from "./partial-frame.ts";
import { standingAlone } from "./partial-frame.ts";

/** Whom a link tells of its events. */
export interface RelayLinkOwner {
  onData(link: RelayLink, data: Uint8Array): void;
  onDrain(link: RelayLink): void;
  onEnd(link: RelayLink): void;
  onClose(link: RelayLink): void;
}

/** Who registered on a link. */
export interface Registration {
  readonly nodeId: string;
  /** The node id as it stands in frames. */
  readonly idBytes: Uint8Array;
  /** When its `HELLO` was signed, by its own clock. */
  readonly helloTs: number;
  /** A `HELLO` of it on this connection named this relay: nobody can have heard that elsewhere. */
  readonly isNamed: boolean;
  /** Its record, unless that is too long to be kept. */
  readonly record: PeerRecord | undefined;
}

/** See the module's description. Times are monotonic milliseconds. */
export class RelayLink implements ConnectionHandler {
  readonly connection: Connection;
  readonly openedAtMs: number;
  readonly remoteKey: string;
  registration: Registration | undefined;
  /** Whether it may be reached by everybody, and not by members alone. */
  isMember = false;
  account: AddressAccount | undefined;
  budget: Budget | undefined;
  /** What has arrived of a frame. */
  partial: PartialFrame | undefined;
  partialSinceMs = 0;
  lastReadAtMs: number;
  /** It asks for signs of life itself. */
  hasPinged = false;
  /** The kernel looks whether its host is still there. */
  readonly isKept: boolean;
  /** Something was handed on to it since it last said something. */
  isSpokenTo = false;
  /** When it was asked for one, and said nothing since. */
  askedAtMs: number | undefined;
  /** Since when it takes nothing of what is queued, and how much that was. */
  untakenSinceMs: number | undefined;
  untakenBytes = 0;
  endedAtMs: number | undefined;
  /** Bytes of its queue that are counted in the sum of all. */
  countedBytes = 0;
  /** Links that are not read until this one takes what is queued. */
  waiting: Set<RelayLink> | undefined;
  /** It was waited for in vain: what comes for it is refused until it has taken everything. */
  isStalled = false;
  /** Its node keeps the order of its messages; see `IN_ORDER_WORD`. */
  keepsOrder = false;
  /** By node: where a message of it did not get there, so that those behind it are not to pass. */
  gaps: Map<string, Gap> | undefined;
  /** Who sent something to its node last, and when; and others before, with the last time of each. */
  lastSender: RelayLink | undefined;
  lastSentAtMs = 0;
  earlierSenders: Map<RelayLink, number> | undefined;
  /** Its place among all that are registered. */
  rosterIndex = -1;
  /** To whom its last frame went: most often the next one does, too. */
  lastRecipient: RelayLink | undefined;
  readonly #owner: RelayLinkOwner;
  #pending: Uint8Array[] = [];
  #behind: Uint8Array[] | undefined;
  #behindBytes = 0;
  #holds = 0;
  #isPaused = false;
  #isResuming = false;
  #state: "open" | "ending" | "closed" = "open";

  constructor(owner: RelayLinkOwner, init: { readonly connection: Connection; readonly nowMs: number }) {
    this.#owner = owner;
    this.connection = init.connection;
    this.openedAtMs = init.nowMs;
    this.lastReadAtMs = init.nowMs;
    this.remoteKey = remoteKeyOf(init.connection.remote.host);
    this.isKept = init.connection.keepAlive?.(KEEP_ALIVE_MS) === true;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** Whether something keeps it from being read. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Bytes that were written and not taken. */
  get bufferedBytes(): number {
    return this.#state === "closed" ? 0 : this.connection.bufferedBytes;
  }

  /** The same, and what waits for older frames to be handed over. */
  get queuedBytes(): number {
    return this.bufferedBytes + this.#behindBytes;
  }

  /** Whether `put` has put something that `flush` has not written. */
  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Puts bytes beside those that leave in the next write. They must not be changed afterwards. */
  put(bytes: Uint8Array): void {
    this.isSpokenTo = true;
    this.#pending.push(bytes);
  }

  /** Writes what was put. @returns whether the far end takes it as fast as it comes */
  flush(): boolean {
    const [first] = this.#pending;
    if (first === undefined) return true;
    // What the far end does not take at once stays: it should not keep alive what others were sent by the same read.
    const bytes = this.#pending.length === 1 ? standingAlone(first) : joinBytes(this.#pending);
    this.#pending = [];
    if (this.#behind === undefined) return this.write(bytes);
    this.#behind.push(bytes);
    this.#behindBytes += bytes.length;
    return false;
  }

  /** Older frames come first: what is flushed from now on waits for `letGo`. What is written at once does not. */
  holdBack(): void {
    this.#behind ??= [];
  }

  /** Writes what waited. @returns whether the far end takes it as fast as it comes */
  letGo(): boolean {
    const behind = this.#behind ?? [];
    this.#behind = undefined;
    this.#behindBytes = 0;
    return behind.length === 0 || this.write(joinBytes(behind));
  }

  /** Writes at once. @returns whether the far end takes it as fast as it comes */
  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return true;
    return this.connection.write(bytes);
  }

  /** Keeps it from being read until `release` was called as often. */
  hold(): void {
    this.#holds++;
    // Resuming hands over what was read meanwhile, and must be over before the connection is paused again.
    if (this.#isPaused || this.#isResuming || this.#state !== "open") return;
    this.#isPaused = true;
    this.connection.pause();
  }

  release(): void {
    this.#holds--;
    if (this.#holds > 0 || !this.#isPaused || this.#isResuming || this.#state !== "open") return;
    this.#isPaused = false;
    this.#isResuming = true;
    this.connection.resume();
    this.#isResuming = false;
    if (this.#holds === 0 || !this.isOpen) return;
    this.#isPaused = true;
    this.connection.pause();
  }

  /** Takes no more, sends what is queued, then FIN. */
  end(nowMs: number): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.endedAtMs = nowMs;
    // A paused socket would not tell that the far end has ended too.
    if (this.#isPaused) this.connection.resume();
    this.#isPaused = false;
    this.connection.end();
  }

  /** Gives the connection up at once. */
  drop(): void {
    if (this.#state === "closed") return;
    this.#close();
    this.connection.destroy();
  }

  onData(data: Uint8Array): void {
    if (this.#state === "open") this.#owner.onData(this, data);
  }

  onDrain(): void {
    this.#owner.onDrain(this);
  }

  onEnd(): void {
    this.#owner.onEnd(this);
  }

  onClose(): void {
    if (this.#state !== "closed") this.#close();
  }

  #close(): void {
    this.#state = "closed";
    this.#pending = [];
    this.#behind = undefined;
    this.#behindBytes = 0;
    this.#owner.onClose(this);
    this.partial = undefined;
    this.lastRecipient = undefined;
  }
}
