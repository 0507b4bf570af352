/**
 * One of the other agents: its work directory is taken and its mail started as if it had a daemon of its own. What keeps it from starting
 * is told and tried again, and is nobody else's trouble.
 *
 * @module
 */
import { writeCarrier } from "../carried-by.ts";
import type { LoadedConfig, OtherAgent as OtherAgentSettings } from "../config/mod.ts";
import type { AgentMailAnswer, WakingAnswer } from "../contract/mod.ts";
import { type BarnacleError, toBarnacleError } from "../errors.ts";
import { type MailComponents, type MailStart, type MakeMail, startMail } from "../mail.ts";
import type { Mail } from "../mail.ts";
import type { FileLock } from "../runtime/port.ts";
import type { Task } from "../scheduler/mod.ts";
import { WorkDirectory } from "../store/mod.ts";

/** Whose mail, and how it is made. */
export interface OtherAgentInit {
  readonly agent: OtherAgentSettings;
  /** The configuration as this agent has it. */
  readonly loaded: LoadedConfig;
  /** The work directory of the daemon. */
  readonly hostDirectory: string;
  /** The node of its own by default. */
  readonly makeMail: MakeMail | undefined;
  /** Left for the commands on this host. */
  readonly endpointText: string;
}

const START_AGAIN_MS = 10_000;
const START_TIMEOUT_MS = 60_000;
const PROBLEM = "agent_mail";

/** See the module's description. Does nothing until `start`. */
export class OtherAgent {
  readonly settings: OtherAgentSettings;
  readonly components: MailComponents;
  readonly loaded: LoadedConfig;
  readonly #init: OtherAgentInit;
  readonly #workDirectory: WorkDirectory;
  readonly #onStarted: ((start: MailStart) => void)[] = [];
  #task: Task | undefined;
  #lock: FileLock | undefined;
  #start: MailStart | undefined;
  #trouble: BarnacleError | undefined;
  #startsSinceMs = 0;
  #hasWord = false;
  #stopped: Promise<void> | undefined;

  /** @param components with log, metrics and loop as this agent uses them */
  constructor(components: MailComponents, init: OtherAgentInit) {
    this.components = components;
    this.settings = init.agent;
    this.loaded = init.loaded;
    this.#init = init;
    this.#workDirectory = new WorkDirectory({ ...components, logger: components.log }, {
      directory: init.agent.directory,
    });
  }

  /** Its mail; `undefined` until it has started. */
  get mail(): Mail | undefined {
    return this.#start?.mail;
  }

  /** Calls `listener` once its mail was started, or is already. */
  onStarted(listener: (start: MailStart) => void): void {
    if (this.#start === undefined) this.#onStarted.push(listener);
    else listener(this.#start);
  }

  /** Why its mail does not work, for people; `undefined` when it does. */
  problem(): string | undefined {
    if (this.#trouble !== undefined) {
      const { code, hint, message } = this.#trouble;
      return `its mail has not started: ${message} (${code})${hint === undefined ? "" : `; ${hint}`}`;
    }
    return this.#start === undefined ? "its mail is starting" : this.#start.problem();
  }

  /** As `problem`, for health: a start may take its moment. */
  failure(): string | undefined {
    const isJustStarting = this.#start === undefined && this.#trouble === undefined &&
      this.components.clock.monotonicMs() - this.#startsSinceMs < START_AGAIN_MS;
    return isJustStarting ? undefined : this.problem();
  }

  answer(waking: WakingAnswer | undefined): AgentMailAnswer {
    const { directory, id, identity } = this.settings;
    return {
      id,
      directory,
      identity,
      mail: this.mail?.answer() ?? null,
      waking: waking ?? null,
      problem: this.problem() ?? null,
    };
  }

  /** Begins to start, as a task of the loop. Idempotent. */
  start(): void {
    this.#startsSinceMs = this.components.clock.monotonicMs();
    this.#task ??= this.components.scheduler.add({
      name: "agent_start",
      intervalMs: START_AGAIN_MS,
      timeoutMs: START_TIMEOUT_MS,
      logsOwnFailures: true,
      run: () => this.#attempt(),
    });
  }

  /** Lets what is under way end, and gives the directory back. Idempotent. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #attempt(): Promise<void> {
    const { log } = this.components;
    const { loaded, makeMail } = this.#init;
    try {
      await this.#workDirectory.prepare();
      this.#lock ??= await this.#workDirectory.lock();
      const start = await startMail(this.components, loaded, makeMail);
      this.#start = start;
      this.#trouble = undefined;
      log.resolve(PROBLEM, "agent_mail_recovered");
      this.#task?.remove();
      await this.#leaveWord();
      const { directory, identity } = this.settings;
      log.info("agent_mail_started", { directory, identity, node: start.mail?.nodeId });
      for (const listener of this.#onStarted.splice(0)) listener(start);
    } catch (thrown) {
      this.#trouble = toBarnacleError(thrown, "Start the mail of an agent");
      log.problem(PROBLEM, "error", "agent_mail_not_started", { error: thrown });
      throw thrown;
    }
  }

  /** For the commands in its directory; mail works without them. */
  async #leaveWord(): Promise<void> {
    const { agent: { directory, id, identity }, endpointText, hostDirectory, loaded } = this.#init;
    try {
      if (loaded.file !== undefined) {
        const word = { directory: hostDirectory, configFile: loaded.file, agentId: id, identity };
        await writeCarrier(this.components, directory, word);
      }
      await this.#workDirectory.writeEndpoint(endpointText);
      this.#hasWord = true;
    } catch (thrown) {
      this.components.log.warn("endpoint_file_failed", { error: thrown });
    }
  }

  async #stop(): Promise<void> {
    this.#task?.remove();
    await this.#start?.stop();
    const { files } = this.components;
    if (this.#hasWord) await files.remove(this.#workDirectory.paths.endpointFile).catch(() => undefined);
    await this.#lock?.release();
  }
}
