/**
 * The logger: levels, fields, lines. Everything that leaves passes {@link SafeCopy}, the one place that masks secrets.
 *
 * @module
 */
import type { Clock, TextOutput } from "../runtime/port.ts";
import { jsonLine, textLine } from "./format.ts";
import { Problems } from "./problems.ts";
import type { Redactor } from "./redactor.ts";
import { type PlainObject, SafeCopy } from "./safe-copy.ts";
import type { LogFields, Logger, LogLevel } from "./types.ts";

/** What a logger works with. */
export interface LoggerComponents {
  readonly clock: Pick<Clock, "wallMs" | "monotonicMs">;
  readonly output: Pick<TextOutput, "write" | "isTerminal">;
  readonly redact: Pick<Redactor, "redact" | "formCharactersMax">;
}

/** How a logger speaks. */
export interface LoggerInit {
  /** Events below this level are dropped. At `debug` errors carry their stacks. */
  readonly level: LogLevel;
  /** `json`: one object on each line, for collectors. `text`: for people. */
  readonly format: "json" | "text";
  /** Whether text may be coloured, as `NO_COLOR` decides; only a terminal ever is. Default `false`. */
  readonly colors?: boolean;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const RESERVED: ReadonlySet<string> = new Set(["time", "level", "event"]);

/**
 * Makes the root logger. Children share its problems, so a key names one problem in the whole process.
 *
 * Fields named `time`, `level` or `event` are written with a leading underscore, because a line says these itself.
 */
export function createLogger(components: LoggerComponents, init: LoggerInit): Logger {
  return new StructuredLogger(new LineWriter(components, init), []);
}

/** Makes lines and writes them. */
class LineWriter {
  readonly #components: LoggerComponents;
  readonly #init: LoggerInit;
  readonly problems = new Problems();
  #lostLines = 0;

  constructor(components: LoggerComponents, init: LoggerInit) {
    this.#components = components;
    this.#init = init;
  }

  get clock(): LoggerComponents["clock"] {
    return this.#components.clock;
  }

  isShown(level: LogLevel): boolean {
    return SEVERITY[level] >= SEVERITY[this.#init.level];
  }

  /** Writes one line. What cannot be written is counted, and the next line that can be says how many were lost. */
  write(level: LogLevel, event: string, sources: readonly LogFields[]): void {
    try {
      this.#components.output.write(this.#line(level, event, sources));
      this.#lostLines = 0;
    } catch {
      this.#lostLines++;
    }
  }

  #line(level: LogLevel, event: string, sources: readonly LogFields[]): string {
    const { format, colors = false } = this.#init;
    const copy = new SafeCopy(this.#components.redact, { withStacks: this.#init.level === "debug" });
    const fields: PlainObject = Object.create(null);
    const shownEvent = copy.text(event);
    if (this.#lostLines > 0) fields["lostLines"] = this.#lostLines;
    for (const source of sources) copy.members(fields, source, RESERVED);
    const record = { time: isoTime(this.clock.wallMs()), level, event: shownEvent, fields };
    return format === "json" ? jsonLine(record) : textLine(record, colors && this.#components.output.isTerminal);
  }
}

class StructuredLogger implements Logger {
  readonly #writer: LineWriter;
  readonly #sources: readonly LogFields[];

  constructor(writer: LineWriter, sources: readonly LogFields[]) {
    this.#writer = writer;
    this.#sources = sources;
  }

  debug(event: string, fields?: LogFields): void {
    this.#write("debug", event, fields);
  }

  info(event: string, fields?: LogFields): void {
    this.#write("info", event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#write("warn", event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#write("error", event, fields);
  }

  child(fields: LogFields): Logger {
    return new StructuredLogger(this.#writer, [...this.#sources, fields]);
  }

  problem(key: string, level: "warn" | "error", event: string, fields?: LogFields): void {
    const { clock, problems } = this.#writer;
    const occurrence = problems.occurred(key, { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() });
    if (occurrence === undefined) return;
    const { repeated, sinceWallMs } = occurrence;
    this.#write(level, event, fields, repeated === undefined ? undefined : { repeated, since: isoTime(sinceWallMs) });
  }

  resolve(key: string, event: string, fields?: LogFields): void {
    const ended = this.#writer.problems.ended(key, this.#writer.clock.monotonicMs());
    if (ended === undefined) return;
    const { durationMs, occurrences } = ended;
    this.#write("info", event, { message: `Recovered after ${spoken(durationMs)}` }, fields, {
      durationMs,
      occurrences,
    });
  }

  #write(level: LogLevel, event: string, ...extra: readonly (LogFields | undefined)[]): void {
    if (!this.#writer.isShown(level)) return;
    this.#writer.write(level, event, [...this.#sources, ...extra.filter((source) => source !== undefined)]);
  }
}

/** RFC 3339 in UTC; a clock outside of what a date can say gives the number itself. */
function isoTime(wallMs: number): string {
  const date = new Date(wallMs);
  return Number.isNaN(date.getTime()) ? String(wallMs) : date.toISOString();
}

function spoken(durationMs: number): string {
  if (durationMs < 1_000) return `${durationMs} ms`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
