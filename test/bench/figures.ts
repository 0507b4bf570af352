/** Several measurements of one thing, and how they are written. */

/** The middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = sort(values);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest value that at least `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = sort(values);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

function sort(values: readonly number[]): number[] {
  return [...values].sort((left, right) => left - right);
}

/** The ratios of values that were measured one beside the other. */
export function ratios(values: readonly number[], beside: readonly number[]): number[] {
  return values.slice(0, beside.length).map((value, index) => value / (beside[index] ?? Number.NaN));
}

/** `12.3`, `1,234`: three significant digits, thousands apart. */
export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `median (minimum–maximum)`; a single value stands alone. */
export function formatFigures(values: readonly number[]): string {
  const middle = formatNumber(median(values));
  if (values.length === 1) return middle;
  return `${middle} (${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))})`;
}
