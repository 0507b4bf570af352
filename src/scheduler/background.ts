/** Work beside the tasks: started once, tracked to its end. @module */
import { BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import { BACKGROUND_WORKS_MAX } from "../limits.ts";
import type { Logger } from "../log/mod.ts";

interface Work {
  readonly name: string;
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/** Keeps hold of every promise that nobody awaits: its failure is logged, its end can be waited for. */
export class Background {
  readonly #log: Logger;
  readonly #works = new Set<Work>();
  #isStopped = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Starts `work`, unless the loop is stopping or `BACKGROUND_WORKS_MAX` are in progress; a refusal is logged as a
   * problem.
   */
  spawn(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    if (this.#isStopped || this.#works.size >= BACKGROUND_WORKS_MAX) {
      const message = this.#isStopped ? "The loop is stopping" : `${this.#works.size} works are in progress already`;
      this.#log.problem(`background:${name}:refused`, "warn", "background_refused", { message, name });
      return;
    }
    const controller = new AbortController();
    const tracked: Work = {
      name,
      controller,
      done: this.#run(name, work, controller.signal).then(() => this.#forget(tracked)),
    };
    this.#works.add(tracked);
  }

  /** Refuses new works and tells the running ones to end. @returns their ends */
  stop(): readonly { readonly name: string; readonly done: Promise<void> }[] {
    this.#isStopped = true;
    const works = [...this.#works];
    for (const { controller, name } of works) {
      controller.abort(new BarnacleError({ code: "ABORTED", action: `Finish "${name}"` }));
    }
    return works;
  }

  async #run(name: string, work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    // Noted before it is started: what it does before its first await may stop the loop.
    await Promise.resolve();
    try {
      signal.throwIfAborted();
      await work(signal);
      this.#log.resolve(`background:${name}`, "background_recovered", { name });
    } catch (thrown) {
      const error = toBarnacleError(thrown, `Finish "${name}"`);
      if (signal.aborted && isBarnacleError(error, "ABORTED")) return;
      this.#log.problem(`background:${name}`, "error", "background_failed", { name, error });
    }
  }

  #forget(work: Work): void {
    this.#works.delete(work);
  }
}
