/**
 * The `Retry-After` field. Source: RFC 9110, section 10.2.3.
 *
 * @module
 */

/**
 * Reads seconds or an HTTP date.
 *
 * @param nowMs Unix milliseconds
 * @returns milliseconds from now, zero or more; `undefined` for a missing or malformed field
 */
export function parseRetryAfter(field: string | null, nowMs: number): number | undefined {
  const text = field?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  // An HTTP date begins with the day's name; `Date.parse` alone would take much else.
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
