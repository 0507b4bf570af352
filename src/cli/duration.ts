const UNITS: readonly (readonly [name: string, seconds: number])[] = [["d", 86_400], ["h", 3_600], ["min", 60], [
  "s",
  1,
]];

/** A span of time in its two largest units: `3 h 12 min`. Negative counts as 0. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [name, unit] of UNITS) {
    const amount = Math.floor(rest / unit);
    rest -= amount * unit;
    if (amount > 0 && parts.length < 2) parts.push(`${amount} ${name}`);
    else if (parts.length > 0) break;
  }
  return parts.length === 0 ? "0 s" : parts.join(" ");
}

/**
 * A moment as seen from `nowMs`: `12 s ago`, `in 3 min`, `never` for none.
 *
 * @param moment RFC 3339
 * @param nowMs Unix milliseconds
 */
export function formatMoment(moment: string | null | undefined, nowMs: number): string {
  if (moment === null || moment === undefined) return "never";
  const seconds = (Date.parse(moment) - nowMs) / 1_000;
  return seconds > 0.5 ? `in ${formatDuration(seconds)}` : `${formatDuration(-seconds)} ago`;
}
