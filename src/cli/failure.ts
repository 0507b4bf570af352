/**
 * How a failure is told to whoever typed the command: `barnacle: …` and `hint: …` on standard error, one JSON object
 * with `--log json`.
 *
 * @module
 */
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { escapeText, paint, safeJson } from "./terminal.ts";

/** How to tell it. */
export interface FailureStyle {
  readonly json: boolean;
  readonly colour: boolean;
  /** Unix time in milliseconds, for the JSON form. */
  readonly wallMs: number;
}

/**
 * A failure as text, every line ended. What nobody expected shows its kind and message, never a stack: a log is the
 * place for those.
 */
export function formatFailure(thrown: unknown, style: FailureStyle): string {
  const { code, message, problems, hint } = describeFailure(thrown);
  if (style.json) {
    const time = new Date(style.wallMs).toISOString();
    return jsonLine({ time, level: "error", event: "command_failed", code, message, problems, hint });
  }
  return formatNotice("barnacle", message, hint, style.colour, "bad");
}

/** A warning in the same form; the command goes on. */
export function formatWarning(thrown: unknown, message: string, style: FailureStyle): string {
  const failure = describeFailure(thrown);
  if (style.json) {
    const time = new Date(style.wallMs).toISOString();
    const fields = { code: failure.code, message: `${message}: ${failure.message}`, hint: failure.hint };
    return jsonLine({ time, level: "warn", event: "command_warning", ...fields });
  }
  return formatNotice("barnacle: warning", `${message}: ${failure.message}`, failure.hint, style.colour, "warning");
}

function jsonLine(record: Readonly<Record<string, unknown>>): string {
  return `${safeJson(record, { onOneLine: true })}\n`;
}

function formatNotice(
  label: string,
  message: string,
  hint: string | undefined,
  colour: boolean,
  tone: "bad" | "warning",
): string {
  // A message may have several lines, one for each thing wrong; each is escaped by itself.
  const safe = (text: string) => text.split("\n").map(escapeText).join("\n");
  const hintLine = hint === undefined ? "" : `${paint("hint:", "faint", colour)} ${safe(hint)}\n`;
  return `${paint(`${label}:`, tone, colour)} ${safe(message)}\n${hintLine}`;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly problems?: readonly string[];
  readonly hint: string | undefined;
}

function describeFailure(thrown: unknown): Failure {
  if (isBarnacleError(thrown)) {
    const { code, message, problems, hint } = thrown;
    return { code, message, ...(problems.length === 0 ? {} : { problems }), hint };
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { code: "INTERNAL", message, hint: "this is a fault in barnacle itself: please report it" };
}

/** The command line is wrong. @param got what was met @param wanted what would be right */
export function usageError(action: string, got: string, wanted: string, hint?: string): BarnacleError {
  return new BarnacleError({ code: "USAGE", action, value: got, wanted, ...(hint === undefined ? {} : { hint }) });
}
