/** What every Prometheus client library tells of its process, under the names they share. @module */
import type { Runtime } from "../runtime/port.ts";
import { VERSION } from "../version.ts";
import type { Metrics } from "./types.ts";

/** What the metrics are read from; a `Runtime` is one. */
export interface ProcessMetricsSource {
  readonly name: Runtime["name"];
  readonly clock: Pick<Runtime["clock"], "wallMs">;
  readonly process: Pick<Runtime["process"], "usage">;
}

/**
 * Registers `process_resident_memory_bytes`, `process_cpu_seconds_total`, `process_start_time_seconds` and
 * `barnacle_build_info{version,runtime}`. Memory and processor time are read when the registry is rendered.
 *
 * The start time is the wall clock's at this call, which comes within milliseconds of the process's own start; it is
 * read once, so that a clock set later does not look like a restart.
 */
export function registerProcessMetrics(metrics: Metrics, source: ProcessMetricsSource): void {
  const { clock, name, process } = source;
  const resident = "Resident memory size in bytes.";
  metrics.observed("process_resident_memory_bytes", "gauge", resident, () => process.usage().residentBytes);
  const processor = "Total user and system CPU time spent in seconds.";
  metrics.observed("process_cpu_seconds_total", "counter", processor, () => process.usage().processorSeconds);
  const start = "Start time of the process since unix epoch in seconds.";
  metrics.gauge("process_start_time_seconds", start).set(clock.wallMs() / 1_000);
  const build = "Always 1; the labels tell what is running.";
  metrics.gauge("barnacle_build_info", build, ["version", "runtime"]).set(1, { version: VERSION, runtime: name });
}
