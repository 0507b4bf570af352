/**
 * The status service: reports and registration in, health and document out. The one thing that `agent.ts` sees of this folder.
 *
 * @module
 */
import type { ReportAnswer, StatusDocument, WorkReport } from "../contract/mod.ts";
import type { Checks, Route } from "../http/mod.ts";
import type { Task } from "../scheduler/mod.ts";
import { capabilitiesAnswerOf, statusAnswerOf } from "./answers.ts";
import {
  assembleDocument,
  countSlots,
  deriveAvailability,
  deriveHealthStatus,
  type Lifecycle,
  type MomentFacts,
} from "./document.ts";
import { HealthModel } from "./health.ts";
import { type Check, type CheckScope, Parts } from "./parts.ts";
import { StatusPublisher } from "./publisher.ts";
import { Registration } from "./registration.ts";
import { WorkReports } from "./reports.ts";
import { statusRoutes } from "./routes.ts";
import { registerStatusMetrics } from "./service-metrics.ts";
import type { StatusComponents, StatusInit, StatusService } from "./types.ts";

/** Rules that depend on time alone are looked at so often. */
const JUDGE_INTERVAL_MS = 5_000;
const JUDGE_TOLERANCE_MS = 2_000;
/** Where time alone changes nothing, a look waits for company: what makes a part fail wakes the loop anyway. */
const JUDGE_CALM_TOLERANCE_MS = 25_000;
/** Both closing acts, with something to spare for the loop, fit into `STOP_TIMEOUT_MS`. */
const DRAINING_TIMEOUT_MS = 2_000;
const OFFLINE_TIMEOUT_MS = 2_500;
/** An answer to `GET /status` is good for so long, unless something happens: under load it is assembled once, not each time. */
const ANSWER_GOOD_FOR_MS = 10;

/** Makes the service. It does nothing before `start`, but answers and takes reports. */
export function createStatusService(components: StatusComponents, init: StatusInit): StatusService {
  return new Service(components, init);
}

class Service implements StatusService {
  readonly routes: readonly Route[];
  readonly #components: StatusComponents;
  readonly #init: StatusInit;
  readonly #reports: WorkReports;
  readonly #health: HealthModel;
  readonly #parts = new Parts();
  readonly #registration: Registration | undefined;
  readonly #publisher: StatusPublisher | undefined;
  readonly #startedAtMs: number;
  #lifecycle: Lifecycle = "starting";
  #known: string | undefined;
  #answer: { readonly text: string; readonly goodUntilMs: number } | undefined;
  #hasStarted = false;
  #judging: Task | undefined;
  #isCalm = true;

  constructor(components: StatusComponents, init: StatusInit) {
    this.#components = components;
    this.#init = init;
    this.#startedAtMs = components.clock.monotonicMs();
    this.#reports = new WorkReports(components, { windowMs: init.health.windowMs });
    this.#health = new HealthModel(init.health);
    const { registrationPath: path, publish } = init;
    const onChange = () => this.#registrationChanged();
    this.#registration = path === undefined ? undefined : new Registration(components, { path, onChange });
    const publisher = publish === undefined ? undefined : this.#makePublisher(publish);
    this.#publisher = publisher;
    this.routes = statusRoutes({
      statusText: () => this.#statusText(),
      capabilities: () => capabilitiesAnswerOf(init.agentName, init.service, this.#observe()),
      accept: (report) => this.accept(report),
    });
    registerStatusMetrics(components.metrics, {
      service: init.service,
      moment: () => this.#observe(),
      totals: () => this.#reports.totals,
      publisher: publisher === undefined ? undefined : () => publisher.view,
    });
  }

  async start(): Promise<void> {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const { scheduler } = this.#components;
    await this.#registration?.start();
    this.#judging = scheduler.add({
      name: "health",
      intervalMs: JUDGE_INTERVAL_MS,
      toleranceMs: this.#isCalm ? JUDGE_CALM_TOLERANCE_MS : JUDGE_TOLERANCE_MS,
      timeoutMs: JUDGE_INTERVAL_MS,
      run: () => Promise.resolve(void this.#observe()),
    });
    this.#publisher?.start();
    scheduler.onStop("status_draining", DRAINING_TIMEOUT_MS, (signal) => {
      this.#registration?.stop();
      return this.#leave("draining", signal);
    });
    // It may have been told to drain meanwhile.
    if (this.#lifecycle === "starting") this.#lifecycle = "running";
  }

  addLastClosingAct(): void {
    const act = (signal: AbortSignal) => this.#leave("offline", signal);
    this.#components.scheduler.onStop("status_offline", OFFLINE_TIMEOUT_MS, act);
  }

  drain(): void {
    if (this.#lifecycle === "starting" || this.#lifecycle === "running") this.#enter("draining");
  }

  accept(report: WorkReport): ReportAnswer {
    const holdsForSeconds = this.#reports.accept(report);
    this.#observe();
    return { accepted: true, reporter: report.reporter, holds_for_seconds: holdsForSeconds };
  }

  addCheck(name: string, check: Check, scope: CheckScope = "readiness"): void {
    this.#parts.add(name, check, scope);
  }

  document(): StatusDocument {
    return this.#assemble(this.#observe());
  }

  readinessChecks(): Checks {
    const isRunning = () => this.#lifecycle === "running";
    const lifecycle = () => isRunning() ? { ok: true } : { ok: false, message: this.#lifecycle };
    return { lifecycle, ...this.#parts.readinessChecks() };
  }

  #makePublisher(publish: NonNullable<StatusInit["publish"]>): StatusPublisher {
    const components = { ...this.#components, fetch: publish.fetch };
    const { onPublished, service: { intervalMs } } = this.#init;
    const init = { ...publish, intervalMs, ...(onPublished === undefined ? {} : { onPublished }) };
    const publisher = new StatusPublisher(components, init, (notBeforeMs) => this.#assembleForPublisher(notBeforeMs));
    this.#parts.add("receiver", () => {
      const { failingForMs } = publisher.view;
      const message = `nothing was taken for ${Math.round(failingForMs / 1_000)} s`;
      return { ok: failingForMs < publish.receiverUnreachableMs, message };
    }, "health");
    this.#parts.add("clock", () => {
      const { receiverAheadMs } = publisher.view;
      const offBySeconds = Math.round(Math.abs(receiverAheadMs) / 1_000);
      const message = `the receiver's clock is ${offBySeconds} s ${receiverAheadMs > 0 ? "ahead of" : "behind"} ours`;
      return { ok: Math.abs(receiverAheadMs) <= publish.clockSkewMaxMs, message };
    }, "health");
    return publisher;
  }

  /** Judges the moment. What readers should know soon is published at once, unless the caller is about to do so anyway. */
  #observe(init: { readonly isForPublisher: boolean } = { isForPublisher: false }): MomentFacts {
    const { clock } = this.#components;
    const agents = this.#registration?.agents ?? [];
    const work = this.#reports.summarize();
    const failingParts = this.#parts.failing();
    const verdict = this.#health.observe({
      nowMs: clock.monotonicMs(),
      outcomes: work.outcomes,
      queueLength: work.queueLength,
      concurrentTasks: countSlots(agents),
      silent: work.silent,
      failingParts,
    });
    const moment: MomentFacts = {
      assembledAtMs: Math.floor(clock.wallMs()),
      uptimeMs: clock.monotonicMs() - this.#startedAtMs,
      lifecycle: this.#lifecycle,
      agents,
      isRegistrationBroken: this.#registration?.problem !== undefined,
      work,
      verdict,
      failingPartNames: failingParts.map((part) => part.name),
    };
    this.#answer = undefined;
    const isCalm = this.#reports.isStill && verdict.rules.length === 0 && this.#publisher?.isFailing !== true;
    if (isCalm !== this.#isCalm) this.#paceJudging(isCalm);
    const hasChanged = this.#noticeChange(moment);
    if (hasChanged && !init.isForPublisher && this.#lifecycle === "running") this.#publisher?.changed();
    return moment;
  }

  /** Looks at the time more often while it matters. */
  #paceJudging(isCalm: boolean): void {
    this.#isCalm = isCalm;
    this.#judging?.setToleranceMs(isCalm ? JUDGE_CALM_TOLERANCE_MS : JUDGE_TOLERANCE_MS);
  }

  /** @returns whether health or availability are others than they were */
  #noticeChange(moment: MomentFacts): boolean {
    const health = deriveHealthStatus(moment.lifecycle, moment.verdict);
    const availability = deriveAvailability(this.#init.service, moment);
    const now = `${health} and ${availability}`;
    const before = this.#known;
    this.#known = now;
    const hasDegraded = health === "degraded" && before?.startsWith(health) !== true;
    if (hasDegraded) this.#init.onDegraded?.();
    if (before === now || before === undefined) return false;
    const rules = moment.verdict.rules.map(({ rule, message }) => ({ rule, message }));
    this.#components.log.info("status_changed", { message: `From ${before} to ${now}`, health, availability, rules });
    return true;
  }

  #registrationChanged(): void {
    const agents = this.#registration?.agents ?? [];
    this.#reports.expect(
      agents.flatMap(({ name, report_within_seconds: withinSeconds }) =>
        withinSeconds === undefined ? [] : [{ name, withinSeconds }]
      ),
    );
    this.#observe();
    this.#publisher?.changed();
  }

  #assemble(moment: MomentFacts): StatusDocument {
    return assembleDocument(this.#init.service, moment, this.#components.random.uuid());
  }

  #assembleForPublisher(notBeforeMs: number): StatusDocument {
    const moment = this.#observe({ isForPublisher: true });
    return this.#assemble({ ...moment, assembledAtMs: Math.max(moment.assembledAtMs, notBeforeMs) });
  }

  #statusText(): string {
    const nowMs = this.#components.clock.monotonicMs();
    if (this.#answer !== undefined && nowMs < this.#answer.goodUntilMs) return this.#answer.text;
    const moment = this.#observe();
    const tasks = this.#components.scheduler.snapshot();
    const document = this.#assemble(moment);
    const text = JSON.stringify(
      statusAnswerOf(this.#init.agentName, document, moment, this.#publisher?.view, tasks, this.#init.local?.()),
    );
    this.#answer = { text, goodUntilMs: nowMs + ANSWER_GOOD_FOR_MS };
    return text;
  }

  #enter(lifecycle: Lifecycle): void {
    this.#lifecycle = lifecycle;
    this.#observe();
  }

  async #leave(lifecycle: Lifecycle, signal: AbortSignal): Promise<void> {
    this.#enter(lifecycle);
    await this.#publisher?.publishLast(signal);
  }
}
