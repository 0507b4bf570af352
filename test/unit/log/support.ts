/** What the log's tests share: a logger in simulated time that writes into memory. @module */
import { createLogger, type Logger, type LoggerInit, Redactor } from "../../../src/log/mod.ts";
import { SimClock } from "../../sim/clock.ts";

export interface LogBench {
  readonly clock: SimClock;
  readonly redactor: Redactor;
  readonly log: Logger;
  /** Everything written so far. */
  readonly text: () => string;
  /** The lines written so far, parsed. */
  readonly lines: () => Record<string, unknown>[];
}

export function makeLogBench(init: Partial<LoggerInit> = {}, isTerminal = false): LogBench {
  const clock = new SimClock();
  const redactor = new Redactor();
  const written: string[] = [];
  const output = { isTerminal, write: (text: string) => void written.push(text) };
  const log = createLogger({ clock, output, redact: redactor }, { level: "info", format: "json", ...init });
  const text = () => written.join("");
  const lines = () =>
    text().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
  return { clock, redactor, log, text, lines };
}
