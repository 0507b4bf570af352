/**
 * The way of a frame: shape, rates, signature, time, recipient, memory, and then whoever deals with its type.
 *
 * Each step can refuse, and leaves no trace that would refuse the message when it comes again. What an address may send is counted before
 * the signature is checked, what a sender may send only after everything about it was, so that nobody uses up another's share, neither by
 * forging nor by playing messages again. Source: MoltComm v1, sections 3, 5, 7 and 11; the project's design, "A message in".
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import type { RateLimiter } from "../rate-limiter.ts";
import type { Clock } from "../runtime/port.ts";
import { BUSY_AFTER_FRAMES, ID_CHARACTERS_MAX, TS_WINDOW_MS } from "./bounds.ts";
import type { Directs } from "./directs.ts";
import type { Gossip } from "./gossip.ts";
import type { Handshakes } from "./handshakes.ts";
import type { KeptMessages } from "./kept.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import { outcomeOfRelaysError } from "./outcomes.ts";
import type { Refusals } from "./refusals.ts";
import { type DialBack, hasMailbox } from "./relays/mod.ts";
import type { ReplayMemory } from "./replay-memory.ts";
import type { Request, Requests } from "./requests.ts";
import { isSealedText, type Sealing } from "./sealing/mod.ts";
import { Traffic } from "./traffic.ts";
import type { IncomingMail, KeptNews } from "./types.ts";
import type { Voice } from "./voice.ts";
import { type KeyBook, readMessage } from "./wire/mod.ts";
import type { Message, MessageOf, ProtocolErrorCode, Refused } from "./wire/types.ts";

type Answer =
  | MessageOf<"HELLO_ACK">
  | MessageOf<"PONG">
  | MessageOf<"PEERS_RES">
  | MessageOf<"ACK">
  | MessageOf<"ERROR">;
type Question = MessageOf<"HELLO"> | MessageOf<"PING"> | MessageOf<"PEERS"> | MessageOf<"DIRECT">;

/** What the reception works with. */
export interface ReceptionComponents {
  readonly clock: Clock;
  readonly dialBack: Pick<DialBack, "asked">;
  readonly directs: Directs;
  readonly gossip: Gossip;
  readonly handshakes: Handshakes;
  readonly incoming: Pick<IncomingMail, "isBlocked" | "reachMs">;
  readonly kept: Pick<KeptMessages, "newsIn" | "remove">;
  readonly keys: KeyBook;
  readonly links: Links;
  readonly log: Logger;
  /** By remote address. */
  readonly perAddress: RateLimiter;
  /** By node id. */
  readonly perSender: RateLimiter;
  readonly refusals: Refusals;
  readonly replay: ReplayMemory;
  readonly requests: Requests;
  readonly sealing: Pick<Sealing, "whyNotPlain">;
  readonly traffic: Traffic;
  readonly voice: Voice;
  /** Gives the link back what a frame took of its rate, or takes more. */
  readonly reading: { giveBack(link: Link): void; charge(link: Link, frames: number): void };
  /** Something is heard of a message that a relay kept. */
  readonly onKept: (news: KeptNews) => void;
  /** Called once, when so much mail has been read that more of it is to be expected. */
  readonly onBusy: () => void;
}

/** What a `HELLO` counts beside itself: a second signature to check, often of a key not read before, and one to make. */
const HELLO_FRAMES = 3;
const CLOCKS_DIFFER = "moltcomm_clock";

/** See the module's description. */
export class Reception {
  readonly #components: ReceptionComponents;
  #mailFrames = 0;

  constructor(components: ReceptionComponents) {
    this.#components = components;
  }

  /** Takes one whole frame. */
  receive(link: Link, frame: Uint8Array): void {
    const { traffic } = this.#components;
    const read = readMessage(frame);
    if ("refused" in read) {
      traffic.framesIn.OTHER++;
      this.#refuseFrame(link, frame, read.refused);
      return;
    }
    const { message } = read;
    traffic.framesIn[message.t]++;
    if (message.t === "DIRECT" || message.t === "ACK") this.#countMail();
    switch (message.t) {
      case "HELLO":
      case "PING":
      case "PEERS":
      case "DIRECT":
        this.#question(link, message, frame.length);
        break;
      default:
        this.#answer(link, message);
    }
  }

  #countMail(): void {
    this.#mailFrames++;
    if (this.#mailFrames === BUSY_AFTER_FRAMES) this.#components.onBusy();
  }

  #refuseFrame(link: Link, frame: Uint8Array, refused: Refused): void {
    const { perAddress, refusals } = this.#components;
    const { code, detail, id: ref, from } = refused;
    // Two nodes that do not understand each other's errors would go on for ever.
    const isToBeAnswered = !isErrorOrAck(frame) && (link.relay !== undefined || perAddress.take(link.remoteKey) === 0);
    if (isToBeAnswered) refusals.refuseUnproven(link, { code, detail, ref, from });
    else refusals.note(link, { code, detail, ref, from });
  }

  #question(link: Link, message: Question, frameBytes: number): void {
    const wrong = this.#beforeTheSignature(link, message) ?? this.#afterTheSignature(link, message);
    if (wrong === "handled") return;
    if (wrong !== undefined) {
      this.#components.refusals.refuse(link, { ...wrong, ref: message.id, from: message.from });
      return;
    }
    const { directs, gossip, handshakes, replay, voice } = this.#components;
    switch (message.t) {
      case "DIRECT":
        directs.cameAgain(link, message);
        directs.receive(link, message, frameBytes);
        return;
      case "HELLO":
        handshakes.receive(link, message);
        break;
      case "PING":
        voice.say(link, "PONG", message.from, { nonce: message.body.nonce });
        this.#components.dialBack.asked(link, message);
        break;
      case "PEERS":
        gossip.receive(link, message);
        break;
    }
    replay.add(message.from, message.id);
  }

  /** What costs nothing comes first. */
  #beforeTheSignature(link: Link, message: Question): Wrong {
    const { directs, incoming, perAddress, sealing } = this.#components;
    if (message.id.length > ID_CHARACTERS_MAX) {
      // Not repeated in the answer: it would cost more than the question.
      const detail = `id has more than ${ID_CHARACTERS_MAX} characters`;
      this.#components.refusals.refuse(link, { code: "BAD_FRAME", detail, from: message.from });
      return "handled";
    }
    // A relay's address stands for everybody's who writes to us: its link has a pace of its own, and nobody is refused for the others.
    if (link.relay === undefined && perAddress.take(link.remoteKey) > 0) return this.#tooManyOfAddress(link, message);
    if (message.t === "HELLO") this.#components.reading.charge(link, HELLO_FRAMES);
    if (message.t !== "DIRECT") return undefined;
    if (incoming.isBlocked(message.from)) return wrong("UNSUPPORTED", "messages of this sender are not taken");
    const whyNotPlain = sealing.whyNotPlain();
    if (whyNotPlain !== undefined && !isSealedText(message.body.msg)) return wrong("UNSUPPORTED", whyNotPlain);
    return directs.isOutOfOrder(link, message)
      ? wrong("RATE_LIMIT", "an earlier message was refused and is to come first")
      : undefined;
  }

  #afterTheSignature(link: Link, message: Question): Wrong {
    const { handshakes, keys, links, perSender, refusals, replay, voice } = this.#components;
    const { from, id, to, ts } = message;
    if (!keys.verify(message)) {
      const detail = "the key, the sender or the signature does not hold";
      refusals.refuseUnproven(link, { code: "BAD_SIG", detail, ref: id, from });
      return "handled";
    }
    if (!this.#isTimely(ts) && !this.#wasKept(link, message)) {
      return this.#refuseForNow(link, message, "BAD_TS", "ts is more than 10 minutes off our clock");
    }
    if (to !== undefined && to !== voice.nodeId) return wrong("NOT_FOR_ME", "to is another node");
    if (this.#isEcho(link, message)) return "handled";
    if (from === voice.nodeId && link.relay !== undefined) {
      // Whoever plays our own messages back to us over a relay must not cost us the relay.
      refusals.note(link, { code: "NOT_FOR_ME", detail: "our own message came back over a relay", from });
      return "handled";
    }
    if (from === voice.nodeId) {
      handshakes.heardOurselves(id);
      links.close(link, "own_identity");
      return "handled";
    }
    if (message.t !== "DIRECT" && replay.has(from, id)) return wrong("REPLAY", "it was seen before");
    if (perSender.take(from) === 0) return undefined;
    return this.#refuseForNow(link, message, "RATE_LIMIT", "too many messages from this sender");
  }

  /**
   * Before the signature is checked only the node that shook hands on this link is taken at its word: anybody can claim to be the sender of
   * the messages that are to be refused from now on.
   */
  #tooManyOfAddress(link: Link, message: Question): Wrong {
    const detail = "too many frames from this address";
    if (message.from !== link.peerId) return wrong("RATE_LIMIT", detail);
    return this.#refuseForNow(link, message, "RATE_LIMIT", detail);
  }

  /**
   * A relay that we know of old may have kept a message, for as long as we would know it again. Source: MoltComm v1,
   * section 11, reading 11.
   */
  #wasKept(link: Link, { t, ts }: Question): boolean {
    if (t !== "DIRECT" || !hasMailbox(link)) return false;
    const { clock, incoming } = this.#components;
    const ageMs = clock.wallMs() - ts;
    return ageMs > 0 && ageMs <= incoming.reachMs;
  }

  /** A `PING` to ourselves that we sent over this link has come back: the relay at its far end passes on what is for us. */
  #isEcho(link: Link, message: Question): boolean {
    const { reading, requests, voice } = this.#components;
    if (message.t !== "PING" || message.from !== voice.nodeId || link.relay === undefined) return false;
    const request = ofKind(requests.get(message.body.nonce), "PING");
    if (request?.link !== link || request.to !== voice.nodeId) return false;
    reading.giveBack(link);
    requests.remove(request);
    request.answered(message);
    return true;
  }

  /** A `DIRECT` may come again, so those behind it have to wait. */
  #refuseForNow(link: Link, message: Question, code: ProtocolErrorCode, detail: string): Wrong {
    if (code === "BAD_TS") this.#noteClock(message);
    if (message.t !== "DIRECT") return wrong(code, detail);
    this.#components.directs.refuse(link, message, { code, detail });
    return "handled";
  }

  /** Only what we asked for, from whom we asked, signed, and addressed to us. Source: MoltComm v1, section 11, reading 4. */
  #answer(link: Link, answer: Answer): void {
    const { handshakes, kept, keys, reading, refusals, replay, requests, traffic, voice } = this.#components;
    const request = this.#requestOf(link, answer);
    const news = request === undefined && isAddressed(answer, voice.nodeId) ? kept.newsIn(link, answer) : undefined;
    if (news !== undefined) return this.#late(link, answer, news);
    if (request === undefined || !isAddressed(answer, voice.nodeId)) {
      return Traffic.count(traffic.strayAnswers, answer.t);
    }
    const isFromOther = request.to !== undefined && request.to !== answer.from;
    const isRelaysWord = isFromOther && isOfRelay(link, request, answer);
    if (isFromOther && !isRelaysWord && (request.kind !== "HELLO" || request.isThrough === true)) {
      return Traffic.count(traffic.strayAnswers, answer.t);
    }
    // That the clocks differ is said with a clock that differs; it makes an attempt fail, and no more.
    const saysClocksDiffer = answer.t === "ERROR" && answer.body.code === "BAD_TS";
    if (!saysClocksDiffer && !this.#isTimely(answer.ts)) {
      this.#noteClock(answer);
      return refusals.note(link, { code: "BAD_TS", detail: `ts of an ${answer.t}`, from: answer.from });
    }
    if (!keys.verify(answer)) return refusals.note(link, { code: "BAD_SIG", detail: `of an ${answer.t}` });
    if (answer.t === "HELLO_ACK") {
      if (replay.has(answer.from, answer.id)) return refusals.note(link, { code: "REPLAY", detail: "of a HELLO_ACK" });
      replay.add(answer.from, answer.id);
    }
    if (saysClocksDiffer) this.#noteClock(answer);
    reading.giveBack(link);
    if (isFromOther && !isRelaysWord) return handshakes.answeredBy(link, answer.from);
    requests.remove(request);
    // It settles nothing: the attempt failed, and the next may go another way.
    if (isRelaysWord && answer.t === "ERROR") return request.failed(outcomeOfRelaysError(answer.body));
    request.answered(answer);
  }

  /** An answer about a message that a relay kept. */
  #late(link: Link, answer: Answer, news: KeptNews): void {
    const { kept, keys, onKept, reading, refusals } = this.#components;
    const { from, t, ts } = answer;
    if (!this.#isTimely(ts)) return refusals.note(link, { code: "BAD_TS", detail: `ts of a late ${t}`, from });
    if (!keys.verify(answer)) return refusals.note(link, { code: "BAD_SIG", detail: `of a late ${t}` });
    reading.giveBack(link);
    kept.remove(news.id);
    onKept(news);
  }

  #requestOf(link: Link, answer: Answer): Request | undefined {
    const { handshakes, requests } = this.#components;
    switch (answer.t) {
      case "HELLO_ACK":
        return answer.id.length > ID_CHARACTERS_MAX ? undefined : handshakes.openOn(link, answer.from);
      case "PONG":
        return ofKind(requests.get(answer.body.nonce), "PING");
      case "PEERS_RES":
        return ofKind(requests.get(answer.body.ref), "PEERS");
      case "ACK":
        return ofKind(requests.get(answer.body.ref), "DIRECT");
      case "ERROR":
        return answer.body.ref === undefined ? undefined : requests.get(answer.body.ref);
    }
  }

  #isTimely(ts: number): boolean {
    return Math.abs(this.#components.clock.wallMs() - ts) <= TS_WINDOW_MS;
  }

  #noteClock({ from, ts }: Message): void {
    const offMs = ts - this.#components.clock.wallMs();
    const message =
      "The clocks of this host and of a peer differ by more than 10 minutes: no message passes between them";
    this.#components.log.problem(CLOCKS_DIFFER, "warn", "clocks_differ", { message, from, ahead_ms: offMs });
  }
}

/** Why a message is refused; `handled` when that was done already. */
type Wrong = { readonly code: ProtocolErrorCode; readonly detail: string } | "handled" | undefined;

function wrong(code: ProtocolErrorCode, detail: string): Wrong {
  return { code, detail };
}

function ofKind(request: Request | undefined, kind: Request["kind"]): Request | undefined {
  return request?.kind === kind ? request : undefined;
}

/** The relay over which a question went says why it did not pass it on. Source: MoltComm v1, section 11, reading 7. */
function isOfRelay(link: Link, request: Request, answer: Answer): boolean {
  const { relay, peerId } = link;
  const isToRelay = request.kind === "HELLO" && request.isThrough !== true;
  if (answer.t !== "ERROR" || relay === undefined || request.link !== link || isToRelay) return false;
  // Of a relay that never said who it is, anybody could say so: it makes an attempt fail, and no more.
  return peerId === undefined ? answer.body.code === "UNREACHABLE" : answer.from === peerId;
}

/** What settles a message must name us; to the others the reference is address enough. */
function isAddressed(answer: Answer, nodeId: string): boolean {
  if (answer.to === nodeId) return true;
  return answer.to === undefined && answer.t !== "ACK" && answer.t !== "ERROR";
}

/** Whether a frame that cannot be read as a message is an `ERROR` or `ACK` all the same. */
function isErrorOrAck(frame: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(frame));
    if (typeof value !== "object" || value === null || !("t" in value)) return false;
    return value.t === "ERROR" || value.t === "ACK";
  } catch {
    return false;
  }
}
