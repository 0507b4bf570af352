/**
 * What the work on this host has reported, as it stands now. Source: the status contract, "Local health, and where it comes from".
 *
 * All times are monotonic: a hold is a duration, and a clock that is set must neither silence nor revive a reporter.
 *
 * @module
 */
import { REPORT_HOLDS_FOR_SECONDS_DEFAULT, type WorkReport } from "../contract/mod.ts";
import { REPORTERS_MAX } from "../limits.ts";
import type { Clock } from "../runtime/port.ts";
import { type OutcomeCounts, OutcomeWindow } from "./outcome-window.ts";

/** A reporter whose numbers ran out so long ago is gone for good, and no longer a reason for anything. */
export const REPORTER_FORGOTTEN_AFTER_MS = 10 * 60_000;

/** An agent that must report. */
export interface ExpectedReporter {
  readonly name: string;
  readonly withinSeconds: number;
}

/** A reporter that should have reported and has not. */
export interface SilentReporter {
  readonly reporter: string;
  /** Since its numbers ran out or its time was up. */
  readonly silentForSeconds: number;
}

/** The reports as they stand at one moment. */
export interface WorkSummary {
  readonly activeTasks: number;
  readonly queueLength: number;
  readonly silent: readonly SilentReporter[];
  /** Finished tasks in the window. */
  readonly outcomes: OutcomeCounts;
  /** Seconds since a task last succeeded; `undefined` when none has. */
  readonly lastSuccessSeconds: number | undefined;
}

interface Numbers {
  activeTasks: number;
  queueLength: number;
  holdsUntilMs: number;
  /** It is known to report again, by its own word or by its rhythm: when it does not, it is silent. */
  isAwaited: boolean;
}

interface Expectation {
  readonly withinMs: number;
  heardAtMs: number;
}

/** Keeps the numbers of each reporter, and counts finished work. Does nothing on its own: it is asked. */
export class WorkReports {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #window: OutcomeWindow;
  /** In the order in which they were last heard, so that the first is the one longest silent. */
  readonly #reporters = new Map<string, Numbers>();
  #expected = new Map<string, Expectation>();
  #lastSuccessAtMs: number | undefined;
  #succeededTotal = 0;
  #failedTotal = 0;

  /** @param init.windowMs over which finished tasks count for the error rate */
  constructor(components: { readonly clock: Pick<Clock, "monotonicMs"> }, init: { readonly windowMs: number }) {
    this.#clock = components.clock;
    this.#window = new OutcomeWindow(init.windowMs);
  }

  /**
   * Takes one report, already checked.
   *
   * A report with a number, or with `holds_for_seconds`, renews the reporter's hold; a number it does not name stays as it was. A
   * report of finished work alone leaves the hold as it is. `leaving` takes the reporter's numbers away at once; what it finished counts.
   *
   * Numbers that run out count no more. Whose numbers run out is silent only if another report was to be expected: it named
   * `holds_for_seconds`, which is a promise, or this was not the first report that holds, which is a rhythm. One that reports once,
   * such as a script, owes nothing. A silent reporter is forgotten after `REPORTER_FORGOTTEN_AFTER_MS`.
   * Beyond `REPORTERS_MAX` reporters the one longest unheard is dropped.
   *
   * @returns how many seconds the report holds; `null` when it says nothing that could run out
   */
  accept(report: WorkReport): number | null {
    const nowMs = this.#clock.monotonicMs();
    this.#countOutcomes(nowMs, { succeeded: report.succeeded ?? 0, failed: report.failed ?? 0 });
    const expectation = this.#expected.get(report.reporter);
    if (expectation !== undefined) expectation.heardAtMs = nowMs;
    const known = this.#known(report.reporter, nowMs);
    const before = known !== undefined && nowMs < known.holdsUntilMs ? known : undefined;
    if (report.leaving === true) {
      this.#reporters.delete(report.reporter);
      return null;
    }
    const hasNumbers = report.active_tasks !== undefined || report.queue_length !== undefined;
    const holdsForSeconds = report.holds_for_seconds ?? (hasNumbers ? REPORT_HOLDS_FOR_SECONDS_DEFAULT : undefined);
    if (holdsForSeconds === undefined) {
      // Heard again: it is silent no more, although the numbers that ran out do not come back.
      if (before === undefined) this.#reporters.delete(report.reporter);
      return null;
    }
    this.#remember(report.reporter, {
      activeTasks: report.active_tasks ?? before?.activeTasks ?? 0,
      queueLength: report.queue_length ?? before?.queueLength ?? 0,
      holdsUntilMs: nowMs + holdsForSeconds * 1_000,
      isAwaited: report.holds_for_seconds !== undefined || known !== undefined,
    });
    return holdsForSeconds;
  }

  /** Replaces the list of those who must report. The time of one that is new on the list starts now. */
  expect(reporters: readonly ExpectedReporter[]): void {
    const nowMs = this.#clock.monotonicMs();
    this.#expected = new Map(reporters.map(({ name, withinSeconds }) => [name, {
      withinMs: withinSeconds * 1_000,
      heardAtMs: this.#expected.get(name)?.heardAtMs ?? nowMs,
    }]));
  }

  /** How it stands now. */
  summarize(): WorkSummary {
    const nowMs = this.#clock.monotonicMs();
    let activeTasks = 0;
    let queueLength = 0;
    const silent = new Map<string, number>();
    for (const [reporter, numbers] of this.#reporters) {
      const silentForMs = nowMs - numbers.holdsUntilMs;
      if (silentForMs < 0) {
        activeTasks += numbers.activeTasks;
        queueLength += numbers.queueLength;
      } else if (silentForMs < REPORTER_FORGOTTEN_AFTER_MS) {
        if (numbers.isAwaited) silent.set(reporter, silentForMs);
      } else {
        this.#reporters.delete(reporter);
      }
    }
    for (const [reporter, { heardAtMs, withinMs }] of this.#expected) {
      const silentForMs = nowMs - heardAtMs - withinMs;
      if (silentForMs >= 0) silent.set(reporter, Math.max(silentForMs, silent.get(reporter) ?? 0));
    }
    return {
      activeTasks: Math.min(activeTasks, Number.MAX_SAFE_INTEGER),
      queueLength: Math.min(queueLength, Number.MAX_SAFE_INTEGER),
      silent: Array.from(silent, ([reporter, ms]) => ({ reporter, silentForSeconds: Math.floor(ms / 1_000) })),
      outcomes: this.#window.counts(nowMs),
      lastSuccessSeconds: this.#lastSuccessAtMs === undefined
        ? undefined
        : Math.floor((nowMs - this.#lastSuccessAtMs) / 1_000),
    };
  }

  /** Nothing is known that counts for less, or makes somebody silent, by the mere passing of time. */
  get isStill(): boolean {
    const { failed, succeeded } = this.#window.counts(this.#clock.monotonicMs());
    return this.#reporters.size === 0 && this.#expected.size === 0 && succeeded + failed === 0;
  }

  /** Finished tasks since the start. */
  get totals(): OutcomeCounts {
    return { succeeded: this.#succeededTotal, failed: this.#failedTotal };
  }

  /** Reporters whose numbers are remembered. */
  get reporterCount(): number {
    return this.#reporters.size;
  }

  #countOutcomes(nowMs: number, counts: OutcomeCounts): void {
    this.#window.add(nowMs, counts);
    this.#succeededTotal += counts.succeeded;
    this.#failedTotal += counts.failed;
    if (counts.succeeded > 0) this.#lastSuccessAtMs = nowMs;
  }

  /** What is remembered of a reporter, whether it still holds or not. */
  #known(reporter: string, nowMs: number): Numbers | undefined {
    const numbers = this.#reporters.get(reporter);
    if (numbers === undefined || nowMs < numbers.holdsUntilMs + REPORTER_FORGOTTEN_AFTER_MS) return numbers;
    this.#reporters.delete(reporter);
    return undefined;
  }

  #remember(reporter: string, numbers: Numbers): void {
    this.#reporters.delete(reporter);
    const longestUnheard = this.#reporters.size >= REPORTERS_MAX ? this.#reporters.keys().next().value : undefined;
    if (longestUnheard !== undefined) this.#reporters.delete(longestUnheard);
    this.#reporters.set(reporter, numbers);
  }
}
