/**
 * A seeded scenario for the loop: random tasks that succeed, fail, hang or ignore their signal, under random nudges,
 * sleeps and clock jumps. Each run checks the loop's invariants as it starts and ends.
 *
 * @module
 */
import { BarnacleError } from "../../../src/errors.ts";
import { CLOCK_JUMP_MIN_MS } from "../../../src/limits.ts";
import type { RunContext, Task, TaskInit } from "../../../src/scheduler/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { type Bench, makeBench } from "./support.ts";

type Behaviour = "healthy" | "flaky" | "hangs" | "deaf";

/** One task and what was seen of it. */
class Actor {
  readonly init: Required<Pick<TaskInit, "name" | "timeoutMs" | "jitterRatio" | "toleranceMs" | "firstDelayMs">> & {
    readonly intervalMs: number;
    readonly backoff?: { readonly initialMs: number; readonly maxMs: number };
  };
  readonly behaviour: Behaviour;
  task: Task | undefined;
  starts = 0;
  failures = 0;
  nudges = 0;
  unsettled = 0;
  consecutiveFailures = 0;
  /** Loop time before which no run may start, because a failure asked for it; lifted by a forced nudge. */
  notBeforeMs = 0;
  /** Loop time by which a retry must start. */
  retryByMs = Infinity;
  hasJumped = false;

  constructor(index: number, random: SeededRandom) {
    const intervalMs = random.integer(1, 60) * 1_000;
    const backoff = { initialMs: random.integer(1, 5) * 500, maxMs: random.integer(10, 120) * 1_000 };
    this.behaviour = random.pick(["healthy", "healthy", "healthy", "flaky", "flaky", "hangs", "deaf"] as const);
    this.init = {
      name: `${this.behaviour}${index}`,
      intervalMs,
      firstDelayMs: random.integer(0, 5_000),
      jitterRatio: random.pick([0, 0.1, 0.5]),
      toleranceMs: random.pick([0, 500, 5_000]),
      timeoutMs: random.integer(1, 20) * 500,
      ...(random.chance(0.5) ? { backoff } : {}),
    };
  }
}

/** See the module's description. */
export class Scenario {
  readonly bench: Bench;
  readonly actors: readonly Actor[];
  readonly broken: string[] = [];
  readonly #random: SeededRandom;
  #ownTimers = 0;
  #skippedMs = 0;
  #jumps = 0;
  #asleepMs = 0;
  #isStopped = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.bench = makeBench({ sleepMaxMs: 60_000 }, seed + 1);
    this.actors = Array.from({ length: this.#random.integer(1, 12) }, (_, index) => new Actor(index, this.#random));
    for (const actor of this.actors) {
      actor.task = this.bench.scheduler.add({ ...actor.init, run: (context) => this.#run(actor, context) });
    }
  }

  async play(steps: number): Promise<void> {
    const { clock, scheduler } = this.bench;
    scheduler.start();
    for (let step = 0; step < steps; step++) {
      if (this.#random.chance(0.2)) this.#nudge(this.#random.pick(this.actors));
      if (this.#random.chance(0.03)) this.#jump();
      await clock.advance(this.#random.integer(0, 10_000));
      this.#check(clock.pendingCount - this.#ownTimers === 1, "S1", `${clock.pendingCount - this.#ownTimers} timers`);
      for (const actor of this.actors) {
        this.#check(
          this.#loopMs() <= actor.retryByMs || actor.hasJumped,
          "S8",
          `${actor.init.name} is not retried in time`,
        );
      }
    }
    this.#checkCounts();
  }

  async stop(timeoutMs: number): Promise<void> {
    const { clock, scheduler } = this.bench;
    const startMs = clock.monotonicMs();
    let tookMs = Infinity;
    const stopped = scheduler.stop(timeoutMs).then(() => {
      tookMs = clock.monotonicMs() - startMs;
    });
    this.#isStopped = true;
    for (const actor of this.actors) actor.task?.nudge({ force: true });
    await clock.advance(timeoutMs);
    this.#check(tookMs <= timeoutMs, "S9", `stop took ${tookMs} ms`);
    await stopped;
    this.#check(clock.pendingCount === this.#ownTimers, "S1", "a timer after stop");
    await clock.advance(100_000);
  }

  #loopMs(): number {
    return this.bench.clock.monotonicMs() + this.#skippedMs;
  }

  #nudge(actor: Actor): void {
    const force = this.#random.chance(0.2);
    actor.nudges++;
    if (force) actor.notBeforeMs = 0;
    if (force) actor.retryByMs = Infinity;
    actor.task?.nudge({ force, withinMs: this.#random.pick([0, 0, 2_000]) });
  }

  #jump(): void {
    const { clock, scheduler } = this.bench;
    const byMs = this.#random.integer(2, 200) * CLOCK_JUMP_MIN_MS;
    const kind = this.#random.pick(["back", "forward", "stands", "runs"] as const);
    if (kind === "back") {
      // Looked at before and after: a jump back hides a jump forward in the same sleep, from the loop as from anybody.
      scheduler.snapshot();
      clock.jumpWall(-byMs);
      scheduler.snapshot();
    }
    if (kind === "forward") clock.jumpWall(byMs);
    if (kind === "stands" || kind === "runs") clock.suspend(byMs, kind);
    if (kind === "back") return;
    if (kind !== "runs") this.#skippedMs += byMs;
    this.#asleepMs += byMs;
    this.#jumps++;
    for (const actor of this.actors) actor.hasJumped = true;
  }

  async #run(actor: Actor, context: RunContext): Promise<void> {
    this.#checkStart(actor, context);
    actor.starts++;
    actor.unsettled++;
    actor.hasJumped = false;
    actor.retryByMs = Infinity;
    const startMs = this.#loopMs();
    try {
      await this.#behave(actor, context.signal);
      actor.consecutiveFailures = context.signal.aborted ? actor.consecutiveFailures + 1 : 0;
    } catch (thrown) {
      if (!context.signal.aborted) this.#expectWait(actor, thrown as BarnacleError);
      throw thrown;
    } finally {
      actor.unsettled--;
      const tookMs = this.#loopMs() - startMs;
      if (actor.behaviour === "hangs" && !actor.hasJumped) {
        this.#check(
          tookMs === actor.init.timeoutMs || this.#isStopped,
          "S3",
          `${actor.init.name} was aborted after ${tookMs} ms`,
        );
      }
    }
  }

  async #behave(actor: Actor, signal: AbortSignal): Promise<void> {
    if (actor.behaviour === "hangs" && this.#random.chance(0.5)) return await this.#untilAborted(signal);
    if (actor.behaviour === "deaf" && this.#random.chance(0.3)) return await this.#wait(actor.init.timeoutMs + 30_000);
    await this.#wait(this.#random.integer(0, Math.min(actor.init.timeoutMs, actor.init.intervalMs) / 4));
    if (actor.behaviour === "hangs") return await this.#untilAborted(signal);
    if (actor.behaviour !== "flaky" || this.#random.chance(0.5)) return;
    const asked = this.#random.chance(0.3) ? { retryAfterMs: this.#random.integer(1, 90_000) } : {};
    throw new BarnacleError({ code: "UNAVAILABLE", action: "Work", ...asked });
  }

  #checkStart(actor: Actor, { reason }: RunContext): void {
    const { firstDelayMs, intervalMs, jitterRatio, name, toleranceMs } = actor.init;
    this.#check(!this.#isStopped, "S9", `${name} starts after stop`);
    this.#check(actor.unsettled === 0, "S2", `${name} overlaps itself`);
    this.#check(this.#loopMs() >= actor.notBeforeMs, "S8", `${name} does not wait as long as asked`);
    this.#check(reason !== "catch-up" || actor.hasJumped, "S6", `${name} catches up without a jump`);
    // A run that a sleeping host tore apart has timed out; its retry is off the grid.
    if (actor.behaviour !== "healthy" || reason !== "due" || actor.consecutiveFailures > 0) return;
    const jitterMs = jitterRatio * intervalMs;
    const sinceMs = this.#loopMs() - firstDelayMs + jitterMs;
    const phaseMs = ((sinceMs % intervalMs) + intervalMs) % intervalMs;
    const widthMs = 2 * jitterMs + toleranceMs + (actor.hasJumped ? CLOCK_JUMP_MIN_MS : 0);
    this.#check(phaseMs <= widthMs, "S4, S5", `${name} starts ${phaseMs} ms into a window of ${widthMs} ms`);
  }

  #expectWait(actor: Actor, { retryAfterMs }: BarnacleError): void {
    actor.failures++;
    const { backoff, toleranceMs } = actor.init;
    const nowMs = this.#loopMs();
    const boundMs = backoff === undefined
      ? 0
      : Math.min(backoff.maxMs, backoff.initialMs * 2 ** actor.consecutiveFailures++);
    // A nudge during the run may have been a forced one, which waits for nothing.
    if (actor.nudges > 0) return;
    actor.notBeforeMs = nowMs + (retryAfterMs ?? 0);
    // What was asked for may be lengthened by a tenth, in whole milliseconds.
    const askedMaxMs = Math.ceil((retryAfterMs ?? 0) * 1.1);
    if (backoff !== undefined) actor.retryByMs = nowMs + Math.max(boundMs, askedMaxMs) + toleranceMs;
  }

  /** Nobody starves, nobody storms: the runs of a task are as many as its grid, its nudges and the jumps explain. */
  #checkCounts(): void {
    const awakeMs = this.#loopMs() - this.#asleepMs;
    const states = new Map(this.bench.scheduler.snapshot().map((state) => [state.name, state]));
    for (const actor of this.actors) {
      const { firstDelayMs, intervalMs, name, toleranceMs } = actor.init;
      this.#check(
        states.get(name)?.runs === actor.starts,
        "S10",
        `${name} counts ${states.get(name)?.runs} of ${actor.starts}`,
      );
      if (actor.behaviour !== "healthy") continue;
      const slots = (awakeMs - firstDelayMs) / intervalMs;
      const mostRuns = slots + actor.nudges + 2 * this.#jumps + 2;
      // A run that starts late, or early by a jitter, serves the slots that fall into it and into its tolerance.
      const fewestRuns = (slots * 0.6 * intervalMs) / (intervalMs + toleranceMs) - 2 * this.#jumps - 2;
      this.#check(
        actor.starts <= mostRuns,
        "S6",
        `${name} ran ${actor.starts} times, at most ${mostRuns} are explained`,
      );
      this.#check(
        actor.starts >= fewestRuns,
        "S3",
        `${name} ran ${actor.starts} times, at least ${fewestRuns} were due`,
      );
    }
  }

  #check(holds: boolean, invariant: string, what: string): void {
    if (!holds) this.broken.push(`${invariant} at ${this.bench.clock.monotonicMs()} ms: ${what}`);
  }

  #wait(forMs: number): Promise<void> {
    this.#ownTimers++;
    return new Promise((resolve) =>
      this.bench.clock.setTimer(Math.floor(forMs), () => {
        this.#ownTimers--;
        resolve();
      })
    );
  }

  #untilAborted(signal: AbortSignal): Promise<void> {
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  }
}
