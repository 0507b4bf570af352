/**
 * Turns whatever a caller put into a log event into plain JSON values: bounded, without secrets, without anything that
 * throws.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import {
  LOG_CAUSES_MAX,
  LOG_DEPTH_MAX,
  LOG_LINE_CHARACTERS_MAX,
  LOG_MEMBERS_MAX,
  LOG_SCAN_CHARACTERS_MAX,
  LOG_TEXT_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
} from "../limits.ts";
import { toSafeJson } from "./escape.ts";
import type { Redactor } from "./redactor.ts";

/** A JSON value. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainObject;
export interface PlainObject {
  [name: string]: Plain;
}

/** Quotes, colon and comma around a member. */
const MEMBER_OVERHEAD_CHARACTERS = 6;
/** What one code unit takes when it must be written as `\uXXXX`. */
const ESCAPE_CHARACTERS = 6;
/**
 * Beyond this a number's digits say nothing to a person, and writing them out takes time that grows with their square.
 */
const BIGINT_SHOWN_MAX = 2n ** 256n;
/** A user part cut off before its `@` is no longer recognised; one longer than this is no address. */
const CUT_MARGIN_CHARACTERS = 256;

/** Copies the values of one log line; each instance has the character budget of one line. */
export class SafeCopy {
  readonly #redact: Pick<Redactor, "redact" | "formCharactersMax">;
  readonly #withStacks: boolean;
  readonly #ancestors = new Set<object>();
  #charactersLeft = LOG_LINE_CHARACTERS_MAX;

  constructor(redact: Pick<Redactor, "redact" | "formCharactersMax">, init: { readonly withStacks: boolean }) {
    this.#redact = redact;
    this.#withStacks = init.withStacks;
  }

  /**
   * Copies the members of `source` into `target`, later ones over earlier ones. Names in `reserved` get a leading
   * underscore.
   */
  members(target: PlainObject, source: object, reserved: ReadonlySet<string>): void {
    const names = namesOf(source);
    for (const name of names.slice(0, LOG_MEMBERS_MAX)) {
      if (this.#charactersLeft <= 0) break;
      const shown = this.text(name, NAME_CHARACTERS_MAX);
      const value = this.#member(source, name);
      if (value !== undefined) target[reserved.has(shown) ? `_${shown}` : shown] = value;
    }
    if (names.length > LOG_MEMBERS_MAX) target["…"] = `${names.length - LOG_MEMBERS_MAX} more`;
  }

  /** The text without secrets, and no longer than `charactersMax` or what is left of the line. */
  text(text: string, charactersMax: number = LOG_TEXT_CHARACTERS_MAX): string {
    const masked = this.#masked(text);
    let shown = clip(masked, Math.min(charactersMax, Math.max(this.#charactersLeft, 0)));
    if (toSafeJson(shown).length > this.#charactersLeft) {
      shown = clip(masked, Math.floor(Math.max(this.#charactersLeft, 0) / ESCAPE_CHARACTERS));
    }
    this.#charactersLeft -= toSafeJson(shown).length + MEMBER_OVERHEAD_CHARACTERS;
    return shown;
  }

  /** Masks before it cuts, so that no cut leaves a part of a secret; see `Redactor.formCharactersMax`. */
  #masked(text: string): string {
    if (text.length <= LOG_SCAN_CHARACTERS_MAX) return this.#redact.redact(text);
    const masked = this.#redact.redact(text.slice(0, LOG_SCAN_CHARACTERS_MAX));
    const shownMax = masked.length - this.#redact.formCharactersMax - CUT_MARGIN_CHARACTERS;
    return `${masked.slice(0, Math.max(0, shownMax))}…`;
  }

  #member(source: object, name: string): Plain | undefined {
    try {
      return this.#value((source as Record<string, unknown>)[name]);
    } catch {
      return "[unreadable]";
    }
  }

  #value(value: unknown): Plain | undefined {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return value;
      case "bigint":
        return value > BIGINT_SHOWN_MAX || value < -BIGINT_SHOWN_MAX ? "[huge]" : this.text(value.toString());
      case "undefined":
        return undefined;
      case "object":
        return value === null ? null : this.#nested(value);
      default:
        return `[${typeof value}]`;
    }
  }

  /** A number can be a secret too: an all-digit token that was parsed on its way. */
  #number(value: number): Plain {
    const text = this.text(String(value));
    return text === String(value) && Number.isFinite(value) ? value : text;
  }

  #nested(value: object): Plain | undefined {
    if (this.#ancestors.has(value)) return "[circular]";
    if (this.#ancestors.size >= LOG_DEPTH_MAX) return "[too deep]";
    this.#ancestors.add(value);
    try {
      return this.#object(value);
    } finally {
      this.#ancestors.delete(value);
    }
  }

  #object(value: object): Plain | undefined {
    if (value instanceof Error) return this.#error(value);
    if (Array.isArray(value)) return this.#list(value, value.length);
    if (value instanceof Set) return this.#list(value, value.size);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof URL) return this.text(value.href);
    if ("toJSON" in value && typeof value.toJSON === "function") return this.#value(value.toJSON());
    return this.#copy(value instanceof Map ? Object.fromEntries(value) : value);
  }

  #copy(source: object): PlainObject {
    // Without a prototype, so that a member called `__proto__` is a member like any other.
    const target: PlainObject = Object.create(null);
    this.members(target, source, new Set());
    return target;
  }

  #list(items: Iterable<unknown>, length: number): Plain {
    const shown: Plain[] = [];
    for (const item of items) {
      if (shown.length >= LOG_MEMBERS_MAX || this.#charactersLeft <= 0) {
        shown.push(`${length - shown.length} more`);
        break;
      }
      this.#charactersLeft -= MEMBER_OVERHEAD_CHARACTERS;
      shown.push(this.#value(item) ?? null);
    }
    return shown;
  }

  #error(error: Error): PlainObject {
    const chain = causeChain(error);
    const shown: Record<string, unknown> = error instanceof BarnacleError
      ? { code: error.code, message: error.message, hint: error.hint, retryAfterMs: error.retryAfterMs }
      : { code: codeOf(error), message: error.message };
    if (chain.length > 1) shown["causes"] = chain.slice(1).map(codeOf);
    if (this.#withStacks) shown["stack"] = chain.map((link) => stackOf(link)).join("\ncaused by: ");
    return this.#copy(shown);
  }
}

/** The members' names; none for an object that refuses to tell them. */
function namesOf(source: object): string[] {
  try {
    return Object.keys(source);
  } catch {
    return [];
  }
}

function clip(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, Math.max(0, charactersMax - 1))}…`;
}

/** The error and its causes, outermost first; a chain that bites its tail ends. */
function causeChain(error: Error): unknown[] {
  const chain: unknown[] = [];
  for (
    let link: unknown = error;
    link !== undefined && link !== null;
    link = link instanceof Error ? link.cause : null
  ) {
    if (chain.length > LOG_CAUSES_MAX || chain.includes(link)) break;
    chain.push(link);
  }
  return chain;
}

/** An error's code where it has one (ours and the platform's do), else its class. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}
