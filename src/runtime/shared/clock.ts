/** The clock: the same globals on all three runtimes. @module */
import type { Clock, Timer } from "../port.ts";

/** The longest delay a platform timer takes; beyond it, it would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The platform's time. */
export function createClock(): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimer(delayMs: number, callback: () => void): Timer {
      const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), DELAY_MS_MAX));
      return { cancel: () => clearTimeout(handle) };
    },
    nextTurn: (callback) => void setImmediate(callback),
  };
}
