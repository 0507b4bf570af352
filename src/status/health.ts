/**
 * Whether the service is well: facts in, verdict out, with a memory that keeps it from flapping. Source: the status contract, "Mapping".
 *
 * Each rule has two conditions. It starts to apply when it fires, and ends only when its calm condition, which is stricter than not
 * firing where that makes a difference, has held without a break for `recoveryMs`. So `degraded` lasts at least that long.
 *
 * @module
 */
import type { OutcomeCounts } from "./outcome-window.ts";
import type { SilentReporter } from "./reports.ts";

/** The rules that degrade, by the names under which they appear in `health.details.rules`. */
export type HealthRule = "error_rate" | "queue_over_capacity" | "reporter_silent" | "part_failing";

/** The thresholds. Durations are milliseconds. */
export interface HealthInit {
  /** The window of the error rate; for the words only, the counts come in. */
  readonly windowMs: number;
  /** A larger share of failed tasks fires; 1 never does. Calm is half of it. */
  readonly errorRateThreshold: number;
  /** With fewer finished tasks in the window the error rate does not fire. */
  readonly errorRateTasksMin: number;
  /** A queue longer than the capacity fires after so long without a break. */
  readonly queueWindowMs: number;
  /** Every rule must have been calm for so long before it ends. */
  readonly recoveryMs: number;
}

/** A part of the agent that fails. Its name may be published, its message is for this host only. */
export interface FailingPart {
  readonly name: string;
  readonly message: string;
}

/** The facts of one moment. */
export interface HealthFacts {
  /** Monotonic milliseconds, never less than at an earlier call. */
  readonly nowMs: number;
  readonly outcomes: OutcomeCounts;
  readonly queueLength: number;
  /** Slots; 0 means that nobody said, and then no queue is too long. */
  readonly concurrentTasks: number;
  readonly silent: readonly SilentReporter[];
  readonly failingParts: readonly FailingPart[];
}

/** A rule that applies. */
export interface AppliedRule {
  readonly rule: HealthRule;
  /** Fit to be published: numbers and our own words, no text of anybody else. */
  readonly reason: string;
  /** For this host only: with the names of reporters and the words of the failing parts. */
  readonly message: string;
  /** It no longer fires, and has not been calm for long enough. */
  readonly recovering: boolean;
}

/** The verdict: `degraded` while any rule applies. */
export interface HealthVerdict {
  readonly status: "healthy" | "degraded";
  readonly rules: readonly AppliedRule[];
}

interface Reading {
  readonly firing: boolean;
  readonly calm: boolean;
  readonly reason: string;
  readonly message?: string;
}

interface RuleMemory {
  reason: string;
  message: string;
  calmSinceMs: number | undefined;
}

const NAMES_SHOWN_MAX = 8;

/** The health of one service over time. */
export class HealthModel {
  readonly #init: HealthInit;
  readonly #applied = new Map<HealthRule, RuleMemory>();
  #queueOverSinceMs: number | undefined;

  constructor(init: HealthInit) {
    this.#init = init;
  }

  /** Takes the facts of now and gives the verdict of now. */
  observe(facts: HealthFacts): HealthVerdict {
    const readings: readonly (readonly [HealthRule, Reading])[] = [
      ["error_rate", this.#readErrorRate(facts)],
      ["queue_over_capacity", this.#readQueue(facts)],
      ["reporter_silent", readReporters(facts.silent)],
      ["part_failing", readParts(facts.failingParts)],
    ];
    const rules: AppliedRule[] = [];
    for (const [rule, reading] of readings) {
      const memory = this.#remember(facts.nowMs, rule, reading);
      if (memory === undefined) continue;
      rules.push({ rule, reason: memory.reason, message: memory.message, recovering: !reading.firing });
    }
    return { status: rules.length > 0 ? "degraded" : "healthy", rules };
  }

  #remember(nowMs: number, rule: HealthRule, reading: Reading): RuleMemory | undefined {
    const { reason, message = reason } = reading;
    const before = this.#applied.get(rule);
    if (reading.firing) {
      const memory: RuleMemory = { reason, message, calmSinceMs: undefined };
      this.#applied.set(rule, memory);
      return memory;
    }
    if (before === undefined) return undefined;
    before.calmSinceMs = reading.calm ? before.calmSinceMs ?? nowMs : undefined;
    if (before.calmSinceMs === undefined || nowMs - before.calmSinceMs < this.#init.recoveryMs) return before;
    this.#applied.delete(rule);
    return undefined;
  }

  #readErrorRate({ outcomes }: HealthFacts): Reading {
    const { errorRateThreshold: threshold, errorRateTasksMin, windowMs } = this.#init;
    const finished = outcomes.succeeded + outcomes.failed;
    const rate = finished === 0 ? 0 : outcomes.failed / finished;
    return {
      firing: finished >= errorRateTasksMin && rate > threshold,
      calm: rate <= threshold / 2,
      reason: `${outcomes.failed} of ${finished} tasks failed within ${Math.round(windowMs / 1_000)} s, ` +
        `more than ${Math.round(threshold * 1_000) / 10} %`,
    };
  }

  #readQueue({ nowMs, queueLength, concurrentTasks }: HealthFacts): Reading {
    const isOver = concurrentTasks > 0 && queueLength > concurrentTasks;
    this.#queueOverSinceMs = isOver ? this.#queueOverSinceMs ?? nowMs : undefined;
    const sinceMs = this.#queueOverSinceMs;
    return {
      firing: sinceMs !== undefined && nowMs - sinceMs >= this.#init.queueWindowMs,
      calm: !isOver,
      reason: `the queue has been longer than the capacity of ${concurrentTasks} for ` +
        `${Math.round(this.#init.queueWindowMs / 1_000)} s or more, ${queueLength} now`,
    };
  }
}

function readReporters(silent: readonly SilentReporter[]): Reading {
  const shown = silent.slice(0, NAMES_SHOWN_MAX).map((one) => `"${one.reporter}" for ${one.silentForSeconds} s`);
  const more = silent.length > shown.length ? `, and ${silent.length - shown.length} more` : "";
  return {
    firing: silent.length > 0,
    calm: silent.length === 0,
    reason: silent.length === 1 ? "a reporter has gone silent" : `${silent.length} reporters have gone silent`,
    message: `gone silent: ${shown.join(", ")}${more}`,
  };
}

function readParts(parts: readonly FailingPart[]): Reading {
  return {
    firing: parts.length > 0,
    calm: parts.length === 0,
    reason: `failing: ${parts.map((part) => part.name).join(", ")}`,
    message: parts.map((part) => `${part.name}: ${part.message}`).join("; "),
  };
}
