/** What features know of metrics. @module */

/** Label values of one sample, by label name. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  /** @param by zero or more, default 1 */
  increment(labels?: Labels, by?: number): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

/** A registry. Names follow Prometheus: `barnacle_` prefix, base unit last (`_seconds`, `_bytes`), counters end in `_total`. */
export interface Metrics {
  /** @throws `INTERNAL` when the name is taken by another kind or breaks the naming rules */
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** A gauge or counter whose samples are read when the registry is rendered: nothing is paid until somebody asks. */
  observed(
    name: string,
    kind: "gauge" | "counter",
    help: string,
    read: () => number | readonly { readonly labels: Labels; readonly value: number }[],
  ): void;
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): Histogram;
  /** The text exposition format, version 0.0.4. */
  render(): string;
}
