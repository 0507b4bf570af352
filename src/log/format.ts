/** The two forms of a log line. @module */
import { LOG_LINE_CHARACTERS_MAX } from "../limits.ts";
import { escapeControls, toSafeJson } from "./escape.ts";
import type { Plain, PlainObject } from "./safe-copy.ts";
import type { LogLevel } from "./types.ts";

/** One event, ready to be written: plain values, no secrets. */
export interface LogRecord {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: PlainObject;
}

const COLORS: Readonly<Record<LogLevel, string>> = { debug: "2", info: "32", warn: "33", error: "31" };
/** Texts that need no quotes: one word, none of the characters that structure the line. */
const BARE_WORD = /^[\p{L}\p{N}_.:/@+%~[\]-]+$/u;
const LEVEL_WIDTH = 5;

/** `{"time":…,"level":…,"event":…,…fields}` and a line feed. */
export function jsonLine(record: LogRecord): string {
  const { time, level, event, fields } = record;
  return `${toSafeJson({ time, level, event, ...fields })}\n`;
}

/**
 * `2026-02-06 12:00:00.000Z info  event  message  name=value …` and a line feed. An object's members are shown as
 * `name.member=value`, anything nested deeper as JSON.
 *
 * @param colors whether the level and the event are coloured
 */
export function textLine(record: LogRecord, colors: boolean): string {
  const { message, ...others } = record.fields;
  const level = record.level.padEnd(LEVEL_WIDTH);
  const event = escapeControls(record.event);
  const head = [
    record.time.replace("T", " "),
    colors ? `\u001b[${COLORS[record.level]}m${level}\u001b[0m` : level,
    colors ? `\u001b[1m${event}\u001b[0m` : event,
  ];
  const body = [
    ...(message === undefined ? [] : [typeof message === "string" ? escapeControls(message) : toSafeJson(message)]),
    ...Object.entries(others).flatMap(([name, value]) => pairs(name, value)),
  ].join(" ");
  const shown = body.length > LOG_LINE_CHARACTERS_MAX ? `${body.slice(0, LOG_LINE_CHARACTERS_MAX)}…` : body;
  return `${head.join(" ")}${shown === "" ? "" : ` ${shown}`}\n`;
}

function pairs(name: string, value: Plain): string[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [`${word(name)}=${scalar(value)}`];
  return Object.entries(value).map(([member, inner]) => `${word(name)}.${word(member)}=${scalar(inner)}`);
}

function scalar(value: Plain): string {
  return typeof value === "string" ? word(value) : toSafeJson(value);
}

function word(text: string): string {
  return BARE_WORD.test(text) ? text : toSafeJson(text);
}
