/** Counters, gauges and histograms in Prometheus' text format. @module */
export { type ProcessMetricsSource, registerProcessMetrics } from "./process-metrics.ts";
export { createMetrics } from "./registry.ts";
export { METRICS_CONTENT_TYPE } from "./text.ts";
export * from "./types.ts";
