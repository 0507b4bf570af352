/**
 * Which agents exist on this host, kept in step with the registration file. Source: the status contract, "Local health".
 *
 * @module
 */
import type { RegisteredAgent } from "../contract/mod.ts";
import { type BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Files, FileWatcher } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { readRegistration } from "./registration-file.ts";

/** What the registration works with. */
export interface RegistrationComponents {
  readonly files: Pick<Files, "read" | "stat" | "watch">;
  readonly log: Logger;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** The loop's first look comes so soon and makes the watch: made at once, it would keep the first who asks waiting. */
const FIRST_LOOK_MS = 200;
/** Without the platform telling of changes, they are seen within so long. */
const LOOK_INTERVAL_MS = 30_000;
const LOOK_TOLERANCE_MS = 10_000;
const LOOK_TIMEOUT_MS = 10_000;
/** An editor's save is several changes; the file is read once they are over. */
const SETTLE_MS = 200;
const PROBLEM_KEY = "registration";

/** The agents of the last good version of the file. A broken edit keeps them, a missing file means none. */
export class Registration {
  readonly #components: RegistrationComponents;
  readonly #path: string;
  readonly #onChange: () => void;
  #agents: readonly RegisteredAgent[] = [];
  #problem: BarnacleError | undefined;
  /** What `stat` told of the version that was read last. */
  #version: string | undefined;
  #task: Task | undefined;
  #watcher: FileWatcher | undefined;

  /** @param init.onChange called after the agents or the problem changed */
  constructor(components: RegistrationComponents, init: { readonly path: string; readonly onChange: () => void }) {
    this.#components = components;
    this.#path = init.path;
    this.#onChange = init.onChange;
  }

  get agents(): readonly RegisteredAgent[] {
    return this.#agents;
  }

  /** What is wrong with the file as it is now; `undefined` when it is the version whose agents count. */
  get problem(): BarnacleError | undefined {
    return this.#problem;
  }

  /** Reads the file, then keeps looking. A broken file is reported, not thrown. */
  async start(): Promise<void> {
    if (this.#task !== undefined) return;
    const task = this.#components.scheduler.add({
      name: "registration",
      intervalMs: LOOK_INTERVAL_MS,
      firstDelayMs: LOOK_INTERVAL_MS,
      toleranceMs: LOOK_TOLERANCE_MS,
      timeoutMs: LOOK_TIMEOUT_MS,
      run: () => {
        this.#watcher ??= this.#watch(task);
        return this.#look();
      },
    });
    this.#task = task;
    task.nudge({ withinMs: FIRST_LOOK_MS });
    await this.#look();
  }

  /** Stops looking. Idempotent. */
  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#task?.remove();
    this.#task = undefined;
  }

  /** A platform that cannot watch is no reason not to start: the loop looks besides. */
  #watch(task: Task): FileWatcher | undefined {
    try {
      return this.#components.files.watch(this.#path, () => task.nudge({ withinMs: SETTLE_MS }));
    } catch (thrown) {
      const error = toBarnacleError(thrown, "Watch the agent registration");
      this.#components.log.debug("registration_watch_failed", { error });
      return undefined;
    }
  }

  async #look(): Promise<void> {
    const version = await this.#readVersion();
    if (version !== undefined && version === this.#version) return;
    try {
      const agents = await readRegistration(this.#components.files, this.#path);
      this.#version = version;
      this.#accept(agents);
    } catch (thrown) {
      const error = toBarnacleError(thrown, "Read the agent registration");
      // What is wrong with the content stays wrong until it changes; a disk that fails is tried again at each look.
      this.#version = isBarnacleError(error, "REGISTRATION_INVALID", "BODY_TOO_LARGE") ? version : undefined;
      this.#refuse(error);
    }
  }

  /** @returns `undefined` when it cannot be told, so that the file is read; the file's absence is a version too */
  async #readVersion(): Promise<string | undefined> {
    try {
      const stat = await this.#components.files.stat(this.#path);
      return `${stat.fileId}:${stat.modifiedAtMs}:${stat.sizeBytes}`;
    } catch (thrown) {
      return isBarnacleError(thrown, "FILE_NOT_FOUND") ? "missing" : undefined;
    }
  }

  #accept(agents: readonly RegisteredAgent[]): void {
    const hadProblem = this.#problem !== undefined;
    const isSame = JSON.stringify(agents) === JSON.stringify(this.#agents);
    this.#agents = agents;
    this.#problem = undefined;
    if (hadProblem) this.#components.log.resolve(PROBLEM_KEY, "registration_recovered", { agents: agents.length });
    if (isSame && !hadProblem) return;
    this.#components.log.info("registration_loaded", { agents: agents.map((agent) => agent.name) });
    this.#onChange();
  }

  #refuse(error: BarnacleError): void {
    const message = `${error.message}; the agents of the last good version stay (${this.#agents.length})`;
    this.#problem = error;
    this.#components.log.problem(PROBLEM_KEY, "error", "registration_invalid", { message, error });
    this.#onChange();
  }
}
