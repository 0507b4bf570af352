/**
 * The hours in which nobody is woken, by the clock on the wall of this host.
 *
 * @module
 */

/** From a minute of the day to another one, which may be on the next day. */
export interface QuietHours {
  readonly fromMinute: number;
  readonly toMinute: number;
}

const HOURS_REGEXP = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** Reads `22:00-07:00`; `undefined` for another form, or hours that begin where they end. */
export function readQuietHours(text: string): QuietHours | undefined {
  const [, ...parts] = HOURS_REGEXP.exec(text) ?? [];
  if (parts.length === 0) return undefined;
  const [fromHour = 0, fromRest = 0, toHour = 0, toRest = 0] = parts.map(Number);
  const [fromMinute, toMinute] = [fromHour * 60 + fromRest, toHour * 60 + toRest];
  return fromMinute === toMinute ? undefined : { fromMinute, toMinute };
}

/**
 * How long the quiet hours last from now on, in milliseconds; 0 outside of them.
 *
 * @param wallMs Unix milliseconds, shown in the time zone of this host
 */
export function quietForMs({ fromMinute, toMinute }: QuietHours, wallMs: number): number {
  const now = new Date(wallMs);
  const minute = now.getHours() * 60 + now.getMinutes();
  const sinceMinutes = (minute - fromMinute + DAY_MINUTES) % DAY_MINUTES;
  const lengthMinutes = (toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES;
  if (sinceMinutes >= lengthMinutes) return 0;
  return (lengthMinutes - sinceMinutes) * MINUTE_MS - (wallMs % MINUTE_MS);
}
