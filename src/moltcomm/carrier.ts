/**
 * Mail on its way out: one link for each recipient, and one attempt for each call. Source: MoltComm v1, section 11, readings 3 to 5.
 *
 * @module
 */
import { type PeerAddress, readPeerAddress } from "../contract/mod.ts";
import { toBarnacleError } from "../errors.ts";
import type { Clock } from "../runtime/port.ts";
import { ADDRESSES_TRIED_MAX, DETAIL_CHARACTERS_MAX } from "./bounds.ts";
import type { Dialler } from "./dialler.ts";
import type { Handshakes } from "./handshakes.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import { outcomeOfError } from "./outcomes.ts";
import type { PeerStore } from "./peer-store.ts";
import { failure, type Request, type RequestFailure, type Requests } from "./requests.ts";
import type { AttemptOutcome, IncomingMail, OutgoingMessage } from "./types.ts";
import type { Voice } from "./voice.ts";
import type { Message } from "./wire/types.ts";

/** Of a frame's length, before its body. */
const LENGTH_BYTES = 4;

/** What the ways out are made of. */
export interface CarrierComponents {
  readonly clock: Clock;
  readonly dialler: Dialler;
  readonly handshakes: Handshakes;
  readonly incoming: Pick<IncomingMail, "deliver">;
  readonly links: Links;
  readonly requests: Requests;
  readonly store: PeerStore;
  readonly voice: Voice;
}

/** How mail goes out. */
export interface CarrierInit {
  readonly maxFrameBytes: number;
  readonly requestTimeoutMs: number;
  /** Further addresses of a node, such as a contact's. */
  readonly addressesOf: (nodeId: string) => readonly string[];
}

/** One message under way; a request once it was sent. */
class Attempt implements Request {
  readonly kind = "DIRECT";
  readonly message: OutgoingMessage;
  readonly #settle: (outcome: AttemptOutcome) => void;
  #link: Link | undefined;

  constructor(message: OutgoingMessage, settle: (outcome: AttemptOutcome) => void) {
    this.message = message;
    this.#settle = settle;
  }

  get key(): string {
    return this.message.id;
  }

  get to(): string {
    return this.message.to;
  }

  get link(): Link {
    if (this.#link === undefined) throw new TypeError("An attempt is a request once it was sent");
    return this.#link;
  }

  sentOver(link: Link): void {
    this.#link = link;
  }

  answered(answer: Message): void {
    if (answer.t === "ACK") this.#settle({ outcome: "delivered" });
    else if (answer.t === "ERROR") {
      const isDelivered = answer.body.code === "REPLAY";
      this.#settle(isDelivered ? { outcome: "delivered" } : outcomeOfError(answer.body));
    }
  }

  failed(why: RequestFailure): void {
    // It may be lost, or have been another's all along: somebody can have played an old HELLO_ACK there.
    if (why.reason === "TIMED_OUT" && this.#link !== undefined) this.#link.isProven = false;
    this.#settle(why);
  }
}

/** The way to one recipient. */
interface Route {
  readonly to: string;
  link: Link | undefined;
  /** Attempts that wait for a link, in their order. */
  waiting: Attempt[];
  reaching: Promise<Link | RequestFailure> | undefined;
}

/** See the module's description. */
export class MailCarrier {
  readonly #components: CarrierComponents;
  readonly #init: CarrierInit;
  readonly #routes = new Map<string, Route>();
  #isStopped = false;

  constructor(components: CarrierComponents, init: CarrierInit) {
    this.#components = components;
    this.#init = init;
  }

  /** As `Carrier.attempt`. */
  attempt(message: OutgoingMessage): Promise<AttemptOutcome> {
    if (this.#isStopped) return Promise.resolve(failure("STOPPED", "the node stops"));
    if (message.msg.length > this.#init.maxFrameBytes) return Promise.resolve(this.#tooLarge());
    if (message.to === this.#components.voice.nodeId) return this.#toOurselves(message);
    return new Promise((resolve) => {
      const attempt = new Attempt(message, resolve);
      const route = this.#routeTo(message.to);
      const link = this.#linkOf(route);
      if (link !== undefined) return this.#send(attempt, link);
      route.waiting.push(attempt);
      void this.#reach(route);
    });
  }

  /** A link over which the node is reached, made where there is none. Never rejects. */
  async reach(nodeId: string): Promise<Link | RequestFailure> {
    if (this.#isStopped) return failure("STOPPED", "the node stops");
    const route = this.#routeTo(nodeId);
    return this.#linkOf(route) ?? await this.#reach(route);
  }

  /** A link is gone. */
  closed(link: Link): void {
    if (link.peerId === undefined) return;
    const route = this.#routes.get(link.peerId);
    if (route?.link !== link) return;
    route.link = undefined;
    this.#forgetIfIdle(route);
  }

  stop(): void {
    this.#isStopped = true;
    for (const route of this.#routes.values()) this.#failWaiting(route, failure("STOPPED", "the node stops"));
  }

  #routeTo(to: string): Route {
    let route = this.#routes.get(to);
    if (route === undefined) {
      route = { to, link: undefined, waiting: [], reaching: undefined };
      this.#routes.set(to, route);
    }
    return route;
  }

  /** The link in use, or another that is ready. While some wait for one, the others stand behind them. */
  #linkOf(route: Route): Link | undefined {
    if (route.reaching !== undefined) return undefined;
    if (route.link?.isOpen !== true || !route.link.isProven) {
      route.link = this.#components.links.of(route.to).findLast((link) => link.isProven && link.isOpen);
    }
    return route.link;
  }

  #reach(route: Route): Promise<Link | RequestFailure> {
    const lost = (thrown: unknown) => failure("CONNECTION_LOST", toBarnacleError(thrown, "Reach a node").message);
    return route.reaching ??= this.#find(route.to).catch(lost).then((found) => {
      route.reaching = undefined;
      if ("outcome" in found) this.#failWaiting(route, found);
      else this.#sendWaiting(route, found);
      this.#forgetIfIdle(route);
      return found;
    });
  }

  #sendWaiting(route: Route, link: Link): void {
    route.link = link;
    for (const attempt of route.waiting.splice(0)) this.#send(attempt, link);
  }

  #failWaiting(route: Route, why: RequestFailure): void {
    for (const attempt of route.waiting.splice(0)) attempt.failed(why);
  }

  #forgetIfIdle(route: Route): void {
    if (route.link?.isOpen === true || route.reaching !== undefined || route.waiting.length > 0) return;
    this.#routes.delete(route.to);
  }

  /** Tries the connections that are there, then the addresses that are known, in turn. */
  async #find(to: string): Promise<Link | RequestFailure> {
    const { clock, dialler, handshakes, links } = this.#components;
    const { requestTimeoutMs } = this.#init;
    for (const link of [...links.of(to)].reverse()) {
      const greeting = await handshakes.greet(link, to);
      if (greeting.isMet && link.isOpen) return link;
      // A connection that the peer once opened and has lost without a word: it would cost each further attempt as long.
      if (!greeting.isMet && greeting.failure.reason === "TIMED_OUT") links.close(link, "silent");
    }
    const untilMs = clock.monotonicMs() + 2 * requestTimeoutMs;
    const failures: RequestFailure[] = [];
    for (const address of this.#addressesOf(to)) {
      const leftMs = untilMs - clock.monotonicMs();
      if (this.#isStopped || leftMs <= 0) break;
      const dialled = await dialler.dial(address, to, Math.min(requestTimeoutMs, leftMs));
      if (dialled.link?.isOpen === true) return dialled.link;
      if (dialled.link === undefined) failures.push(dialled.failure);
    }
    if (this.#isStopped) return failure("STOPPED", "the node stops");
    return merge(failures);
  }

  #addressesOf(to: string): PeerAddress[] {
    const { store } = this.#components;
    const texts = new Set([...store.get(to)?.record.addrs ?? [], ...this.#init.addressesOf(to)]);
    return [...texts].map(readPeerAddress)
      .filter((address) => address !== undefined && address.scheme === "tcp" && address.port > 0)
      .slice(0, ADDRESSES_TRIED_MAX) as PeerAddress[];
  }

  #send(attempt: Attempt, link: Link): void {
    const { clock, requests, voice } = this.#components;
    const { id, to, msg } = attempt.message;
    if (requests.get(id) !== undefined) {
      return attempt.failed(failure("CONNECTION_LOST", "an attempt for this message is under way already"));
    }
    if (!link.isOpen) return attempt.failed(failure("CONNECTION_LOST", "the connection is gone"));
    let frame: Uint8Array;
    try {
      frame = voice.frame("DIRECT", to, { msg }, id);
    } catch {
      return attempt.failed(failure("BAD_FRAME", "the message is no well-formed Unicode, which no peer takes"));
    }
    if (frame.length - LENGTH_BYTES > this.#init.maxFrameBytes) return attempt.failed(this.#tooLarge());
    attempt.sentOver(link);
    link.usedAtMs = clock.monotonicMs();
    requests.add(attempt);
    voice.send(link, "DIRECT", frame);
  }

  /** Mail to ourselves needs no wire. */
  async #toOurselves({ to, id, msg }: OutgoingMessage): Promise<AttemptOutcome> {
    const { clock, incoming } = this.#components;
    const outcome = await incoming.deliver({ from: to, id, to, msg, receivedAtMs: clock.wallMs() });
    if (outcome.outcome !== "refused") return { outcome: "delivered" };
    return { outcome: "failed", reason: outcome.code, byRecipient: true, detail: outcome.detail };
  }

  #tooLarge(): RequestFailure {
    return failure("TOO_LARGE", `the message needs a frame of more than ${this.#init.maxFrameBytes} bytes`);
  }
}

/** What several addresses came to: the recipient's own word if there is one, else the first reason, and all details. */
function merge(failures: readonly RequestFailure[]): RequestFailure {
  const [first] = failures;
  if (first === undefined) return failure("NO_ADDRESS", "no address of the recipient is known");
  const detail = failures.map((each) => each.detail).join("; ").slice(0, DETAIL_CHARACTERS_MAX);
  return { ...(failures.find((each) => each.byRecipient) ?? first), detail };
}
