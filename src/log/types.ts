/** What features know of logging. @module */

/** From chatty to grave. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts of an event. Values are JSON; an error's code, message and hint are taken; a secret shows as `[secret]`. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured events. `event` is a stable snake_case name (`publish_succeeded`), facts go into `fields`, `fields.message` is for people.
 * Logging never throws and never waits.
 */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A logger whose every event carries `fields`. */
  child(fields: LogFields): Logger;
  /**
   * Something is wrong and may be wrong again soon: the first occurrence under `key` is logged, then at most one a while with
   * `repeated` (how many times since the line before) and `since`.
   */
  problem(key: string, level: "warn" | "error", event: string, fields?: LogFields): void;
  /** What `problem` reported under `key` is over: one line at info with how long and how often; nothing when no problem is open. */
  resolve(key: string, event: string, fields?: LogFields): void;
}
