/**
 * What we asked and were not answered yet. Source: MoltComm v1, section 11, reading 4.
 *
 * All requests have the same time-out, so the oldest is the first to run out: one timer serves all.
 *
 * @module
 */
import type { Clock, Timer } from "../runtime/port.ts";
import type { Link } from "./link.ts";
import type { AttemptOutcome } from "./types.ts";
import type { Message } from "./wire/types.ts";

/** Why a request came to nothing. */
export type RequestFailure = Extract<AttemptOutcome, { readonly outcome: "failed" }>;

/** A question on its way. */
export interface Request {
  /** What the answer refers to: the id of our message, or the nonce of a `PING`. */
  readonly key: string;
  readonly kind: "DIRECT" | "HELLO" | "PING" | "PEERS";
  /** The only node whose answer counts; `undefined` where we do not know yet who is there. */
  readonly to: string | undefined;
  readonly link: Link;
  /** A `HELLO` for a node behind the relay at the far end of the link. */
  readonly isThrough?: boolean;
  /** The answer, checked: signed by `to`, addressed to us. */
  answered(answer: Message): void;
  failed(failure: RequestFailure): void;
}

interface Open {
  readonly request: Request;
  readonly deadlineMs: number;
}

/** See the module's description. */
export class Requests {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onSilent: (link: Link) => void;
  /** In the order in which they run out. */
  readonly #open = new Map<string, Open>();
  #timer: Timer | undefined;

  /** @param init.onSilent a message timed out on a link on which nothing at all came meanwhile */
  constructor(
    components: { readonly clock: Clock },
    init: { readonly timeoutMs: number; readonly onSilent: (link: Link) => void },
  ) {
    this.#clock = components.clock;
    this.#timeoutMs = init.timeoutMs;
    this.#onSilent = init.onSilent;
  }

  get size(): number {
    return this.#open.size;
  }

  get(key: string): Request | undefined {
    return this.#open.get(key)?.request;
  }

  /** Adds a question that was just sent. */
  add(request: Request): void {
    const nowMs = this.#clock.monotonicMs();
    const { link } = request;
    if (link.owed++ === 0) link.owedSinceMs = nowMs;
    this.#open.set(request.key, { request, deadlineMs: nowMs + this.#timeoutMs });
    if (this.#timer === undefined) this.#setTimer(this.#timeoutMs);
  }

  /** Takes a request off the list: it is settled. */
  remove(request: Request): void {
    if (this.#open.delete(request.key)) request.link.owed--;
  }

  /** A link is gone: what it owes will never come. */
  failOf(link: Link, failure: RequestFailure): void {
    if (link.owed === 0) return;
    const owed = [...this.#open.values()].filter(({ request }) => request.link === link);
    for (const { request } of owed) this.#fail(request, failure);
  }

  failAll(failure: RequestFailure): void {
    for (const { request } of this.#open.values()) this.#fail(request, failure);
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #fail(request: Request, failure: RequestFailure): void {
    if (!this.#open.delete(request.key)) return;
    request.link.owed--;
    request.failed(failure);
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.#clock.setTimer(Math.max(1, Math.ceil(delayMs)), () => this.#expire());
  }

  #expire(): void {
    const nowMs = this.#clock.monotonicMs();
    const silent = new Set<Link>();
    const overdue = [...this.#open.values()].filter(({ deadlineMs }) => deadlineMs <= nowMs);
    for (const { request: { kind, link } } of overdue) {
      // Not every node tells of its peers; but one that takes mail says something about it.
      if (kind === "DIRECT" && nowMs - (link.lastFrameAtMs ?? link.openedAtMs) >= this.#timeoutMs) silent.add(link);
    }
    for (const { request } of overdue) {
      this.#fail(request, failure("TIMED_OUT", `no answer in ${this.#timeoutMs} ms`));
    }
    for (const link of silent) this.#onSilent(link);
    // Until here the timer that rang stands for all: what was added meanwhile has set none.
    const [next] = this.#open.values();
    this.#timer = undefined;
    if (next !== undefined) this.#setTimer(next.deadlineMs - nowMs);
  }
}

/** A failure that nobody's answer caused. */
export function failure(reason: RequestFailure["reason"], detail: string): RequestFailure {
  return { outcome: "failed", reason, byRecipient: false, detail };
}
