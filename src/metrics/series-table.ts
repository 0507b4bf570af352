/**
 * The series of one metric, found by label values.
 *
 * Found means found without making anything: the values lead through nested maps, one level for each label, so that
 * counting an event costs a few look-ups and no garbage. The number of series is bounded; samples beyond the bound go
 * to one overflow series, whose every label value is `overflow`, because dropping them would make sums wrong.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import { METRIC_SERIES_MAX } from "../limits.ts";
import type { Labels } from "./types.ts";

/** The label value of samples that found no room. */
const OVERFLOW_LABEL_VALUE = "overflow";

/** One level of the tree: the next level, or at the last label the series itself. */
type Level<Series> = Map<string, Level<Series> | Series>;

/** What a table works with. */
export interface SeriesTableInit<Series> {
  readonly name: string;
  readonly labelNames: readonly string[];
  /** Makes a series. @param labelValues in the order of `labelNames` */
  readonly make: (labelValues: readonly string[]) => Series;
  /** Told of each sample that went to the overflow series. */
  readonly onOverflow: () => void;
}

/** See the module's description. */
export class SeriesTable<Series> {
  readonly #init: SeriesTableInit<Series>;
  readonly #root: Level<Series> = new Map();
  readonly #all: { readonly labelValues: readonly string[]; readonly series: Series }[] = [];
  /** The one series of a metric without labels, there from the beginning so that it is shown before the first event. */
  readonly #unlabelled: Series | undefined;
  #overflow: Series | undefined;

  constructor(init: SeriesTableInit<Series>) {
    this.#init = init;
    this.#unlabelled = init.labelNames.length === 0 ? this.#make([]) : undefined;
  }

  /**
   * The series of these label values, made when new.
   *
   * @throws `INTERNAL` when a label is missing or not declared
   */
  get(labels: Labels | undefined): Series {
    const { labelNames } = this.#init;
    if (this.#unlabelled !== undefined && labels === undefined) return this.#unlabelled;
    let found: Level<Series> | Series | undefined = this.#root;
    for (let index = 0; index < labelNames.length && found !== undefined; index++) {
      const value = labels?.[labelNames[index] as string];
      if (value === undefined) break;
      found = (found as Level<Series>).get(value);
      if (found !== undefined && index === labelNames.length - 1) return found as Series;
    }
    return this.#add(labels ?? {});
  }

  /** Every series, sorted by label values. */
  sorted(): Series[] {
    return [...this.#all].sort((left, right) => compareLists(left.labelValues, right.labelValues)).map((entry) =>
      entry.series
    );
  }

  #add(labels: Labels): Series {
    const { name, labelNames, onOverflow } = this.#init;
    const given = Object.keys(labels);
    if (given.length !== labelNames.length || !labelNames.every((label) => typeof labels[label] === "string")) {
      const wanted = `the labels {${labelNames.join()}}`;
      throw new BarnacleError({ code: "INTERNAL", action: `Count in ${name}`, value: `{${given.join()}}`, wanted });
    }
    if (this.#unlabelled !== undefined) return this.#unlabelled;
    if (this.#all.length < METRIC_SERIES_MAX) return this.#insert(labelNames.map((label) => labels[label] as string));
    onOverflow();
    this.#overflow ??= this.#make(labelNames.map(() => OVERFLOW_LABEL_VALUE));
    return this.#overflow;
  }

  #insert(labelValues: readonly string[]): Series {
    const series = this.#make(labelValues);
    let level = this.#root;
    for (const value of labelValues.slice(0, -1)) {
      const next = (level.get(value) as Level<Series> | undefined) ?? new Map();
      level.set(value, next);
      level = next;
    }
    level.set(labelValues[labelValues.length - 1] as string, series);
    return series;
  }

  #make(labelValues: readonly string[]): Series {
    const series = this.#init.make(labelValues);
    this.#all.push({ labelValues, series });
    return series;
  }
}

/** By UTF-16 code units, not by language: the order must be the same everywhere. */
function compareLists(left: readonly string[], right: readonly string[]): number {
  for (let index = 0; index < left.length; index++) {
    const [a, b] = [left[index] ?? "", right[index] ?? ""];
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}
