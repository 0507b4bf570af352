/**
 * The newest sample of this host, kept in memory for whoever asks.
 *
 * @module
 */
import type { TelemetryAnswer } from "../../contract/mod.ts";
import { toBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Counter, Metrics } from "../../metrics/mod.ts";
import type { Clock, ControlGroup, Files, Host, HostReading } from "../../runtime/port.ts";
import { type Figures, figuresOf, NO_FIGURES, percentage } from "./figures.ts";
import { type NginxFacts, readNginx } from "./nginx.ts";

/** What sampling works with. */
export interface SamplerComponents {
  readonly clock: Clock;
  readonly files: Pick<Files, "stat" | "list">;
  readonly host: Host;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What is sampled, and as whose. */
export interface SamplerInit {
  readonly identifier: string;
  readonly rootFs: string;
}

/** One sample. */
export interface Sample {
  /** The hardware fields of the heartbeat. */
  readonly telemetry: Figures & NginxFacts;
  /** `GET /telemetry`, and the same as JSON. */
  readonly answer: TelemetryAnswer;
  readonly text: string;
}

/** The least time over which a share of the processor is told. Source: the Monitor's contract, "The heartbeat". */
export const CPU_WINDOW_MIN_MS = 1_000;
/** What has not been read by then is left out of this sample. */
const READ_TIMEOUT_MS = 5_000;

/** Samples the host when told to. The share of the processor is that of the time since the sample before. */
export class Sampler {
  readonly #components: SamplerComponents;
  readonly #init: SamplerInit;
  readonly #problems: Counter;
  #processor: { readonly atMs: number; readonly times: HostReading["processor"] } | undefined;
  #figures: Figures = NO_FIGURES;
  #nginx: NginxFacts = { nginx_installed: false, nginx_sites: [] };
  #newest: Sample | undefined;
  #failing: ReadonlySet<string> = new Set();

  constructor(components: SamplerComponents, init: SamplerInit) {
    this.#components = components;
    this.#init = init;
    this.#problems = components.metrics.counter(
      "barnacle_monitor_telemetry_problems_total",
      "Parts of the host that could not be measured, by part.",
      ["part"],
    );
  }

  /** `undefined` until the processor has been looked at twice. */
  get newest(): Sample | undefined {
    return this.#newest;
  }

  /**
   * Takes a sample, unless the last look at the processor was less than a second ago.
   *
   * @returns whether there is a sample now; `false` after the first look
   */
  async sample(): Promise<boolean> {
    const { clock } = this.#components;
    const startedMs = clock.monotonicMs();
    const before = this.#processor;
    if (before !== undefined && startedMs - before.atMs < CPU_WINDOW_MIN_MS) return this.#newest !== undefined;
    const reading = await this.#read();
    const problems = reading.problems.map(({ part, message }) => ({ part: part as string, message }));
    const nginx = await this.#readNginx();
    if (nginx.problem !== undefined) problems.push({ part: "nginx", message: nginx.problem });
    this.#report(problems);
    this.#processor = { atMs: startedMs, times: reading.processor ?? before?.times };
    this.#figures = figuresOf(reading, before?.times, this.#figures);
    this.#nginx = nginx.facts;
    if (before === undefined) return false;
    this.#keep(reading.cgroup, problems.map(({ part, message }) => `${part}: ${message}`));
    return true;
  }

  async #read(): Promise<HostReading> {
    const { clock, host } = this.#components;
    const controller = new AbortController();
    const timer = clock.setTimer(READ_TIMEOUT_MS, () => controller.abort());
    try {
      return await host.read({ rootFs: this.#init.rootFs, signal: controller.signal });
    } finally {
      timer.cancel();
    }
  }

  async #readNginx(): Promise<{ readonly facts: NginxFacts; readonly problem?: string }> {
    try {
      return { facts: await readNginx(this.#components.files, this.#init.rootFs) };
    } catch (thrown) {
      const { action, code } = toBarnacleError(thrown, "Look for nginx");
      return { facts: this.#nginx, problem: `${action}: ${code}` };
    }
  }

  #keep(cgroup: ControlGroup | undefined, problems: readonly string[]): void {
    const telemetry = { ...this.#figures, ...this.#nginx };
    const answer: TelemetryAnswer = {
      identifier: this.#init.identifier,
      ...telemetry,
      sampled_at: new Date(this.#components.clock.wallMs()).toISOString(),
      ...(problems.length === 0 ? {} : { problems: [...problems] }),
      ...cgroupFields(cgroup),
    };
    this.#newest = { telemetry, answer, text: JSON.stringify(answer) };
  }

  /** Each is counted; the log hears of it when it begins and when it ends. */
  #report(problems: readonly { readonly part: string; readonly message: string }[]): void {
    const { log } = this.#components;
    for (const { part, message } of problems) {
      this.#problems.increment({ part });
      log.problem(`monitor_telemetry_${part}`, "warn", "telemetry_incomplete", {
        message: `${message}: "${part}" keeps its last value`,
        part,
      });
    }
    const failing = new Set(problems.map(({ part }) => part));
    for (const part of this.#failing) {
      if (!failing.has(part)) log.resolve(`monitor_telemetry_${part}`, "telemetry_complete", { part });
    }
    this.#failing = failing;
  }
}

/** Beside the host's own values, and not in the heartbeat. */
function cgroupFields(group: ControlGroup | undefined): Partial<TelemetryAnswer> {
  if (group === undefined) return {};
  const { processorCountMax, memoryBytesMax, memoryUsedBytes } = group;
  return {
    ...(processorCountMax === undefined ? {} : { cgroup_cpu_limit_cores: processorCountMax }),
    ...(memoryBytesMax === undefined ? {} : { cgroup_mem_limit_bytes: memoryBytesMax }),
    ...(memoryUsedBytes === undefined ? {} : { cgroup_mem_used_bytes: memoryUsedBytes }),
    ...(memoryBytesMax === undefined || memoryUsedBytes === undefined
      ? {}
      : { cgroup_mem_pct: percentage(memoryUsedBytes / memoryBytesMax) }),
  };
}
