/**
 * Mail on its way out: one link for each recipient, and one attempt for each call. Source: MoltComm v1, section 11, readings 3 to 5.
 *
 * @module
 */
import { toBarnacleError } from "../errors.ts";
import type { Clock } from "../runtime/port.ts";
import { PREPARED_MS_MAX } from "./bounds.ts";
import type { KeptMessages } from "./kept.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import { outcomeOfError } from "./outcomes.ts";
import type { Ways } from "./relays/mod.ts";
import { failure, type Request, type RequestFailure, type Requests } from "./requests.ts";
import { InOrder, type Sealing } from "./sealing/mod.ts";
import type { AttemptOutcome, IncomingMail, Keeper, OutgoingMessage } from "./types.ts";
import type { Voice } from "./voice.ts";
import type { Message } from "./wire/types.ts";

/** Of a frame's length, before its body. */
const LENGTH_BYTES = 4;

/** What the ways out are made of. */
export interface CarrierComponents {
  readonly clock: Clock;
  readonly incoming: Pick<IncomingMail, "deliver">;
  readonly kept: Pick<KeptMessages, "add" | "remove">;
  readonly links: Links;
  readonly requests: Requests;
  readonly sealing: Pick<Sealing, "seal" | "sealNow" | "wayTo">;
  readonly voice: Voice;
  readonly ways: Ways;
}

/** How mail goes out. */
export interface CarrierInit {
  readonly maxFrameBytes: number;
}

/** One message under way; a request once it was sent. */
class Attempt implements Request {
  readonly kind = "DIRECT";
  readonly message: OutgoingMessage;
  readonly keptBy: Keeper | undefined;
  readonly #settle: (outcome: AttemptOutcome) => void;
  #link: Link | undefined;
  #onSettled: ((why?: RequestFailure) => void) | undefined;

  constructor(message: OutgoingMessage, keptBy: Keeper | undefined, settle: (outcome: AttemptOutcome) => void) {
    this.message = message;
    this.keptBy = keptBy;
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

  /** @param onSettled told why it failed, if it did */
  sentOver(link: Link, onSettled: (why?: RequestFailure) => void): void {
    this.#link = link;
    this.#onSettled = onSettled;
  }

  answered(answer: Message): void {
    this.#onSettled?.();
    if (answer.t === "ACK") this.#settle({ outcome: "delivered" });
    else if (answer.t === "ERROR") {
      const isDelivered = answer.body.code === "REPLAY";
      this.#settle(isDelivered ? { outcome: "delivered" } : outcomeOfError(answer.body));
    }
  }

  failed(why: RequestFailure): void {
    // It may be lost, or have been another's all along: somebody can have played an old HELLO_ACK there.
    if (why.reason === "TIMED_OUT" && this.#link !== undefined && this.#link.relay === undefined) {
      this.#link.isProven = false;
    }
    this.#onSettled?.(why);
    // The relay is there, but perhaps the recipient is not: the next attempt asks first.
    if (!why.byRecipient) this.#link?.relay?.reached.delete(this.to);
    const keeper = why.reason === "KEPT" && !why.byRecipient ? keeperOf(this.#link) : undefined;
    this.#settle(keeper === undefined ? why : { ...why, keeper });
  }

  /** The recipient was not found, and the relay that keeps the message is still there. */
  stillKept(keeper: Keeper): void {
    this.#settle({ ...failure("KEPT", `${keeper.address} keeps it`), keeper });
  }
}

/** The relay at the far end of a link, as one that keeps messages. */
function keeperOf(link: Link | undefined): Keeper | undefined {
  if (link?.relay === undefined || link.peerId === undefined) return undefined;
  return link.relay.keeper ??= { address: link.relay.address, nodeId: link.peerId };
}

/** A frame that was made before its turn. */
interface Prepared {
  readonly id: string;
  readonly way: "plain" | "sealed";
  readonly frame: Uint8Array;
  readonly signedAtMs: number;
}

/** The way to one recipient. */
interface Route {
  readonly to: string;
  link: Link | undefined;
  /** Attempts that wait for a link, in their order. */
  waiting: Attempt[];
  /** Attempts that were sent and are not answered. */
  inFlight: number;
  /** Attempts that are being sealed, and those behind them. */
  readonly sealing: InOrder;
  reaching: Promise<Link | RequestFailure> | undefined;
  prepared: Prepared | undefined;
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
  attempt(message: OutgoingMessage, keptBy?: Keeper): Promise<AttemptOutcome> {
    if (this.#isStopped) return Promise.resolve(failure("STOPPED", "the node stops"));
    if (message.msg.length > this.#init.maxFrameBytes) return Promise.resolve(this.#tooLarge());
    if (message.to === this.#components.voice.nodeId) return this.#toOurselves(message);
    return new Promise((resolve) => {
      const attempt = new Attempt(message, keptBy, resolve);
      const route = this.#routeTo(message.to);
      const link = this.#linkOf(route);
      if (link !== undefined) return this.#send(attempt, route, link);
      route.waiting.push(attempt);
      void this.#reach(route);
    });
  }

  /** As `Carrier.leave`. */
  leave(message: OutgoingMessage, keeper: Keeper): Promise<AttemptOutcome> {
    if (this.#isStopped) return Promise.resolve(failure("STOPPED", "the node stops"));
    const link = this.#components.ways.toKeeper(keeper);
    if (link === undefined) {
      return Promise.resolve(failure("CONNECTION_LOST", `${keeper.address}: the connection is gone`));
    }
    return new Promise((resolve) => {
      const route = this.#routeTo(message.to);
      route.link = link;
      this.#send(new Attempt(message, undefined, resolve), route, link);
    });
  }

  /** As `Carrier.prepare`. */
  prepare(message: OutgoingMessage): void {
    const { clock, sealing } = this.#components;
    const { id, to, msg } = message;
    const route = this.#routes.get(to);
    // Where nothing is in flight, nobody knows yet how it will go; where something is being sealed, it is not the next.
    if (route === undefined || route.inFlight === 0 || !route.sealing.isIdle || route.prepared?.id === id) return;
    const way = sealing.wayTo(to);
    if (way !== "plain" && way !== "sealed") return;
    const text = way === "plain" ? msg : sealing.sealNow(message);
    const frame = text === undefined ? undefined : this.#frame(message, text);
    if (!(frame instanceof Uint8Array)) return;
    route.prepared = { id, way, frame, signedAtMs: clock.monotonicMs() };
  }

  /** A link over which the node is reached, made where there is none. Never rejects. */
  async reach(nodeId: string): Promise<Link | RequestFailure> {
    if (this.#isStopped) return failure("STOPPED", "the node stops");
    const route = this.#routeTo(nodeId);
    return this.#linkOf(route) ?? await this.#reach(route);
  }

  /** A link is gone. */
  closed(link: Link): void {
    const { peerId, relay } = link;
    const direct = peerId === undefined ? undefined : this.#routes.get(peerId);
    const routes = relay !== undefined ? this.#routes.values() : direct !== undefined ? [direct] : [];
    for (const route of routes) {
      if (route.link !== link) continue;
      route.link = undefined;
      this.#forgetIfIdle(route);
    }
  }

  /** The relay over which mail to this node goes now, as its address; `undefined` when it goes directly or not at all. */
  relayTo(nodeId: string): string | undefined {
    const link = this.#routes.get(nodeId)?.link;
    return link?.isOpen === true ? link.relay?.address : undefined;
  }

  stop(): void {
    this.#isStopped = true;
    for (const route of this.#routes.values()) this.#failWaiting(route, failure("STOPPED", "the node stops"));
  }

  #routeTo(to: string): Route {
    let route = this.#routes.get(to);
    if (route === undefined) {
      route = {
        to,
        link: undefined,
        waiting: [],
        inFlight: 0,
        sealing: new InOrder(),
        reaching: undefined,
        prepared: undefined,
      };
      this.#routes.set(to, route);
    }
    return route;
  }

  /** The link in use, or another that is ready. While some wait for one, the others stand behind them. */
  #linkOf(route: Route): Link | undefined {
    if (route.reaching !== undefined) return undefined;
    const { links, ways } = this.#components;
    const { link, to, inFlight } = route;
    const isUsable = link?.isOpen === true && (link.relay === undefined ? link.isProven : link.relay.reached.has(to));
    // What is in flight over a relay must not be overtaken by what goes directly.
    const isToStay = isUsable && (link.relay === undefined || inFlight > 0 || !route.sealing.isIdle);
    if (isToStay) return link;
    const connected = links.of(to);
    const direct = connected.findLast((other) => other.isProven && other.isOpen);
    // One that the peer opened is asked first whether it is the peer's.
    const isToBeSought = connected.length > 0 || ways.isToBeSoughtAnew(to);
    route.link = direct ?? (isUsable && !isToBeSought ? link : undefined);
    return route.link;
  }

  #reach(route: Route): Promise<Link | RequestFailure> {
    const lost = (thrown: unknown) => failure("CONNECTION_LOST", toBarnacleError(thrown, "Reach a node").message);
    return route.reaching ??= this.#components.ways.find(route.to).catch(lost).then((found) => {
      route.reaching = undefined;
      if ("outcome" in found) this.#failWaiting(route, found);
      else this.#sendWaiting(route, found);
      this.#forgetIfIdle(route);
      return found;
    });
  }

  #sendWaiting(route: Route, link: Link): void {
    route.link = link;
    const { relay } = link;
    // Not found there, so the relay is one that may keep what comes for it.
    const keeper = relay?.reached.has(route.to) === false ? relay.keeper : undefined;
    for (const attempt of route.waiting.splice(0)) {
      if (keeper === undefined || attempt.keptBy !== keeper) this.#send(attempt, route, link);
      else {
        link.usedAtMs = this.#components.clock.monotonicMs();
        attempt.stillKept(keeper);
      }
    }
  }

  #failWaiting(route: Route, why: RequestFailure): void {
    for (const attempt of route.waiting.splice(0)) attempt.failed(why);
  }

  #forgetIfIdle(route: Route): void {
    if (route.link?.isOpen === true || route.reaching !== undefined || route.waiting.length > 0) return;
    this.#routes.delete(route.to);
  }

  /** Sends in the order of the calls, sealed where the recipient takes that. */
  #send(attempt: Attempt, route: Route, link: Link): void {
    const { sealing } = this.#components;
    const { message, to } = attempt;
    const way = sealing.wayTo(to);
    const prepared = this.#takePrepared(route, message.id);
    if (prepared?.way === way && route.sealing.isIdle) this.#sendFrame(attempt, route, link, prepared.frame);
    else if (way === "sealed") {
      const sealed = route.sealing.isIdle ? sealing.sealNow(message) : undefined;
      if (sealed !== undefined) return this.#sendText(attempt, route, link, sealed);
      route.sealing.add(sealing.seal(message), (sealed) => {
        if (typeof sealed === "string") this.#sendText(attempt, route, link, sealed);
        else attempt.failed(sealed);
      });
    } else if (way !== "plain") {
      // Over a relay mail may go before the recipient was heard: what it announces is known once it has answered a HELLO.
      link.relay?.reached.delete(to);
      attempt.failed(way);
    } else if (route.sealing.isIdle) this.#sendText(attempt, route, link, message.msg);
    else route.sealing.addReady(() => this.#sendText(attempt, route, link, message.msg));
  }

  #sendText(attempt: Attempt, route: Route, link: Link, msg: string): void {
    const frame = this.#frame(attempt.message, msg);
    if (frame instanceof Uint8Array) this.#sendFrame(attempt, route, link, frame);
    else attempt.failed(frame);
  }

  #sendFrame(attempt: Attempt, route: Route, link: Link, frame: Uint8Array): void {
    const { clock, kept, requests, voice, ways } = this.#components;
    const { id, to } = attempt.message;
    if (this.#isStopped) return attempt.failed(failure("STOPPED", "the node stops"));
    if (requests.get(id) !== undefined) {
      return attempt.failed(failure("CONNECTION_LOST", "an attempt for this message is under way already"));
    }
    if (!link.isOpen) return attempt.failed(failure("CONNECTION_LOST", "the connection is gone"));
    route.inFlight++;
    attempt.sentOver(link, (why) => {
      route.inFlight--;
      if (why === undefined) ways.ended(link, to, "answered");
      else if (why.reason === "TIMED_OUT") ways.ended(link, to, "timed_out");
      else if (why.reason === "KEPT") {
        const keeper = keeperOf(link);
        if (keeper !== undefined) kept.add(id, { to, keeper });
      }
    });
    kept.remove(id);
    ways.used(link, to);
    link.usedAtMs = clock.monotonicMs();
    requests.add(attempt);
    voice.send(link, "DIRECT", frame);
  }

  /** The signed frame of a message, or why there is none. @param msg its text as it goes over the wire */
  #frame({ to, id }: OutgoingMessage, msg: string): Uint8Array | RequestFailure {
    try {
      const frame = this.#components.voice.frame("DIRECT", to, { msg }, id);
      return frame.length - LENGTH_BYTES > this.#init.maxFrameBytes ? this.#tooLarge() : frame;
    } catch {
      return failure("BAD_FRAME", "the message is no well-formed Unicode, which no peer takes");
    }
  }

  /** What was prepared for this message, unless it has waited too long to be sent as it is. Whatever else was prepared is dropped. */
  #takePrepared(route: Route, id: string): Prepared | undefined {
    const { prepared } = route;
    route.prepared = undefined;
    if (prepared?.id !== id) return undefined;
    return this.#components.clock.monotonicMs() - prepared.signedAtMs <= PREPARED_MS_MAX ? prepared : undefined;
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
