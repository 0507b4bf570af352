/** The registry: every metric of the process by name, and their rendering. @module */
import { BarnacleError } from "../errors.ts";
import { CounterInstrument, GaugeInstrument, HistogramInstrument, type InstrumentInit } from "./instruments.ts";
import { checkNames, type MetricKind } from "./names.ts";
import type { Counter, Gauge, Histogram, Labels, Metrics } from "./types.ts";

interface Instrument {
  render(): string;
}

interface Family {
  /** What a second registration must agree with: kind, labels, buckets. */
  readonly signature: string;
  readonly instrument: Instrument;
}

/** What the registry says about itself. */
const OWN_PREFIX = "barnacle_metrics_";

type Observed = number | readonly { readonly labels: Labels; readonly value: number }[];

/**
 * Makes an empty registry.
 *
 * Registering a name again with the same kind, labels and buckets gives the metric that is there already, so that
 * several instances of a component share it. Each metric has at most `METRIC_SERIES_MAX` series; samples that would
 * make a further one are added to a series whose every label value is `overflow`, and
 * `barnacle_metrics_overflow_total{metric}` counts them.
 */
export function createMetrics(): Metrics {
  return new Registry();
}

class Registry implements Metrics {
  readonly #families = new Map<string, Family>();
  #overflow: Counter | undefined;
  #readFailures: Counter | undefined;

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return this.#register(
      name,
      "counter",
      labelNames,
      "",
      () => new CounterInstrument(this.#init(name, help, labelNames)),
    );
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return this.#register(name, "gauge", labelNames, "", () => new GaugeInstrument(this.#init(name, help, labelNames)));
  }

  histogram(name: string, help: string, buckets: readonly number[], labelNames: readonly string[] = []): Histogram {
    const make = () => new HistogramInstrument(this.#init(name, help, labelNames), buckets);
    return this.#register(name, "histogram", labelNames, buckets.join(), make);
  }

  observed(name: string, kind: "gauge" | "counter", help: string, read: () => Observed): void {
    // The number of readers so far makes each signature unlike any other: two readers of one name cannot both be right.
    const signature = `observed ${this.#families.size}`;
    this.#register(name, kind, [], signature, () => ({ render: () => this.#renderObserved(name, kind, help, read) }));
  }

  /** Families by name, series by label values: equal states render to equal texts. */
  render(): string {
    const texts = new Map<string, string>();
    for (const [name, { instrument }] of this.#families) texts.set(name, instrument.render());
    // What the registry says about itself once more: reading the observed metrics may just have added to it.
    for (const [name, { instrument }] of this.#families) {
      if (name.startsWith(OWN_PREFIX)) texts.set(name, instrument.render());
    }
    return [...texts.keys()].sort().map((name) => texts.get(name)).join("");
  }

  #init(name: string, help: string, labelNames: readonly string[]): InstrumentInit {
    return { name, help, labelNames, onOverflow: () => this.#countOverflow(name) };
  }

  #register<I extends Instrument>(
    name: string,
    kind: MetricKind,
    labelNames: readonly string[],
    detail: string,
    make: () => I,
  ): I {
    checkNames(name, kind, labelNames);
    const signature = `${kind} {${labelNames.join()}} ${detail}`;
    const existing = this.#families.get(name);
    if (existing !== undefined && existing.signature !== signature) {
      const wanted = `the kind it has already: ${existing.signature.trim()}`;
      throw new BarnacleError({ code: "INTERNAL", action: `Register ${name}`, value: signature.trim(), wanted });
    }
    // The signature names the kind, and each kind has one class.
    if (existing !== undefined) return existing.instrument as I;
    const instrument = make();
    this.#families.set(name, { signature, instrument });
    return instrument;
  }

  #countOverflow(metric: string): void {
    const help = "Samples added to an overflow series because their metric has too many.";
    this.#overflow ??= this.counter("barnacle_metrics_overflow_total", help, ["metric"]);
    this.#overflow.increment({ metric });
  }

  /** A reader that fails costs its own samples, not the scrape; the failure is counted. */
  #renderObserved(name: string, kind: "gauge" | "counter", help: string, read: () => Observed): string {
    try {
      const value = read();
      const samples = typeof value === "number" ? [{ labels: {}, value }] : value;
      const labelNames = Object.keys(samples[0]?.labels ?? {}).sort();
      if (samples.length === 0) return "";
      checkNames(name, kind, labelNames);
      return this.#renderSamples(this.#init(name, help, labelNames), kind, samples);
    } catch {
      const failed = "Scrapes in which the reader of an observed metric failed.";
      this.#readFailures ??= this.counter("barnacle_metrics_read_failures_total", failed, ["metric"]);
      this.#readFailures.increment({ metric: name });
      return "";
    }
  }

  #renderSamples(
    init: InstrumentInit,
    kind: "gauge" | "counter",
    samples: readonly { readonly labels: Labels; readonly value: number }[],
  ): string {
    if (kind === "counter") {
      const counter = new CounterInstrument(init);
      for (const { labels, value } of samples) counter.increment(labels, value);
      return counter.render();
    }
    const gauge = new GaugeInstrument(init);
    for (const { labels, value } of samples) gauge.set(value, labels);
    return gauge.render();
  }
}
