/** What the status service tells Prometheus: read when somebody asks, paid for by nobody else. @module */
import { availability, healthStatus } from "../contract/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import { countSlots, deriveAvailability, deriveHealthStatus, type MomentFacts, type ServiceFacts } from "./document.ts";
import type { OutcomeCounts } from "./outcome-window.ts";
import type { PublisherView } from "./publisher.ts";

/** Where the numbers come from. */
export interface MetricSources {
  readonly service: ServiceFacts;
  moment(): MomentFacts;
  totals(): OutcomeCounts;
  /** `undefined` when nothing is published. */
  readonly publisher: (() => PublisherView) | undefined;
}

/** Registers the metrics of the work and of the status. */
export function registerStatusMetrics(metrics: Metrics, sources: MetricSources): void {
  const { service } = sources;
  const gauge = (name: string, help: string, read: () => number) => metrics.observed(name, "gauge", help, read);
  gauge("barnacle_active_tasks", "Tasks that are being worked on.", () => sources.moment().work.activeTasks);
  gauge("barnacle_queue_length", "Tasks that wait.", () => sources.moment().work.queueLength);
  gauge("barnacle_task_slots", "Tasks that can be worked on at once.", () => countSlots(sources.moment().agents));
  gauge("barnacle_registered_agents", "Agents in the registration file.", () => sources.moment().agents.length);
  gauge("barnacle_silent_reporters", "Reporters gone silent.", () => sources.moment().work.silent.length);
  metrics.observed("barnacle_task_results_total", "counter", "Finished tasks, by how they ended.", () => {
    const { succeeded, failed } = sources.totals();
    return [sample("result", "succeeded", succeeded), sample("result", "failed", failed)];
  });
  metrics.observed("barnacle_health_status", "gauge", "1 for the health status that holds, 0 for the others.", () => {
    const moment = sources.moment();
    const current = deriveHealthStatus(moment.lifecycle, moment.verdict);
    return healthStatus.options.map((status) => sample("status", status, Number(status === current)));
  });
  metrics.observed("barnacle_availability", "gauge", "1 for the availability that holds, 0 for the others.", () => {
    const current = deriveAvailability(service, sources.moment());
    return availability.options.map((value) => sample("availability", value, Number(value === current)));
  });
  const { publisher } = sources;
  if (publisher === undefined) return;
  gauge(
    "barnacle_publish_last_success_timestamp_seconds",
    "When the status was last taken, Unix time; 0 when never.",
    () => (publisher().lastSuccessAtMs ?? 0) / 1_000,
  );
}

function sample(label: string, name: string, value: number) {
  return { labels: { [label]: name }, value };
}
