/**
 * Reporting one job for as long as it runs. Nothing here can fail the job or hold it up.
 *
 * @module
 */
import type { LoadedConfig } from "../config/mod.ts";
import type { WorkReport } from "../contract/mod.ts";
import { NAME_CHARACTERS_MAX } from "../limits.ts";
import type { Timer } from "../runtime/port.ts";
import { baseName } from "../store/mod.ts";
import type { CommonFlags } from "./command.ts";
import type { CliContext } from "./context.ts";

/** How often a running job says that it still runs, and how long that holds: two renewals may get lost. */
const RENEWAL_MS = 20_000;
const HOLDS_FOR_SECONDS = 60;
/** How long one report may take: a job must not wait for an agent that hangs. */
const REPORT_TIMEOUT_MS = 2_000;

/** What the reporter is told. */
export interface JobReporterInit {
  readonly flags: CommonFlags;
  readonly name: string;
  /** Called at most once, however many reports fail. */
  readonly onFirstFailure: (thrown: unknown) => void;
}

/**
 * The name of a job that was given none: its command and the process that watches it, so that jobs at one time differ.
 */
export function jobReporterName(command: string, processId: number): string {
  const suffix = `:${processId}`;
  const plain = baseName(command).replace(/\p{Cc}/gu, "?");
  return `${plain.slice(0, NAME_CHARACTERS_MAX - suffix.length)}${suffix}`;
}

/**
 * Reports in the order they are made, one at a time; each finds the agent anew, for it may have been started or moved
 * meanwhile.
 */
export class JobReporter {
  readonly #cli: CliContext;
  readonly #init: JobReporterInit;
  #loaded: Promise<LoadedConfig> | undefined;
  #lastReport: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;
  #hasFailed = false;

  constructor(components: { readonly cli: CliContext }, init: JobReporterInit) {
    this.#cli = components.cli;
    this.#init = init;
  }

  /** Says that the job runs, now and every {@link RENEWAL_MS} from now on. */
  start(): void {
    this.#queue({ active_tasks: 1, holds_for_seconds: HOLDS_FOR_SECONDS });
    this.#timer = this.#cli.runtime.clock.setTimer(RENEWAL_MS, () => this.start());
  }

  /** Says how the job ended, and waits for that a bounded time. */
  async finish(hasSucceeded: boolean): Promise<void> {
    this.#timer?.cancel();
    this.#queue({ active_tasks: 0, ...(hasSucceeded ? { succeeded: 1 } : { failed: 1 }), leaving: true });
    await this.#lastReport;
  }

  #queue(report: Omit<WorkReport, "reporter">): void {
    this.#lastReport = this.#lastReport.then(() => this.#send({ reporter: this.#init.name, ...report }));
  }

  async #send(report: WorkReport): Promise<void> {
    try {
      const { loadConfiguration } = await import("./configuration.ts");
      const { agentClient } = await import("./endpoint.ts");
      this.#loaded ??= loadConfiguration(this.#cli, this.#init.flags);
      const client = await agentClient(this.#cli.runtime, await this.#loaded);
      try {
        await client.report(report, REPORT_TIMEOUT_MS);
      } finally {
        client.close();
      }
    } catch (thrown) {
      if (!this.#hasFailed) this.#init.onFirstFailure(thrown);
      this.#hasFailed = true;
    }
  }
}
