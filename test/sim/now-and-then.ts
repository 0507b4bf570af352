/**
 * What happens again and again in a world, at moments of chance.
 *
 * @module
 */
import { drawMs } from "./draw.ts";
import type { Range } from "./faults.ts";
import type { SeededRandom } from "./random.ts";
import type { SimWorld } from "./world.ts";

/** Calls `act` after each pause that is drawn, for the first time after the first. @returns what ends it */
export function nowAndThen(
  world: Pick<SimWorld, "after">,
  { pauseMs, random }: { readonly pauseMs: Range; readonly random: SeededRandom },
  act: () => void,
): () => void {
  let isOver = false;
  const wait = (): void => {
    world.after(drawMs(random, pauseMs), () => {
      if (isOver) return;
      act();
      wait();
    });
  };
  wait();
  return () => {
    isOver = true;
  };
}
