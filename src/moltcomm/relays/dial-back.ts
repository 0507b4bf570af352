/**
 * Asking a peer to dial back, and doing it for others.
 *
 * The question is a `PING` whose nonce says so and names our port: any node of MoltComm v1 answers it with a `PONG` and no more, one of
 * ours dials the address that it sees us at, says `HELLO` to us by name, and leaves. Nobody is made to dial anybody but who asks: the host
 * is the one that the question came from, and relays pass no such question on.
 *
 * @module
 */
import { RateLimiter } from "../../rate-limiter.ts";
import type { Clock, Random } from "../../runtime/port.ts";
import { RATE_KEYS_MAX } from "../bounds.ts";
import type { Dialler } from "../dialler.ts";
import type { Link } from "../link.ts";
import type { Links } from "../links.ts";
import { failure, type Request, type Requests } from "../requests.ts";
import type { Voice } from "../voice.ts";
import type { MessageOf } from "../wire/types.ts";
import { ASK_BACK_SPACING_MS, DIAL_BACK_TIMEOUT_MS, DIAL_BACKS_MAX, DIAL_BACKS_PER_MINUTE } from "./bounds.ts";
import type { RelayCounts } from "./counts.ts";
import type { Reachability } from "./reachability.ts";

/** What dialling back takes. */
export interface DialBackComponents {
  readonly clock: Clock;
  readonly counts: RelayCounts;
  readonly dialler: Pick<Dialler, "dial">;
  readonly links: Pick<Links, "all" | "of" | "end">;
  readonly random: Pick<Random, "unit">;
  readonly reachability: Reachability;
  readonly requests: Requests;
  readonly voice: Voice;
}

const QUESTION_REGEXP = /^dial-back\/1 ([1-9]\d{0,4}) [0-9a-f-]{36}$/;
const PORT_MAX = 65_535;
/** What our own software calls itself: others answer the question and do not dial. */
const OURS_REGEXP = /^barnacle\//;
const SECONDS_PER_MINUTE = 60;

/** See the module's description. */
export class DialBack {
  readonly #components: DialBackComponents;
  readonly #perAddress: RateLimiter;
  #port: number | undefined;
  #underWay = 0;
  #askedAtMs = -Infinity;

  constructor(components: DialBackComponents) {
    this.#components = components;
    const perSecond = DIAL_BACKS_PER_MINUTE / SECONDS_PER_MINUTE;
    this.#perAddress = new RateLimiter(components, {
      perSecond,
      burst: DIAL_BACKS_PER_MINUTE,
      keysMax: RATE_KEYS_MAX,
    });
  }

  /** @param port the one on which we listen: there we want to be dialled. Nobody is asked before */
  start(port: number): void {
    this.#port = port;
  }

  /** Asks one of the peers that we connected to, if that is still open. */
  askSomebody(): void {
    const { clock, links, random, reachability } = this.#components;
    const nowMs = clock.monotonicMs();
    if (!reachability.isToBeAsked || nowMs - this.#askedAtMs < ASK_BACK_SPACING_MS) return;
    const peers = [...links.all].filter(canBeAsked);
    // Those that are known to dial are asked first.
    const ours = peers.filter(isOurs);
    const from = ours.length > 0 ? ours : peers;
    const link = from[Math.floor(random.unit() * from.length)];
    if (link === undefined) return;
    this.#askedAtMs = nowMs;
    this.#ask(link);
  }

  /** A `PING` came: perhaps it asks to be dialled back. */
  asked(link: Link, { from, to, body }: MessageOf<"PING">): void {
    const port = Number(QUESTION_REGEXP.exec(body.nonce)?.[1]);
    const { connection, peerId, relay } = link;
    if (Number.isNaN(port) || port > PORT_MAX || to === undefined || from !== peerId) return;
    if (connection === undefined || relay !== undefined || link.origin !== "accepted") return;
    const { counts } = this.#components;
    if (this.#underWay >= DIAL_BACKS_MAX || this.#perAddress.take(link.remoteKey) > 0) {
      return counts.dialBack("refused");
    }
    this.#underWay++;
    this.#dial(connection.remote.host, port, from).then(
      (isThere) => counts.dialBack(isThere ? "dialled" : "failed"),
      () => counts.dialBack("failed"),
    ).finally(() => this.#underWay--);
  }

  #ask(link: Link): void {
    const { counts, reachability, requests, voice } = this.#components;
    const { peerId } = link;
    if (peerId === undefined || this.#port === undefined) return;
    const nonce = `dial-back/1 ${this.#port} ${voice.newId()}`;
    const request: Request = {
      kind: "PING",
      key: nonce,
      to: peerId,
      link,
      answered: () => isOurs(link) && reachability.asked(),
      failed: () => undefined,
    };
    if (!voice.say(link, "PING", peerId, { nonce })) return request.failed(failure("CONNECTION_LOST", "it is gone"));
    requests.add(request);
    counts.dialBack("asked");
  }

  async #dial(host: string, port: number, nodeId: string): Promise<boolean> {
    const { dialler, links } = this.#components;
    const { link } = await dialler.dial({ scheme: "tcp", host, port }, nodeId, DIAL_BACK_TIMEOUT_MS);
    if (link !== undefined) links.end(link, "unused");
    return link !== undefined;
  }
}

/** Who connected to us has shown already that we can be reached. */
function canBeAsked({ isOpen, origin, peerId, relay }: Link): boolean {
  return isOpen && peerId !== undefined && origin === "dialled" && relay === undefined;
}

function isOurs({ agent }: Link): boolean {
  return agent !== undefined && OURS_REGEXP.test(agent);
}
