/** How fast a file grows, seen from outside: whoever writes it is not disturbed. */
import { statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** What else is asked of those who are watched, seldom: asking costs more than a look at a file. */
export interface Probe<Found> {
  readonly everyMs: number;
  ask(sample: Sample): Found;
}

const LOOK_MS = 5;

/** Looks at a file until it has grown to `bytes`, or the time is over, or it stands still. */
export async function watchGrowth<Found = never>(
  file: string,
  until: { readonly bytes: number; readonly timeoutMs: number; readonly stallMs: number },
  probe?: Probe<Found>,
): Promise<{ readonly samples: Sample[]; readonly found: Found[] }> {
  const found: Found[] = [];
  let askedAtMs = Number.NEGATIVE_INFINITY;
  const samples: Sample[] = [{ atMs: performance.now(), bytes: sizeOf(file) }];
  const endMs = performance.now() + until.timeoutMs;
  for (let last = samples[0] as Sample; last.bytes < until.bytes && performance.now() < endMs;) {
    await pause(LOOK_MS);
    const sample = { atMs: performance.now(), bytes: sizeOf(file) };
    if (probe !== undefined && sample.atMs - askedAtMs >= probe.everyMs) {
      found.push(probe.ask(sample));
      askedAtMs = sample.atMs;
    }
    if (sample.bytes > last.bytes) samples.push(last = sample);
    else if (last.bytes > 0 && sample.atMs - last.atMs > until.stallMs) break;
  }
  return { samples, found };
}

export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What lies between two shares of the whole growth, where neither start nor end shows. */
export function steadyMiddle<S extends Pick<Sample, "bytes">>(samples: readonly S[], from: number, to: number): S[] {
  const whole = samples.at(-1)?.bytes ?? 0;
  return samples.filter(({ bytes }) => bytes >= whole * from && bytes <= whole * to);
}

/** Bytes a second from the first sample to the last. */
export function rateOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || first === last) return Number.NaN;
  return ((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs);
}

/** The rate of each stretch of at least `sliceMs`. */
export function sliceRates(samples: readonly Sample[], sliceMs: number): number[] {
  const rates: number[] = [];
  let first = samples[0];
  for (const sample of samples) {
    if (first === undefined || sample.atMs - first.atMs < sliceMs) continue;
    rates.push(rateOf([first, sample]));
    first = sample;
  }
  return rates;
}
