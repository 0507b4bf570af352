/**
 * What is addressed to the relay itself: registering by `HELLO`, `PING`, `PEERS`. Source: MoltComm v1, sections 5 and 8; section 11,
 * reading 6.
 *
 * @module
 */
import type { Clock } from "../../runtime/port.ts";
import { IN_ORDER_WORD, wordsOf } from "../agent-words.ts";
import type { ReplayMemory } from "../replay-memory.ts";
import { type KeyBook, readMessage } from "../wire/mod.ts";
import type { Message, MessageOf, PeerRecord } from "../wire/types.ts";
import {
  ANSWER_UNITS,
  HEARD_LATELY_MS,
  HELLO_UNITS,
  ID_CHARACTERS_MAX,
  PEERS_ANSWER_MAX,
  PEERS_DEFAULT,
  RECORD_ADDRESS_CHARACTERS_MAX,
  RECORD_ADDRESSES_MAX,
  RECORD_AHEAD_MAX_MS,
  TS_WINDOW_MS,
} from "./bounds.ts";
import { Counts, type RefusalReason } from "./counts.ts";
import { readEnvelope } from "./read-envelope.ts";
import type { RelayLink } from "./relay-link.ts";
import type { RelayRecord } from "./relay-record.ts";
import { isAnswer, type RelayVoice } from "./relay-voice.ts";
import type { Roster } from "./roster.ts";
import type { Members } from "./types.ts";

/** What the answers work with. */
export interface AnswersComponents {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly keys: KeyBook;
  readonly members: Members | undefined;
  readonly own: RelayRecord;
  readonly replay: ReplayMemory;
  readonly roster: Roster;
  readonly voice: RelayVoice;
  /** Another connection of a node has taken this one's place. */
  readonly replaced: (link: RelayLink) => void;
  /** A node is bound to the link, and has been told so. */
  readonly registered: (link: RelayLink) => void;
  /** A `PONG` came over a node's link. `isOfNode` checks whether the node itself has signed it. */
  readonly ponged: (link: RelayLink, nonce: string, isOfNode: () => boolean) => void;
  /** A `HELLO` that nobody has time for: whoever said it should come again later. */
  readonly turnAway: (link: RelayLink) => void;
}

/** Who this relay is. */
export interface AnswersInit {
  readonly nodeId: string;
  readonly agent: string;
  /** Whether the relay keeps frames for its nodes while they are away. */
  readonly hasMailbox: boolean;
}

type Wrong = { readonly reason: RefusalReason; readonly detail: string } | undefined;

const encoder = new TextEncoder();

/** See the module's description. */
export class Answers {
  readonly #components: AnswersComponents;
  readonly #init: AnswersInit;

  constructor(components: AnswersComponents, init: AnswersInit) {
    this.#components = components;
    this.#init = init;
  }

  /** Takes the body of a frame that is for the relay. Its `from` is the registered one, where one is registered. */
  receive(link: RelayLink, body: Uint8Array): void {
    const { voice } = this.#components;
    const read = readMessage(body);
    if ("refused" in read) {
      const reason = read.refused.code === "BAD_FRAME" ? "bad_frame" : "unsupported";
      voice.refuse(link, reason, read.refused.detail, readEnvelope(body));
      return;
    }
    const { message } = read;
    switch (message.t) {
      case "HELLO":
        return this.#hello(link, message);
      case "PING":
        if (!this.#isAllowed(link, message, ANSWER_UNITS)) return;
        link.hasPinged = true;
        voice.say(link, "PONG", message.from, { nonce: message.body.nonce });
        return;
      case "PEERS":
        if (!this.#isAllowed(link, message, HELLO_UNITS)) return;
        voice.say(link, "PEERS_RES", message.from, { ref: message.id, peers: this.#peers(link, message) });
        return;
      case "PONG":
        if (link.registration !== undefined) {
          this.#components.ponged(link, message.body.nonce, () => this.#components.keys.verify(message));
        }
        return;
      case "DIRECT":
        return this.#refuse(link, message, { reason: "unsupported", detail: "a relay takes no messages" });
      default:
        // An answer to us: that the connection lives has been noted.
        return;
    }
  }

  /** Asks a silent node for a sign of life. */
  ask(link: RelayLink, nonce: string): void {
    const { voice } = this.#components;
    if (voice.mayUse(link, ANSWER_UNITS)) voice.say(link, "PING", link.registration?.nodeId, { nonce });
  }

  /** Says anew who is a member. */
  review(): void {
    const { members, roster } = this.#components;
    for (const link of roster.all) {
      link.isMember = members === undefined || members.has(link.registration?.nodeId ?? "");
    }
  }

  /**
   * Whoever registered on the connection is known there: his questions are answered without checking another signature, which would cost
   * more than all else that a keep-alive does.
   */
  #isAllowed(link: RelayLink, message: Message, units: number): boolean {
    const { keys, voice } = this.#components;
    const isKnown = link.registration !== undefined;
    if (!voice.mayUse(link, isKnown ? units : HELLO_UNITS)) {
      this.#refuse(link, message, { reason: "rate", detail: "too many questions" });
      return false;
    }
    const wrong = isKnown ? undefined : keys.verify(message) ? this.#isOutOfTime(message) : badSignature("the message");
    if (wrong === undefined) return true;
    this.#refuse(link, message, wrong);
    return false;
  }

  #hello(link: RelayLink, message: MessageOf<"HELLO">): void {
    const { counts, replay, roster, voice, replaced } = this.#components;
    if (!voice.mayUse(link, HELLO_UNITS)) {
      this.#refuse(link, message, { reason: "rate", detail: "too many HELLO messages" });
      if (link.registration === undefined) this.#components.turnAway(link);
      return;
    }
    const wrong = this.#whatIsWrong(link, message);
    if (wrong !== undefined) {
      Counts.add(counts.registrations, "refused");
      return this.#refuse(link, message, wrong);
    }
    replay.add(message.from, message.id);
    const older = roster.get(message.from);
    if (older !== undefined && older !== link && this.#isToStay(older, message)) {
      // Whoever is that node learns whom to name; whoever heard it say HELLO to others cannot.
      Counts.add(counts.registrations, "answered");
      return this.#acknowledge(link, message.from);
    }
    Counts.add(counts.registrations, older === undefined ? "registered" : older === link ? "renewed" : "replaced");
    if (older !== undefined && older !== link) replaced(older);
    this.#register(link, message);
  }

  /** Whether a `HELLO` that any relay could have heard leaves the node where it is. Source: MoltComm v1, section 11, reading 6. */
  #isToStay({ isKept, lastReadAtMs, registration }: RelayLink, { to }: MessageOf<"HELLO">): boolean {
    if (to !== undefined || registration?.isNamed !== true) return false;
    return isKept || this.#components.clock.monotonicMs() - lastReadAtMs < HEARD_LATELY_MS;
  }

  #register(link: RelayLink, { from, to, ts, body }: MessageOf<"HELLO">): void {
    const { members, roster } = this.#components;
    const isNamed = to !== undefined || link.registration?.isNamed === true;
    const idBytes = link.registration?.idBytes ?? encoder.encode(from);
    const record = isSmall(body.peer) ? body.peer : undefined;
    roster.add(link, { nodeId: from, idBytes, helloTs: ts, isNamed, record });
    link.isMember = members === undefined || members.has(from);
    link.keepsOrder = wordsOf(body.agent).includes(IN_ORDER_WORD);
    this.#acknowledge(link, from);
    this.#components.registered(link);
  }

  #acknowledge(link: RelayLink, nodeId: string): void {
    const { members, own, voice } = this.#components;
    const isMember = members === undefined || members.has(nodeId);
    // The signed `agent` is where v1 leaves room: a node that wants to be reached here learns so that it is not a member.
    const more = isMember ? this.#init.hasMailbox ? " mailbox" : "" : " guest";
    voice.say(link, "HELLO_ACK", nodeId, {
      agent: `${this.#init.agent} relay${more}`,
      peer: own.for(link.connection.local),
    });
  }

  #whatIsWrong(link: RelayLink, message: MessageOf<"HELLO">): Wrong {
    const { keys, replay, roster } = this.#components;
    const { from, id, ts, body } = message;
    if (id.length > ID_CHARACTERS_MAX) return { reason: "bad_frame", detail: `id is longer than ${ID_CHARACTERS_MAX}` };
    if (from === this.#init.nodeId) return { reason: "unsupported", detail: "from is this relay" };
    if (body.peer.peer_id !== from) return badSignature("peer.peer_id is not from: the record");
    if (!keys.verify(message)) return badSignature("the message");
    const late = this.#isOutOfTime(message) ?? this.#isOutOfDate(body.peer);
    if (late !== undefined) return late;
    if (!keys.verifyRecord(body.peer)) return badSignature("the peer record");
    if (replay.has(from, id)) return { reason: "replay", detail: "it was seen before" };
    const older = roster.get(from);
    // What somebody has overheard is older than what the node has said since.
    if (older !== undefined && older !== link && ts < (older.registration?.helloTs ?? 0)) {
      return { reason: "replay", detail: "the node has said HELLO since" };
    }
    return undefined;
  }

  #isOutOfTime({ ts }: Message): Wrong {
    if (Math.abs(this.#components.clock.wallMs() - ts) <= TS_WINDOW_MS) return undefined;
    return { reason: "bad_time", detail: "ts is more than 10 minutes off the relay's clock" };
  }

  /** Source: MoltComm v1, section 6. */
  #isOutOfDate(record: PeerRecord): Wrong {
    const nowMs = this.#components.clock.wallMs();
    if (record.expires <= nowMs) return { reason: "bad_time", detail: "the peer record has expired" };
    if (record.expires > nowMs + RECORD_AHEAD_MAX_MS) {
      return { reason: "bad_time", detail: "the peer record never expires" };
    }
    if (record.ts > nowMs + TS_WINDOW_MS) return { reason: "bad_time", detail: "the peer record is from the future" };
    return undefined;
  }

  #peers(link: RelayLink, { body }: MessageOf<"PEERS">): PeerRecord[] {
    const nowMs = this.#components.clock.wallMs();
    const count = Math.max(0, Math.min(body.n ?? PEERS_DEFAULT, PEERS_ANSWER_MAX));
    const holds = ({ registration }: RelayLink) => (registration?.record?.expires ?? 0) > nowMs;
    return this.#components.roster
      .choose(count, (other) => other !== link && other.isMember && holds(other))
      .flatMap(({ registration }) => registration?.record ?? []);
  }

  #refuse(link: RelayLink, message: Message, wrong: NonNullable<Wrong>): void {
    if (isAnswer(message.t)) return;
    const { from, id, t } = message;
    this.#components.voice.refuse(link, wrong.reason, wrong.detail, { from, id, t, to: "" });
  }
}

function badSignature(whose: string): NonNullable<Wrong> {
  return { reason: "bad_signature", detail: `the signature or the key does not hold: ${whose}` };
}

function isSmall({ addrs }: PeerRecord): boolean {
  if (addrs.length > RECORD_ADDRESSES_MAX) return false;
  return addrs.reduce((sum, address) => sum + address.length, 0) <= RECORD_ADDRESS_CHARACTERS_MAX;
}
