/** The naming rules of metrics: Prometheus' own, and its conventions as far as they can be checked. @module */
import { BarnacleError } from "../errors.ts";

/** The kinds of the text exposition format that we use. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** Ours begin with `barnacle_`; `process_` holds the names that every Prometheus client library shares. */
const METRIC_NAME = /^(?:barnacle|process)(?:_[a-z0-9]+)+$/;
/** Prometheus wants base units: seconds, bytes, ratios. */
const DERIVED_UNIT =
  /_(?:ms|milliseconds|microseconds|minutes|hours|days|percent|kib|mib|kilobytes|megabytes)(?:_total)?$/;
/** Endings that the format gives to parts of other metrics. */
const RESERVED_ENDING = /_(?:total|bucket|sum|count)$/;
const LABEL_NAME = /^[a-z][a-z0-9_]*$/;
/** Labels that the format uses itself. */
const RESERVED_LABELS: readonly string[] = ["le", "quantile"];

/**
 * Checks a metric's name and label names.
 *
 * @throws `INTERNAL` when a rule is broken: names are written by us, so this is our own mistake
 */
export function checkNames(name: string, kind: MetricKind, labelNames: readonly string[]): void {
  if (!METRIC_NAME.test(name)) refuse(name, "lower case words after barnacle_ or process_");
  if (DERIVED_UNIT.test(name)) refuse(name, "a base unit (seconds, bytes, ratio)");
  if (kind === "counter" && !name.endsWith("_total")) refuse(name, "a counter's name to end in _total");
  if (kind !== "counter" && RESERVED_ENDING.test(name)) {
    refuse(name, `a ${kind}'s name without _total, _bucket, _sum or _count`);
  }
  for (const label of labelNames) {
    if (!LABEL_NAME.test(label) || RESERVED_LABELS.includes(label)) {
      refuse(`${name}{${label}}`, "a lower case label, not le or quantile");
    }
  }
  if (new Set(labelNames).size !== labelNames.length) refuse(`${name}{${labelNames.join()}}`, "each label once");
}

function refuse(value: string, wanted: string): never {
  throw new BarnacleError({ code: "INTERNAL", action: "Register a metric", value, wanted });
}
