/** How messages end, and who hears of it: the journal, the log, the counters (D4). @module */
import type { Logger } from "../../log/mod.ts";
import type { Clock } from "../../runtime/port.ts";
import type { Keeper } from "../types.ts";
import type { DeliveryJournal } from "./journal.ts";
import type { Lane } from "./lane.ts";
import { FAILURES_LOGGED_MAX, UNREACHABLE_ROUNDS } from "./limits.ts";
import { Patience } from "./patience.ts";
import type { PendingMessage } from "./pending-message.ts";

/** What is told of an ending. */
export interface EndingsComponents {
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly log: Logger;
  readonly journal: Pick<DeliveryJournal, "delivered" | "failed">;
}

/** See the module's description. */
export class Endings {
  readonly #components: EndingsComponents;
  readonly #patience: Patience;
  #delivered = 0;
  #failed = 0;

  constructor(components: EndingsComponents, giveUpAfterMs: number) {
    this.#components = components;
    this.#patience = new Patience(giveUpAfterMs);
  }

  get delivered(): number {
    return this.#delivered;
  }

  get failed(): number {
    return this.#failed;
  }

  deliver(lane: Lane, message: PendingMessage): void {
    const { journal, log } = this.#components;
    const { attempts, id, to } = message;
    lane.remove(message);
    journal.delivered(message);
    this.#delivered++;
    log.debug("mail_delivered", { to, id, attempts });
    lane.isAway = false;
    if (!lane.isReported) return;
    lane.isReported = false;
    log.resolve(problemOf(lane), "recipient_reached", { to });
  }

  fail(lane: Lane, message: PendingMessage, reason: string): void {
    const { attempts, id, to } = message;
    this.#end(lane, message, reason);
    this.#components.log.warn("mail_failed", { to, id, attempts, reason });
  }

  /** Gives up what has waited too long for a recipient that has just failed to answer. What is behind it goes on. */
  giveUpOverdue(lane: Lane): void {
    const { clock, log } = this.#components;
    const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    const reason = `not delivered in time; at last: ${lane.lastError}`;
    let count = 0;
    for (let message = lane.head; message !== undefined;) {
      const { next } = message;
      const verdict = this.#patience.judge(message, now);
      if (verdict === "in-time") break;
      if (verdict === "over" && ++count <= FAILURES_LOGGED_MAX) this.fail(lane, message, reason);
      else if (verdict === "over") this.#end(lane, message, reason);
      message = next;
    }
    if (count > FAILURES_LOGGED_MAX) log.warn("mail_failed", { to: lane.to, messages: count, reason });
  }

  /** Reports a recipient that has not taken anything for some rounds, until it does. */
  reportUnreachable(lane: Lane): void {
    if (lane.keeper !== undefined) return this.#reportAway(lane, lane.keeper);
    if (lane.failures < UNREACHABLE_ROUNDS) return;
    lane.isReported = true;
    const { count, lastError, to } = lane;
    this.#components.log.problem(problemOf(lane), "warn", "recipient_unreachable", {
      to,
      reason: lastError,
      pending: count,
    });
  }

  /** Its mail waits elsewhere: nothing is wrong with that. */
  #reportAway(lane: Lane, { address: relay }: Keeper): void {
    if (lane.isAway) return;
    lane.isAway = true;
    this.#components.log.info("recipient_away", { to: lane.to, relay, message: "the relay keeps its mail for it" });
  }

  #end(lane: Lane, message: PendingMessage, reason: string): void {
    lane.remove(message);
    this.#components.journal.failed(message, reason);
    this.#failed++;
  }
}

function problemOf(lane: Lane): string {
  return `recipient_unreachable:${lane.to}`;
}
