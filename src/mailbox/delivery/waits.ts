/** Recipients that wait after a failure, and the task that wakes for the next of them. @module */
import type { Clock, Random } from "../../runtime/port.ts";
import type { Task } from "../../scheduler/mod.ts";
import { DueLanes } from "./due-lanes.ts";
import type { Lane } from "./lane.ts";
import { BACKOFF, REACHABLE_SPACING_MS, RETRY_TOLERANCE_MS } from "./limits.ts";

/** Beyond this many doublings the longest wait is reached. */
const DOUBLINGS_MAX = 30;

/** See the module's description. */
export class Waits {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #random: Pick<Random, "unit">;
  readonly #due = new DueLanes();
  #task: Pick<Task, "setIntervalMs"> | undefined;
  /** What the task is set to. */
  #armedForMs: number | undefined;

  constructor(components: { readonly clock: Pick<Clock, "monotonicMs">; readonly random: Pick<Random, "unit"> }) {
    this.#clock = components.clock;
    this.#random = components.random;
  }

  get size(): number {
    return this.#due.size;
  }

  /** @param task what runs when a wait ends; it begins without an interval */
  begin(task: Pick<Task, "setIntervalMs">): void {
    this.#task = task;
  }

  /** Lets a recipient wait, longer with each failure in a row (D2). */
  add(lane: Lane): void {
    const boundMs = Math.min(BACKOFF.maxMs, BACKOFF.initialMs * 2 ** Math.min(lane.failures - 1, DOUBLINGS_MAX));
    lane.phase = "waiting";
    lane.dueAtMs = this.#clock.monotonicMs() + Math.round(this.#random.unit() * boundMs);
    this.#due.add(lane);
    this.#arm();
  }

  /** Lets it wait on, as long as it was to. */
  resume(lane: Lane): void {
    lane.phase = "waiting";
    this.#due.add(lane);
    this.#arm();
  }

  /** Lets one that waits do so for this long from now. */
  restart(lane: Lane, durationMs: number): void {
    this.#due.remove(lane);
    lane.dueAtMs = this.#clock.monotonicMs() + durationMs;
    this.resume(lane);
  }

  /** The recipient became reachable. @returns whether its wait is over; otherwise it is soon */
  cutShort(lane: Lane): boolean {
    const nowMs = this.#clock.monotonicMs();
    const allowedAtMs = lane.cutShortAtMs + REACHABLE_SPACING_MS;
    this.#due.remove(lane);
    const isOver = nowMs >= allowedAtMs;
    if (isOver) lane.cutShortAtMs = nowMs;
    else {
      lane.dueAtMs = Math.min(lane.dueAtMs, allowedAtMs);
      this.#due.add(lane);
    }
    this.#arm();
    return isOver;
  }

  /** Ends one wait at once. */
  end(lane: Lane): void {
    this.#due.remove(lane);
    this.#arm();
  }

  /** Ends the waits that are due, or all. @returns whose they were, in their order */
  take(which: "due" | "all"): Lane[] {
    const untilMs = which === "all" ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() + RETRY_TOLERANCE_MS;
    const lanes: Lane[] = [];
    for (let lane = this.#due.take(untilMs); lane !== undefined; lane = this.#due.take(untilMs)) lanes.push(lane);
    // The task goes on with the interval that it was set to, until it is set anew.
    this.#armedForMs = undefined;
    this.#arm();
    return lanes;
  }

  /** Sets the task to the next wait that ends. */
  #arm(): void {
    const dueMs = this.#due.nextDueMs;
    if (dueMs !== undefined && dueMs === this.#armedForMs) return;
    this.#armedForMs = dueMs;
    // An interval counts from now only where there was none.
    this.#task?.setIntervalMs(null);
    if (dueMs !== undefined) this.#task?.setIntervalMs(Math.max(1, dueMs - this.#clock.monotonicMs()));
  }
}
