/**
 * The end of the loop: waits for what is running, then does the closing acts in order, all within one bound.
 *
 * A part that hangs must not eat the time of those behind it: `offline` has to go out even when a task ignores its
 * signal and `draining` gets no answer. So where the bounds of what is still to come exceed the time that is left, each
 * gets its share.
 *
 * @module
 */
import { BarnacleError, toBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Clock } from "../runtime/port.ts";
import type { Alarm } from "./alarm.ts";

/** The part of the whole bound that running work gets at least, however much time the closing acts want. */
const SETTLE_SHARE_MIN = 0.2;

/** An act of the end. */
export interface ClosingAct {
  readonly name: string;
  readonly timeoutMs: number;
  readonly act: (signal: AbortSignal) => Promise<void>;
}

/** Something that is still running. */
export interface Unfinished {
  readonly name: string;
  readonly done: Promise<void>;
}

/** What the end works with. */
export interface ClosingComponents {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly alarm: Alarm;
  readonly log: Logger;
}

/** Runs once; see the module's description. */
export class Closing {
  readonly #clock: ClosingComponents["clock"];
  readonly #alarm: Alarm;
  readonly #log: Logger;
  #deadlineMs = Infinity;
  /** Ends the phase that is being waited for at the deadline; `undefined` between two. */
  #shorten: (() => void) | undefined;

  constructor(components: ClosingComponents) {
    this.#clock = components.clock;
    this.#alarm = components.alarm;
    this.#log = components.log;
  }

  /** Draws the deadline nearer; a later one than before changes nothing. */
  endWithin(timeoutMs: number): void {
    const deadlineMs = this.#clock.monotonicMs() + Math.max(0, timeoutMs);
    if (deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#shorten?.();
  }

  /** Never rejects: what fails or hangs is logged, and the next act follows. */
  async run(unfinished: readonly Unfinished[], acts: readonly ClosingAct[]): Promise<void> {
    await this.#settle(unfinished, sumOfBounds(acts));
    for (const [index, act] of acts.entries()) {
      const wantedMs = sumOfBounds(acts.slice(index));
      const shareMs = (this.#leftMs() * act.timeoutMs) / wantedMs;
      await this.#perform(act, Math.min(act.timeoutMs, shareMs));
    }
  }

  async #settle(unfinished: readonly Unfinished[], actsMs: number): Promise<void> {
    if (unfinished.length === 0) return;
    const open = new Map(unfinished.map(({ name, done }) => [done, name]));
    const all = unfinished.map(({ done }) => done.finally(() => open.delete(done)));
    const leftMs = this.#leftMs();
    const hasEnded = await this.#within(Promise.allSettled(all), Math.max(leftMs - actsMs, leftMs * SETTLE_SHARE_MIN));
    if (!hasEnded) this.#log.warn("stop_left_running", { names: [...open.values()] });
  }

  async #perform(act: ClosingAct, boundMs: number): Promise<void> {
    const action = `Perform the closing act "${act.name}"`;
    const wanted = `an end within ${Math.round(boundMs)} ms`;
    const late = new BarnacleError({ code: "TIMED_OUT", action, value: "no end", wanted });
    if (boundMs <= 0) {
      this.#log.warn("closing_act_failed", { act: act.name, error: late });
      return;
    }
    const controller = new AbortController();
    const report = (thrown: unknown) => {
      if (!controller.signal.aborted) {
        this.#log.warn("closing_act_failed", { act: act.name, error: toBarnacleError(thrown, action) });
      }
    };
    const done = started(() => act.act(controller.signal)).catch(report);
    if (await this.#within(done, boundMs)) return;
    this.#log.warn("closing_act_failed", { act: act.name, error: late });
    controller.abort(late);
  }

  /** @returns whether `work` settled within the bound and before the deadline */
  async #within(work: Promise<unknown>, boundMs: number): Promise<boolean> {
    const boundAtMs = this.#clock.monotonicMs() + boundMs;
    const rang = new Promise<boolean>((resolve) => {
      this.#shorten = () => this.#alarm.set(Math.min(boundAtMs, this.#deadlineMs), () => resolve(false));
      this.#shorten();
    });
    try {
      return await Promise.race([work.then(() => true), rang]);
    } finally {
      this.#shorten = undefined;
      this.#alarm.clear();
    }
  }

  #leftMs(): number {
    return Math.max(0, this.#deadlineMs - this.#clock.monotonicMs());
  }
}

/** Makes a rejection of what is thrown before the first `await`. */
async function started(act: () => Promise<void>): Promise<void> {
  await act();
}

function sumOfBounds(acts: readonly ClosingAct[]): number {
  return acts.reduce((sumMs, { timeoutMs }) => sumMs + timeoutMs, 0);
}
