/**
 * Several ways to the same end, tried one beside the other. Source: the idea of RFC 8305, "Happy Eyeballs".
 *
 * @module
 */
import type { Clock, Timer } from "../../runtime/port.ts";

/** One way. Gives what was sought, or why there is none. It looks at `isOver` before it goes on to anything that costs. */
export type Starter<Found, Failure> = (race: { readonly isOver: boolean }) => Promise<Outcome<Found, Failure>>;

/** What a way came to. */
export type Outcome<Found, Failure> =
  | { readonly found: Found }
  | { readonly failures: readonly Failure[] };

/** How a race is run. */
export interface RaceInit {
  /** How long each way has before the next is tried beside it. One that fails sooner makes room at once. */
  readonly headStartMs: number;
  /** Default: as long as the race that it is a part of. */
  readonly timeoutMs?: number;
  /** The race of which it is a part: it ends with it. */
  readonly within?: { readonly isOver: boolean };
}

/**
 * The first success; where there is none, all failures, in the order of the ways. What is under way when another has won goes on alone.
 * Rejects when a way does.
 */
export function race<Found, Failure>(
  clock: Pick<Clock, "setTimer">,
  starters: readonly Starter<Found, Failure>[],
  { headStartMs, timeoutMs, within }: RaceInit,
): Promise<Outcome<Found, Failure>> {
  return new Promise((resolve, reject) => {
    const failures: (readonly Failure[])[] = starters.map(() => []);
    let isEnded = false;
    const state = {
      get isOver() {
        return isEnded || within?.isOver === true;
      },
    };
    let started = 0;
    let ended = 0;
    let headStart: Timer | undefined;
    const end = (act: () => void): void => {
      if (isEnded) return;
      isEnded = true;
      headStart?.cancel();
      timeout?.cancel();
      act();
    };
    const runOut = (): void => end(() => resolve({ failures: failures.flat() }));
    const timeout = timeoutMs === undefined ? undefined : clock.setTimer(timeoutMs, runOut);
    const startNext = (): void => {
      headStart?.cancel();
      const index = started;
      const starter = starters[index];
      if (starter === undefined || state.isOver) return;
      started++;
      if (started < starters.length) headStart = clock.setTimer(headStartMs, startNext);
      starter(state).then((outcome) => {
        if ("found" in outcome) return end(() => resolve(outcome));
        failures[index] = outcome.failures;
        ended++;
        if (ended === starters.length) end(() => resolve({ failures: failures.flat() }));
        else startNext();
      }, (thrown: unknown) => end(() => reject(thrown)));
    };
    if (starters.length === 0) end(() => resolve({ failures: [] }));
    startNext();
  });
}
