/** How many attempts are on their way. @module */
import type { Clock } from "../../runtime/port.ts";

/** See the module's description. */
export class UnderWay {
  #count = 0;
  #onNone: () => void = () => undefined;

  get count(): number {
    return this.#count;
  }

  began(): void {
    this.#count++;
  }

  settled(): void {
    if (--this.#count === 0) this.#onNone();
  }

  /** Resolves once none is left, or after so long. */
  async ended(clock: Pick<Clock, "setTimer">, withinMs: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(withinMs, resolve);
      this.#onNone = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
