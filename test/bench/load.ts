/** The bench's side of the load process. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { LoadPlan, LoadReport, LoadResult } from "./load-plan.ts";
import { ProcessorMeter, readMainThreadMs } from "./process-counters.ts";
import type { Server } from "./servers.ts";

/** Enough to keep a server's processor core busy; more connections add waiting only. */
export const FULL_LOAD_CONNECTIONS = 64;

export interface Slice extends LoadResult {
  readonly requestsPerSecond: number;
  /** What the server spent, all threads. */
  readonly processorUsPerRequest: number;
  /** The share of the time in which the server had work: near 1 means that the load was enough. */
  readonly busy: number;
}

export class LoadProcess {
  #child: ChildProcess | undefined;

  start(): void {
    this.#child = fork(join(import.meta.dirname, "load-process.ts"));
  }

  /** @throws Error when the load failed, or an answer had another status than those wanted */
  async run(plan: LoadPlan, ...wantedStatuses: readonly number[]): Promise<LoadResult> {
    const report = await this.#ask(plan);
    if ("error" in report) throw new Error(`Load port ${plan.port}: ${report.error}`);
    const { statuses } = report.result;
    if (Object.keys(statuses).some((status) => !wantedStatuses.includes(Number(status)))) {
      throw new Error(
        `Load port ${plan.port}: wanted ${wantedStatuses.join(" or ")} only, got ${JSON.stringify(statuses)}`,
      );
    }
    return report.result;
  }

  /**
   * Loads a server and counts what it spent.
   *
   * @param settleMs how long the server may go on working for what it answered; this work counts too
   */
  async measure(
    server: Server,
    plan: Omit<LoadPlan, "port">,
    wanted: { status: number; settleMs: number },
  ): Promise<Slice> {
    const meter = new ProcessorMeter(server.pid);
    meter.reset();
    const beforeMs = readMainThreadMs(server.pid);
    const result = await this.run({ ...plan, port: server.port }, wanted.status);
    const busyMs = readMainThreadMs(server.pid) - beforeMs;
    await pause(wanted.settleMs);
    return {
      ...result,
      requestsPerSecond: (result.answers * 1_000) / result.elapsedMs,
      processorUsPerRequest: (meter.sampleMs() * 1_000) / result.answers,
      busy: busyMs / result.elapsedMs,
    };
  }

  #ask(plan: LoadPlan): Promise<LoadReport> {
    const child = this.#child;
    if (child === undefined) throw new Error("The load process has not been started");
    return new Promise((done, fail) => {
      const ended = () => fail(new Error("The load process ended"));
      child.once("exit", ended);
      child.once("message", (report) => {
        child.off("exit", ended);
        done(report as LoadReport);
      });
      child.send(plan);
    });
  }

  stop(): void {
    this.#child?.disconnect();
  }
}
