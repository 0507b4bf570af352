/**
 * zod's issues in the words of the house: where, what was met, what was wanted.
 *
 * @module
 */
import type * as z from "zod/mini";

/** One thing wrong with an input. */
export interface InputIssue {
  /** The path in dotted form, `agents[2].slots`; the empty string for the whole. */
  readonly path: string;
  /** What was met, cut short; `undefined` for a missing value. */
  readonly value: string | undefined;
  /** What was wanted. */
  readonly wanted: string;
}

const VALUE_CHARACTERS_MAX = 60;

type Issue = z.core.$ZodIssue;

/**
 * The first few issues of a failed parse, in the order zod met them.
 *
 * @param error what `safeParse` returned
 * @param input the value that was parsed, from which the offending values are shown
 */
export function describeIssues(error: z.core.$ZodError, input: unknown, issuesMax = 8): InputIssue[] {
  return error.issues.slice(0, issuesMax).map((issue) => describe(input, issue.path, wantedBy(issue)));
}

/**
 * As {@link describeIssues}, with each unknown key at a path of its own: whoever sent it is told which field it is, and
 * sees nothing of what stood beside it.
 */
export function describeFieldIssues(error: z.core.$ZodError, input: unknown, issuesMax = 8): InputIssue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") return [describe(input, issue.path, wantedBy(issue))];
    return issue.keys.slice(0, issuesMax).map((key) => describe(input, [...issue.path, key], "no such field"));
  }).slice(0, issuesMax);
}

function describe(input: unknown, path: readonly PropertyKey[], wanted: string): InputIssue {
  return { path: formatPath(path), value: showValue(valueAt(input, path)), wanted };
}

/** One line for an issue: `capacity.queue_length: got "many", wanted a whole number`. */
export function formatIssue(issue: InputIssue): string {
  const where = issue.path === "" ? "the whole" : issue.path;
  return `${where}: got ${issue.value ?? "nothing"}, wanted ${issue.wanted}`;
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function showValue(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}…`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  object: "an object",
  array: "a list",
  record: "an object",
};

const ANOTHER_FORM = "another form";

const FORMAT_WORDS: Readonly<Record<string, string>> = {
  datetime: "a time such as 2026-02-06T12:00:00Z",
  guid: "a UUID",
  url: "a URL",
};

/** What zod's mini build says where a schema has no words of its own. */
const MESSAGE_DEFAULT = "Invalid input";

function wantedBy(issue: Issue): string {
  if (issue.message !== MESSAGE_DEFAULT) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case "too_small":
      return boundWords("at least", issue.minimum, issue.origin);
    case "too_big":
      return boundWords("at most", issue.maximum, issue.origin);
    case "invalid_format":
      return FORMAT_WORDS[issue.format] ?? ANOTHER_FORM;
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "unrecognized_keys":
      return `no key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return ANOTHER_FORM;
  }
}

function boundWords(relation: string, bound: number | bigint, origin: string): string {
  if (origin === "string") return `${relation} ${bound} characters`;
  if (origin === "array") return `${relation} ${bound} entries`;
  return `${relation} ${bound}`;
}
