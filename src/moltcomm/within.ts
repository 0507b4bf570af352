/** A promise with a bound. @module */
import type { Clock } from "../runtime/port.ts";

/** What the promise gives, or `undefined` when it takes longer. */
export function within<Value>(
  clock: Pick<Clock, "setTimer">,
  promise: Promise<Value>,
  timeoutMs: number,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => resolve(undefined));
    const end = (act: () => void): void => {
      timer.cancel();
      act();
    };
    promise.then((value) => end(() => resolve(value)), (thrown: unknown) => end(() => reject(thrown)));
  });
}
