/** Counters, gauges and histograms: what a feature holds and what the registry renders. @module */
import { BarnacleError } from "../errors.ts";
import { SeriesTable } from "./series-table.ts";
import { braced, headText, labelsText, numberText } from "./text.ts";
import type { Counter, Gauge, Histogram, Labels } from "./types.ts";

/** What all instruments are made from. */
export interface InstrumentInit {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly onOverflow: () => void;
}

/** One number under a name and labels; the text before the number is made once. */
interface NumberSeries {
  readonly prefix: string;
  value: number;
}

interface HistogramSeries {
  /** Observations by bucket, not cumulated; the last is `+Inf`. */
  readonly counts: number[];
  readonly bucketPrefixes: readonly string[];
  readonly sumPrefix: string;
  readonly countPrefix: string;
  sum: number;
}

function numberTable(init: InstrumentInit): SeriesTable<NumberSeries> {
  const { name, labelNames, onOverflow } = init;
  const make = (values: readonly string[]) => ({
    prefix: `${name}${braced(labelsText(labelNames, values))} `,
    value: 0,
  });
  return new SeriesTable({ name, labelNames, onOverflow, make });
}

function numbersText(init: InstrumentInit, kind: string, table: SeriesTable<NumberSeries>): string {
  const series = table.sorted();
  if (series.length === 0) return "";
  const lines = series.map(({ prefix, value }) => `${prefix}${numberText(value)}\n`);
  return headText(init.name, kind, init.help) + lines.join("");
}

export class CounterInstrument implements Counter {
  readonly #init: InstrumentInit;
  readonly #table: SeriesTable<NumberSeries>;

  constructor(init: InstrumentInit) {
    this.#init = init;
    this.#table = numberTable(init);
  }

  /** @throws `INTERNAL` when `by` is negative or no number: one such sample would spoil the series for good */
  increment(labels?: Labels, by = 1): void {
    if (!(by >= 0)) refuseSample(this.#init.name, by, "zero or more");
    this.#table.get(labels).value += by;
  }

  render(): string {
    return numbersText(this.#init, "counter", this.#table);
  }
}

export class GaugeInstrument implements Gauge {
  readonly #init: InstrumentInit;
  readonly #table: SeriesTable<NumberSeries>;

  constructor(init: InstrumentInit) {
    this.#init = init;
    this.#table = numberTable(init);
  }

  set(value: number, labels?: Labels): void {
    this.#table.get(labels).value = value;
  }

  render(): string {
    return numbersText(this.#init, "gauge", this.#table);
  }
}

export class HistogramInstrument implements Histogram {
  readonly #init: InstrumentInit;
  readonly #buckets: readonly number[];
  readonly #table: SeriesTable<HistogramSeries>;

  /** @throws `INTERNAL` when the buckets are none, not finite or not rising */
  constructor(init: InstrumentInit, buckets: readonly number[]) {
    const isRising = buckets.every((bound, index) =>
      Number.isFinite(bound) && bound > (buckets[index - 1] ?? -Infinity)
    );
    if (buckets.length === 0 || !isRising) {
      const wanted = "finite, rising buckets";
      throw new BarnacleError({ code: "INTERNAL", action: `Register ${init.name}`, value: buckets.join(), wanted });
    }
    this.#init = init;
    this.#buckets = buckets;
    const { name, labelNames, onOverflow } = init;
    const make = (values: readonly string[]) => histogramSeries(name, labelsText(labelNames, values), buckets);
    this.#table = new SeriesTable({ name, labelNames, onOverflow, make });
  }

  /** @throws `INTERNAL` when the value is no number */
  observe(value: number, labels?: Labels): void {
    if (Number.isNaN(value)) refuseSample(this.#init.name, value, "a number");
    const series = this.#table.get(labels);
    let bucket = 0;
    while (bucket < this.#buckets.length && value > (this.#buckets[bucket] as number)) bucket++;
    series.counts[bucket] = (series.counts[bucket] as number) + 1;
    series.sum += value;
  }

  render(): string {
    const all = this.#table.sorted();
    if (all.length === 0) return "";
    return headText(this.#init.name, "histogram", this.#init.help) + all.map(histogramText).join("");
  }
}

function histogramSeries(name: string, labels: string, buckets: readonly number[]): HistogramSeries {
  const comma = labels === "" ? "" : ",";
  const bounds = [...buckets, Infinity];
  return {
    counts: bounds.map(() => 0),
    bucketPrefixes: bounds.map((bound) => `${name}_bucket{${labels}${comma}le="${numberText(bound)}"} `),
    sumPrefix: `${name}_sum${braced(labels)} `,
    countPrefix: `${name}_count${braced(labels)} `,
    sum: 0,
  };
}

function histogramText(series: HistogramSeries): string {
  let count = 0;
  let text = "";
  for (const [index, prefix] of series.bucketPrefixes.entries()) {
    count += series.counts[index] as number;
    text += `${prefix}${count}\n`;
  }
  return `${text}${series.sumPrefix}${numberText(series.sum)}\n${series.countPrefix}${count}\n`;
}

function refuseSample(name: string, value: number, wanted: string): never {
  throw new BarnacleError({ code: "INTERNAL", action: `Count in ${name}`, value: String(value), wanted });
}
