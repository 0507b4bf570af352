/**
 * Handing kept frames to one node that has registered, in order, before anything newer.
 *
 * What others send to the node meanwhile waits behind (`RelayLink.holdBack`). After each batch the node is asked for a `PONG`: the frames
 * before its `PING` leave the store only when it comes, since what was written to a connection may never be read. So a frame can come
 * twice, and the recipient's memory of what it took makes that once; none is lost, and over two connections, also of two relays, the
 * first of each frame's arrivals are in order.
 *
 * It begins once the node has shown that it speaks to this relay, and now: by a `HELLO` that names the relay, or by a `PONG` that it
 * signed.
 *
 * @module
 */
import { joinBytes } from "../../../join-bytes.ts";
import type { Clock, Random, Timer } from "../../../runtime/port.ts";
import { Counts } from "../counts.ts";
import type { MessageOrder } from "../message-order.ts";
import { LENGTH_BYTES } from "../partial-frame.ts";
import type { Queues } from "../queues.ts";
import { readEnvelope } from "../read-envelope.ts";
import type { RelayLink } from "../relay-link.ts";
import type { RelayVoice } from "../relay-voice.ts";
import type { Roster } from "../roster.ts";
import { BATCH, CROWDED_PAUSE_MS, PROOF_MS } from "./bounds.ts";
import type { FrameStore, KeptFrame } from "./types.ts";

/** What a hand-over works with. */
export interface HandoverComponents {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly order: Pick<MessageOrder, "handedOn">;
  readonly queues: Queues;
  readonly random: Pick<Random, "uuid">;
  readonly roster: Pick<Roster, "get">;
  readonly store: FrameStore;
  readonly voice: Pick<RelayVoice, "frame">;
  /** Resolves once nothing that arrived for the node is on its way into the store. */
  readonly settled: (nodeId: string) => Promise<void> | undefined;
}

/** Frames that were written and not confirmed. */
interface Batch {
  readonly nonce: string;
  readonly upTo: number;
}

/** See the module's description. One for each registered link, made at its registration. */
export class Handover {
  readonly #components: HandoverComponents;
  readonly #link: RelayLink;
  readonly #nodeId: string;
  readonly #unconfirmed: Batch[] = [];
  #handedUpTo = 0;
  #isRunning = false;
  #isAskedAgain = false;
  #isOwed = false;
  #isProven = false;
  #isAsking = false;
  /** The nonce of the `PING` whose `PONG` shows who is there. */
  #proof: string | undefined;
  #patience: Timer | undefined;
  #onDrain: (() => void) | undefined;

  constructor(components: HandoverComponents, link: RelayLink, nodeId: string) {
    this.#components = components;
    this.#link = link;
    this.#nodeId = nodeId;
  }

  /** Whether what others send to the node waits. */
  get isRunning(): boolean {
    return this.#isRunning || this.#isAsking;
  }

  /** The store failed: there may be more. */
  get isOwed(): boolean {
    return this.#isOwed;
  }

  /**
   * Hands over what is kept. While it does, a further call makes it look again at its end.
   *
   * @throws what the store throws; what waited behind has left then
   */
  async run(): Promise<void> {
    this.#isAskedAgain = true;
    if (this.#isRunning) return;
    if (!this.#isProven) return await this.#askForProof();
    this.#isRunning = true;
    this.#isOwed = true;
    this.#link.holdBack();
    try {
      while (this.#isAskedAgain && this.#link.isOpen) {
        this.#isAskedAgain = false;
        await this.#components.settled(this.#nodeId);
        while (await this.#next());
      }
      this.#isOwed = false;
    } finally {
      this.#isRunning = false;
      this.#letGo();
    }
  }

  /** Everything that was written has been taken. */
  drained(): void {
    this.#link.untakenSinceMs = undefined;
    this.#onDrain?.();
  }

  /** The link is gone. */
  closed(): void {
    this.#patience?.cancel();
    this.#onDrain?.();
  }

  /** The node is there: what is kept for it may be handed over. */
  prove(): void {
    this.#isProven = true;
    this.#isAsking = false;
    this.#proof = undefined;
    this.#patience?.cancel();
  }

  /** Whether the nonce is of a `PING` of ours that nobody has answered. */
  isAwaiting(nonce: string): boolean {
    return this.isProof(nonce) || this.#unconfirmed.some((batch) => batch.nonce === nonce);
  }

  isProof(nonce: string): boolean {
    return nonce === this.#proof;
  }

  /** The node has said that it read all before this `PING`. @returns whether it was one of ours */
  async confirmed(nonce: string): Promise<boolean> {
    const index = this.#unconfirmed.findIndex((batch) => batch.nonce === nonce);
    const batch = this.#unconfirmed[index];
    if (batch === undefined) return false;
    this.#unconfirmed.splice(0, index + 1);
    await this.#components.store.remove(this.#nodeId, batch.upTo);
    return true;
  }

  /**
   * Once, when there is something to hand over. What others send waits for the answer, but not for long: whoever gives none gets what is
   * new, and nothing that was kept.
   */
  async #askForProof(): Promise<void> {
    if (this.#isAsking || this.#proof !== undefined || !this.#link.isOpen) return;
    const { clock, queues, random, settled, store, voice } = this.#components;
    this.#isAsking = true;
    this.#isOwed = true;
    this.#link.holdBack();
    let isAsked = false;
    try {
      await settled(this.#nodeId);
      const [first] = await store.read(this.#nodeId, 0, BATCH);
      // Proven meanwhile, it is being handed over.
      if (this.#isProven || !this.#link.isOpen) return;
      this.#isOwed = false;
      if (first === undefined) return;
      isAsked = true;
      this.#proof = random.uuid();
      if (!this.#link.write(voice.frame("PING", this.#nodeId, { nonce: this.#proof }))) queues.notTaken(this.#link);
      this.#patience = clock.setTimer(PROOF_MS, () => this.#endAsking());
    } finally {
      if (!isAsked) this.#endAsking();
    }
  }

  #endAsking(): void {
    if (!this.#isAsking) return;
    this.#isAsking = false;
    this.#letGo();
  }

  /** One batch. @returns whether there may be more */
  async #next(): Promise<boolean> {
    const { clock, queues, store } = this.#components;
    while (queues.isCrowded && this.#link.isOpen) await pause(clock, CROWDED_PAUSE_MS);
    if (!this.#link.isOpen) return false;
    const frames = await store.read(this.#nodeId, this.#handedUpTo, BATCH);
    const last = frames.at(-1);
    if (last === undefined || !this.#link.isOpen) return false;
    this.#handedUpTo = last.place;
    this.#write(frames, last.place);
    await this.#taken();
    return this.#link.isOpen;
  }

  #write(frames: readonly KeptFrame[], upTo: number): void {
    const { counts, queues, random, voice } = this.#components;
    const nonce = random.uuid();
    const ping = voice.frame("PING", this.#nodeId, { nonce });
    this.#unconfirmed.push({ nonce, upTo });
    counts.handedOverFrames += frames.length;
    if (!this.#link.write(joinBytes([...frames.map(({ bytes }) => bytes), ping]))) queues.notTaken(this.#link);
    this.#noteSenders(frames);
  }

  /** Should the node's connection be lost now, what its senders send next must not come before what they had left here. */
  #noteSenders(frames: readonly KeptFrame[]): void {
    const { clock, order, roster } = this.#components;
    const senders = new Set(frames.map(({ bytes }) => readEnvelope(bytes.subarray(LENGTH_BYTES))?.from ?? ""));
    for (const nodeId of senders) {
      const sender = roster.get(nodeId);
      if (sender !== undefined) order.handedOn(sender, this.#link, clock.monotonicMs());
    }
  }

  /** Waits until the link has taken what was written, and lets others have their turn. */
  async #taken(): Promise<void> {
    const { clock } = this.#components;
    await new Promise<void>((resolve) => clock.nextTurn(resolve));
    while (this.#link.isOpen && this.#link.bufferedBytes > 0) {
      await new Promise<void>((resolve) => this.#onDrain = resolve);
      this.#onDrain = undefined;
    }
  }

  #letGo(): void {
    const { queues } = this.#components;
    if (!this.#link.letGo()) queues.notTaken(this.#link);
    else if (this.#link.queuedBytes === 0) queues.settled(this.#link);
  }
}

function pause(clock: Clock, durationMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(durationMs, resolve));
}
