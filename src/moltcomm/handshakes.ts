/**
 * `HELLO` and `HELLO_ACK`: who is at the far end of a link. Source: MoltComm v1, section 5; section 11, readings 5 and 6.
 *
 * Nothing is sent to a node over a link before it has answered our own `HELLO` there, named to it: whoever replays somebody's handshake
 * gets no mail by it, and a peer behind a relay is known to be reached. So the first message over a connection that the peer opened costs
 * one more round trip.
 *
 * A link to a relay carries a handshake with the relay and one with each node behind it.
 *
 * @module
 */
import type { Clock } from "../runtime/port.ts";
import { AGENT_CHARACTERS_MAX, RECORD_AHEAD_MAX_MS, SUPERSEDED_SILENCE_MS, TS_WINDOW_MS } from "./bounds.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import { outcomeOfError } from "./outcomes.ts";
import type { OwnRecord } from "./own-record.ts";
import type { Refusals } from "./refusals.ts";
import { failure, type Request, type RequestFailure, type Requests } from "./requests.ts";
import { Traffic } from "./traffic.ts";
import type { Voice } from "./voice.ts";
import type { KeyBook } from "./wire/mod.ts";
import type { Message, MessageOf, PeerRecord, ProtocolErrorCode } from "./wire/types.ts";

/** What handshakes work with. */
export interface HandshakesComponents {
  readonly clock: Clock;
  readonly keys: KeyBook;
  readonly links: Links;
  readonly own: OwnRecord;
  readonly refusals: Refusals;
  readonly requests: Requests;
  readonly traffic: Traffic;
  readonly voice: Voice;
}

/** Who shook hands. */
export interface Met {
  readonly nodeId: string;
  readonly record: PeerRecord;
  readonly agent: string | undefined;
  /** When it said so, by its own clock. */
  readonly ts: number;
}

/** What a `HELLO` of ours came to. `isSelf`: we met ourselves. */
export type Greeting =
  | { readonly isMet: true; readonly nodeId: string }
  | { readonly isMet: false; readonly failure: RequestFailure; readonly isSelf: boolean };

/** A `HELLO` of ours that waits for its answer. */
class OpenHello implements Request {
  readonly kind = "HELLO";
  readonly key: string;
  readonly to: string | undefined;
  readonly link: Link;
  /** Sent through a relay to a node behind it. */
  readonly isThrough: boolean;
  readonly settled: Promise<Greeting>;
  #settle: (greeting: Greeting) => void = () => undefined;
  readonly #onEnd: () => void;
  readonly #onAck: (answer: MessageOf<"HELLO_ACK">) => void;

  constructor(
    init: Pick<Request, "key" | "to" | "link"> & { readonly isThrough: boolean },
    events: { readonly onEnd: () => void; readonly onAck: (answer: MessageOf<"HELLO_ACK">) => void },
  ) {
    this.key = init.key;
    this.to = init.to;
    this.link = init.link;
    this.isThrough = init.isThrough;
    this.#onEnd = events.onEnd;
    this.#onAck = events.onAck;
    this.settled = new Promise((resolve) => this.#settle = resolve);
  }

  answered(answer: Message): void {
    if (answer.t === "HELLO_ACK") this.#onAck(answer);
    else if (answer.t === "ERROR") this.failed(outcomeOfError(answer.body));
  }

  met(nodeId: string): void {
    this.#onEnd();
    this.#settle({ isMet: true, nodeId });
  }

  failed(why: RequestFailure, isSelf = false): void {
    this.#onEnd();
    this.#settle({ isMet: false, failure: why, isSelf });
  }
}

/** See the module's description. */
export class Handshakes {
  readonly #components: HandshakesComponents;
  readonly #agent: string;
  readonly #onMet: (met: Met) => void;
  readonly #onCalled: (link: Link, from: string) => void;
  /** With the far ends themselves. */
  readonly #open = new Map<Link, OpenHello>();
  /** With nodes behind relays, by node. */
  readonly #openThrough = new Map<Link, Map<string, OpenHello>>();

  constructor(
    components: HandshakesComponents,
    init: {
      readonly agent: string;
      readonly onMet: (met: Met) => void;
      /** A node said `HELLO` by itself. */
      readonly onCalled: (link: Link, from: string) => void;
    },
  ) {
    this.#components = components;
    this.#agent = init.agent;
    this.#onMet = init.onMet;
    this.#onCalled = init.onCalled;
  }

  /** The `HELLO` that a `HELLO_ACK` of this sender answers on this link: it has no reference. */
  openOn(link: Link, from: string): Request | undefined {
    return this.#openThrough.get(link)?.get(from) ?? this.#open.get(link);
  }

  /**
   * Makes sure that this node is at the far end.
   *
   * @param to who must be there; `undefined` where nobody is known to be
   */
  async greet(link: Link, to: string | undefined): Promise<Greeting> {
    const { peerId } = link;
    if (link.isProven && peerId !== undefined && (to === undefined || to === peerId)) {
      return { isMet: true, nodeId: peerId };
    }
    return await this.announce(link, to);
  }

  /** Says `HELLO`, whether or not it was said before. One that is under way serves. */
  async announce(link: Link, to: string | undefined): Promise<Greeting> {
    const under = this.#open.get(link);
    if (under !== undefined) return await under.settled;
    return await this.#say(link, to, false);
  }

  /** Says `HELLO` with the record as it is now: one that is under way may carry an older one. */
  async announceAnew(link: Link, to: string | undefined): Promise<Greeting> {
    await this.#open.get(link)?.settled;
    return await this.announce(link, to);
  }

  /** Says `HELLO` to a node behind the relay at the far end, whether or not it was said before. */
  async announceThrough(link: Link, to: string): Promise<Greeting> {
    const under = this.#openThrough.get(link)?.get(to);
    if (under !== undefined) return await under.settled;
    return await this.#say(link, to, true);
  }

  async #say(link: Link, to: string | undefined, isThrough: boolean): Promise<Greeting> {
    const { voice, own, requests, traffic } = this.#components;
    const hello: OpenHello = new OpenHello({ key: voice.newId(), to, link, isThrough }, {
      onEnd: () => this.#close(hello),
      onAck: (answer) => this.#acknowledged(hello, answer),
    });
    const peer = own.for(link);
    if (!isThrough) link.toldAddresses = peer.addrs.join(" ");
    const isSaid = voice.say(link, "HELLO", to, { agent: this.#agent, peer }, hello.key);
    if (!isSaid) return { isMet: false, failure: failure("CONNECTION_LOST", "the connection is gone"), isSelf: false };
    if (to !== undefined && isThrough) this.#openThroughOf(link).set(to, hello);
    else this.#open.set(link, hello);
    requests.add(hello);
    const greeting = await hello.settled;
    if (!greeting.isMet) Traffic.count(traffic.handshakes, "failed");
    return greeting;
  }

  #openThroughOf(link: Link): Map<string, OpenHello> {
    const open = this.#openThrough.get(link) ?? new Map<string, OpenHello>();
    this.#openThrough.set(link, open);
    return open;
  }

  #close({ link, to, isThrough }: OpenHello): void {
    if (!isThrough || to === undefined) {
      this.#open.delete(link);
      return;
    }
    const open = this.#openThrough.get(link);
    open?.delete(to);
    if (open?.size === 0) this.#openThrough.delete(link);
  }

  /** A `HELLO`, its envelope checked. */
  receive(link: Link, message: MessageOf<"HELLO">): void {
    const { own, refusals, traffic, voice } = this.#components;
    const { from, id, body } = message;
    const wrong = this.#whatIsWrong(from, body.peer);
    if (wrong !== undefined) {
      Traffic.count(traffic.handshakes, "refused");
      refusals.refuse(link, { ...wrong, ref: id, from });
      return;
    }
    const peer = own.for(link);
    if (link.relay === undefined) link.toldAddresses = peer.addrs.join(" ");
    voice.say(link, "HELLO_ACK", from, { agent: this.#agent, peer });
    Traffic.count(traffic.handshakes, "accepted");
    this.#met(link, message, false);
    if (link.relay === undefined) this.#replaceSilent(link, from);
    this.#onCalled(link, from);
  }

  /** Our own `HELLO` came in: where it was sent, we are ourselves. */
  heardOurselves(id: string): void {
    const { links, requests } = this.#components;
    const hello = requests.get(id);
    if (hello instanceof OpenHello) this.#isSelf(hello);
    if (hello !== undefined) links.close(hello.link, "own_identity");
  }

  /** Somebody else than we asked answered, signed: the node we seek is not at this address. */
  answeredBy(link: Link, other: string): void {
    const hello = this.#open.get(link);
    if (hello === undefined) return;
    this.#components.requests.remove(hello);
    hello.failed(failure("CONNECTION_LOST", `another node answers there: ${other}`));
    if (link.origin === "dialled") this.#components.links.close(link, "wrong_identity");
  }

  #acknowledged(hello: OpenHello, answer: MessageOf<"HELLO_ACK">): void {
    const { links, refusals, traffic, voice } = this.#components;
    const { link } = hello;
    if (answer.from === voice.nodeId) {
      this.#isSelf(hello);
      links.close(link, "own_identity");
      return;
    }
    const wrong = this.#whatIsWrong(answer.from, answer.body.peer);
    if (wrong !== undefined) {
      refusals.note(link, { ...wrong, from: answer.from });
      hello.failed(failure("CONNECTION_LOST", `its HELLO_ACK is wrong: ${wrong.detail}`));
      return;
    }
    Traffic.count(traffic.handshakes, "answered");
    this.#met(link, answer, !hello.isThrough);
    if (link.peerId === answer.from && !hello.isThrough) link.isProven = true;
    hello.met(answer.from);
  }

  #isSelf(hello: OpenHello): void {
    this.#components.requests.remove(hello);
    hello.failed(failure("CONNECTION_LOST", "this node itself answers there"), true);
  }

  /** @param isAnswer it answers what was said to the far end itself */
  #met(link: Link, { from, ts, body }: MessageOf<"HELLO"> | MessageOf<"HELLO_ACK">, isAnswer: boolean): void {
    const agent = body.agent?.slice(0, AGENT_CHARACTERS_MAX);
    if (link.relay === undefined || isAnswer) this.#components.links.identify(link, from);
    if (link.peerId === from) {
      link.agent = agent;
      link.record = body.peer;
      // A relay is nobody to write to.
      if (link.relay !== undefined) return;
    }
    this.#onMet({ nodeId: from, record: body.peer, agent, ts });
  }

  /** Source: MoltComm v1, sections 5 and 6. */
  #whatIsWrong(
    from: string,
    record: PeerRecord,
  ): { readonly code: ProtocolErrorCode; readonly detail: string } | undefined {
    const nowMs = this.#components.clock.wallMs();
    if (record.peer_id !== from) return { code: "BAD_SIG", detail: "peer.peer_id is not from" };
    if (record.expires <= nowMs) return { code: "BAD_TS", detail: "the peer record has expired" };
    if (record.expires > nowMs + RECORD_AHEAD_MAX_MS) {
      return { code: "BAD_TS", detail: "the peer record never expires" };
    }
    if (record.ts > nowMs + TS_WINDOW_MS) return { code: "BAD_TS", detail: "the peer record is from the future" };
    if (!this.#components.keys.verifyRecord(record)) {
      return { code: "BAD_SIG", detail: "the peer record's signature does not hold" };
    }
    return undefined;
  }

  /** A node that comes anew may have lost its old connection without a word: what we wait for there will not come. */
  #replaceSilent(link: Link, nodeId: string): void {
    const nowMs = this.#components.clock.monotonicMs();
    for (const other of this.#components.links.of(nodeId)) {
      const silentMs = nowMs - Math.max(other.owedSinceMs, other.lastFrameAtMs ?? other.openedAtMs);
      if (other === link || other.owed === 0 || silentMs < SUPERSEDED_SILENCE_MS) continue;
      this.#components.links.close(other, "superseded");
    }
  }
}
