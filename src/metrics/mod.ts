/** Counters, gauges and histograms in Prometheus' text format. @module */
export * from "./types.ts";
