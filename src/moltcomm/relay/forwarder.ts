/**
 * From what arrives on one connection to what leaves on others: frames are cut, looked at, and handed on as they came.
 *
 * A frame is handed on once it is whole. Begun earlier, it would keep a recipient's connection from everybody else for as long as its
 * sender likes; and where it belongs is not sure before its end, since of a `to` that stands twice the last one counts. Within one read
 * frames for one recipient that follow each other stay one piece of what was read, and each recipient gets one write.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import type { Budget } from "./allowance.ts";
import type { Answers } from "./answers.ts";
import { UNUSUAL_BYTES_PER_FRAME, UNUSUAL_FRAME_COST } from "./bounds.ts";
import { Counts, type RefusalReason } from "./counts.ts";
import { EnvelopeScanner } from "./envelope-scanner.ts";
import type { Mailbox } from "./mailbox/mod.ts";
import type { MessageOrder } from "./message-order.ts";
import { LENGTH_BYTES, PartialFrame, readLength } from "./partial-frame.ts";
import type { Queues } from "./queues.ts";
import { readEnvelope } from "./read-envelope.ts";
import type { RelayLink } from "./relay-link.ts";
import type { RelayVoice } from "./relay-voice.ts";
import type { Rests } from "./rests.ts";
import type { Roster } from "./roster.ts";

/** What the forwarder works with. */
export interface ForwarderComponents {
  readonly answers: Answers;
  /** The budget in all. */
  readonly budget: Budget;
  readonly clock: Clock;
  readonly counts: Counts;
  /** Takes frames for nodes that are away. */
  readonly mailbox: Pick<Mailbox, "take"> | undefined;
  readonly order: MessageOrder;
  readonly queues: Queues;
  readonly rests: Rests;
  readonly roster: Roster;
  readonly voice: RelayVoice;
  /** A frame longer than allowed was announced: nothing after it can be read. */
  readonly tooLarge: (link: RelayLink) => void;
  /** The bytes of frames that are not whole have changed by so many. */
  readonly partialChanged: (byBytes: number) => void;
}

const DETAILS: Readonly<Partial<Record<RefusalReason, string>>> = {
  bad_frame: "the frame is not one JSON object in UTF-8 with from, t and to",
  foreign_sender: "this connection is registered for another node",
  to_itself: "to is the sender",
  not_a_member: "neither from nor to is a member of this relay",
  unreachable: "to has no connection here",
  recipient_slow: "to does not read what is sent to it",
  out_of_order: "an earlier message for to did not get there, and is to come first",
  queues_full: "too much waits for others",
};

const decoder = new TextDecoder();

/** See the module's description. */
export class Forwarder {
  readonly #components: ForwarderComponents;
  readonly #maxFrameBytes: number;
  readonly #nodeId: string;
  readonly #ownIdBytes: Uint8Array;
  readonly #scanner = new EnvelopeScanner();
  /** Recipients of what is being taken. */
  readonly #recipients: RelayLink[] = [];
  /** Frames that follow each other, for one recipient, and are not put to it yet. */
  #run: RelayLink | undefined;
  #runStart = 0;
  #runEnd = 0;
  /** What the frames of this read cost. */
  #cost = 0;

  constructor(
    components: ForwarderComponents,
    init: { readonly maxFrameBytes: number; readonly nodeId: string },
  ) {
    this.#components = components;
    this.#maxFrameBytes = init.maxFrameBytes;
    this.#nodeId = init.nodeId;
    this.#ownIdBytes = new TextEncoder().encode(init.nodeId);
  }

  /** Takes what arrived on a link. */
  take(link: RelayLink, chunk: Uint8Array): void {
    const { clock, counts } = this.#components;
    const nowMs = clock.monotonicMs();
    link.lastReadAtMs = nowMs;
    link.askedAtMs = undefined;
    link.isSpokenTo = false;
    counts.receivedBytes += chunk.length;
    this.#cost = 0;
    try {
      const rest = link.partial === undefined ? chunk : this.#complete(link, link.partial, chunk);
      if (rest !== undefined) this.#cut(link, rest, nowMs);
    } finally {
      this.#flush(link, nowMs);
    }
    if (link.isOpen) this.#pace(link, nowMs, chunk.length);
  }

  /** Adds to a frame that was not whole. @returns what follows it, if anything does */
  #complete(link: RelayLink, partial: PartialFrame, chunk: Uint8Array): Uint8Array | undefined {
    let at = 0;
    // The length may be cut as well: what is missing is known in two steps then.
    while (partial.missingBytes > 0 && at < chunk.length) {
      const part = chunk.subarray(at, at + partial.missingBytes);
      partial.add(part);
      at += part.length;
      this.#components.partialChanged(part.length);
      if (partial.bytes === LENGTH_BYTES && this.#isTooLarge(link, partial.bodyBytes)) return undefined;
    }
    if (partial.missingBytes > 0) return undefined;
    this.#components.partialChanged(-partial.bytes);
    link.partial = undefined;
    const frame = partial.join();
    this.#frame(link, frame, 0, frame.length);
    this.#endRun(frame);
    return link.isOpen && at < chunk.length ? chunk.subarray(at) : undefined;
  }

  #cut(link: RelayLink, bytes: Uint8Array, nowMs: number): void {
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const bodyBytes = readLength(bytes, at);
      if (this.#isTooLarge(link, bodyBytes)) break;
      const end = at + LENGTH_BYTES + bodyBytes;
      if (end > bytes.length) break;
      this.#frame(link, bytes, at, end);
      at = end;
      if (!link.isOpen) break;
    }
    this.#endRun(bytes);
    if (!link.isOpen || at === bytes.length) return;
    link.partial = new PartialFrame();
    link.partialSinceMs = nowMs;
    const rest = bytes.subarray(at);
    link.partial.add(rest);
    this.#components.partialChanged(rest.length);
  }

  #isTooLarge(link: RelayLink, bodyBytes: number): boolean {
    if (bodyBytes <= this.#maxFrameBytes) return false;
    this.#components.tooLarge(link);
    return true;
  }

  #frame(link: RelayLink, bytes: Uint8Array, start: number, end: number): void {
    this.#components.counts.receivedFrames++;
    this.#cost++;
    const scanner = this.#scanner;
    if (!scanner.scan(bytes, start + LENGTH_BYTES, end)) return this.#unusual(link, bytes, start, end);
    const { registration } = link;
    if (registration !== undefined && !equals(bytes, scanner.fromStart, scanner.fromEnd, registration.idBytes)) {
      return this.#refuse(link, "foreign_sender", bytes, start, end);
    }
    const { toStart, toEnd } = scanner;
    if (toStart < 0 || toStart === toEnd || equals(bytes, toStart, toEnd, this.#ownIdBytes)) {
      return this.#components.answers.receive(link, bytes.subarray(start + LENGTH_BYTES, end));
    }
    let recipient = link.lastRecipient;
    const known = recipient?.registration;
    if (known === undefined || !equals(bytes, toStart, toEnd, known.idBytes)) {
      recipient = this.#components.roster.get(decoder.decode(bytes.subarray(toStart, toEnd)));
      link.lastRecipient = recipient;
    }
    if (recipient === undefined) {
      return this.#away(link, decoder.decode(bytes.subarray(toStart, toEnd)), bytes, start, end);
    }
    this.#forward(link, recipient, bytes, start, end);
  }

  /** A frame that the scanner leaves to the full parse. */
  #unusual(link: RelayLink, bytes: Uint8Array, start: number, end: number): void {
    const { answers, counts, roster, voice } = this.#components;
    counts.unusualFrames++;
    this.#cost += UNUSUAL_FRAME_COST + Math.floor((end - start) / UNUSUAL_BYTES_PER_FRAME);
    const body = bytes.subarray(start + LENGTH_BYTES, end);
    const envelope = readEnvelope(body);
    if (envelope === undefined) return void voice.refuse(link, "bad_frame", DETAILS.bad_frame ?? "", undefined);
    const { to, from } = envelope;
    if (link.registration !== undefined && link.registration.nodeId !== from) {
      return this.#refuse(link, "foreign_sender", bytes, start, end);
    }
    if (to === "" || to === this.#nodeId) return answers.receive(link, body);
    const recipient = roster.get(to);
    if (recipient === undefined) return this.#away(link, to, bytes, start, end);
    this.#forward(link, recipient, bytes, start, end);
  }

  /** A frame for a node that has no connection here. */
  #away(link: RelayLink, to: string, bytes: Uint8Array, start: number, end: number): void {
    const { mailbox } = this.#components;
    if (link.gaps !== undefined && this.#isOutOfOrder(link, to, bytes, start, end)) {
      return this.#refuse(link, "out_of_order", bytes, start, end);
    }
    if (mailbox === undefined) return this.#refuse(link, "unreachable", bytes, start, end);
    mailbox.take(link, to, bytes.subarray(start, end));
  }

  #forward(link: RelayLink, recipient: RelayLink, bytes: Uint8Array, start: number, end: number): void {
    const to = link.gaps === undefined ? undefined : recipient.registration?.nodeId;
    const isOutOfOrder = to !== undefined && this.#isOutOfOrder(link, to, bytes, start, end);
    const reason = isOutOfOrder ? "out_of_order" : this.#whyNot(link, recipient);
    if (reason !== undefined) return this.#refuse(link, reason, bytes, start, end);
    const { counts } = this.#components;
    counts.forwardedFrames++;
    counts.forwardedBytes += end - start;
    if (this.#run === recipient && this.#runEnd === start) {
      this.#runEnd = end;
      return;
    }
    this.#endRun(bytes);
    this.#run = recipient;
    this.#runStart = start;
    this.#runEnd = end;
  }

  #whyNot(link: RelayLink, recipient: RelayLink): RefusalReason | undefined {
    if (recipient === link) return "to_itself";
    // A node that is no member reaches members, and is answered by them.
    if (!recipient.isMember && !link.isMember) return "not_a_member";
    return this.#components.queues.whyNot(recipient);
  }

  #isOutOfOrder(link: RelayLink, to: string, bytes: Uint8Array, start: number, end: number): boolean {
    const envelope = () => readEnvelope(bytes.subarray(start + LENGTH_BYTES, end));
    return this.#components.order.isOutOfOrder(link, to, envelope);
  }

  #refuse(link: RelayLink, reason: RefusalReason, bytes: Uint8Array, start: number, end: number): void {
    const envelope = readEnvelope(bytes.subarray(start + LENGTH_BYTES, end));
    const { order, voice } = this.#components;
    const isTold = voice.refuse(link, reason, DETAILS[reason] ?? reason, envelope);
    // What is never handed on holds nothing back.
    if (envelope === undefined || reason === "foreign_sender" || reason === "to_itself") return;
    order.refused(link, envelope, { reason, isTold });
  }

  #endRun(bytes: Uint8Array): void {
    const recipient = this.#run;
    if (recipient === undefined) return;
    this.#run = undefined;
    if (!recipient.isPending) this.#recipients.push(recipient);
    recipient.put(bytes.subarray(this.#runStart, this.#runEnd));
  }

  /** A write for each recipient. */
  #flush(sender: RelayLink, nowMs: number): void {
    this.#run = undefined;
    for (const recipient of this.#recipients) {
      this.#components.order.handedOn(sender, recipient, nowMs);
      if (!recipient.flush()) this.#components.queues.notTaken(recipient, sender);
    }
    this.#recipients.length = 0;
  }

  /** Whoever sends faster than allowed is not read for a while. */
  #pace(link: RelayLink, nowMs: number, bytes: number): void {
    const { budget, counts, rests } = this.#components;
    const restMs = Math.max(
      link.budget?.spend(nowMs, this.#cost, bytes) ?? 0,
      link.account?.budget.spend(nowMs, this.#cost, bytes) ?? 0,
      budget.spend(nowMs, this.#cost, bytes),
    );
    if (restMs === 0) return;
    Counts.add(counts.pauses, "rate");
    link.hold();
    rests.add(restMs, () => link.release());
  }
}

function equals(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  if (end - start !== other.length) return false;
  for (let index = 0; index < other.length; index++) if (bytes[start + index] !== other[index]) return false;
  return true;
}
