import type { Clock, Process } from "../runtime/port.ts";

const REDRAW_MS = 2_000;
const CURSOR_HOME = "\x1b[H";
const ERASE_LINE_END = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

/**
 * Draws, and draws again in the same place every 2 s, until SIGINT or SIGTERM.
 *
 * @param draw makes the whole text, every line ended
 */
export async function redrawUntilSignal(
  { clock, process }: { readonly clock: Clock; readonly process: Process },
  draw: () => Promise<string>,
): Promise<void> {
  let isOver = false;
  let wake = () => {};
  const end = () => {
    isOver = true;
    wake();
  };
  const stops = [process.onSignal("SIGINT", end), process.onSignal("SIGTERM", end)];
  try {
    process.standardOutput.write(CURSOR_HOME + ERASE_BELOW);
    while (!isOver) {
      const text = await draw();
      if (isOver) break;
      process.standardOutput.write(`${CURSOR_HOME}${text.replaceAll("\n", `${ERASE_LINE_END}\n`)}${ERASE_BELOW}`);
      await new Promise<void>((resolve) => {
        const timer = clock.setTimer(REDRAW_MS, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      });
    }
  } finally {
    stops.forEach((stop) => stop());
  }
}
