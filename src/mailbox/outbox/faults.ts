/** Why a text in the outbox is no message that can be sent. @module */

/** Stable: metrics carry it. */
export type FaultCode =
  | "no_object"
  | "broken_json"
  | "smart_quotes"
  | "unfinished"
  | "not_utf8"
  | "not_unicode"
  | "too_long"
  | "to_missing"
  | "to_malformed"
  | "to_unknown"
  | "to_self"
  | "msg_missing"
  | "msg_no_text";

/** What is wrong, in words that say what to do, for the one who wrote the line. */
export interface Fault {
  readonly code: FaultCode;
  readonly reason: string;
}

const EXAMPLE = '{"to":"…","msg":"…"}';

export const NO_OBJECT: Fault = {
  code: "no_object",
  reason: `this is no message: a message is one JSON object, such as ${EXAMPLE}`,
};
export const UNFINISHED: Fault = {
  code: "unfinished",
  reason: "the object is not finished: a closing quote, bracket or brace is missing",
};
export const SMART_QUOTES: Fault = {
  code: "smart_quotes",
  reason: 'a curly quote stands where JSON wants the straight one ("): write the line again with straight quotes',
};
export const NOT_UTF8: Fault = {
  code: "not_utf8",
  reason: "these bytes are no UTF-8 text (it may be UTF-16): save the file as UTF-8",
};
export const NOT_UNICODE: Fault = {
  code: "not_unicode",
  reason:
    "msg holds half of a surrogate pair (such as \\ud83d alone), which no other program could read: write the character itself",
};
export const TOO_DEEP: Fault = {
  code: "broken_json",
  reason: "brackets are nested beyond reason: a message is one flat object",
};
export const BAD_ESCAPE: Fault = {
  code: "broken_json",
  reason: "a text holds an escape that JSON does not know: write \\\\ for a backslash",
};

/** @param wanted what JSON wants in this place */
export function brokenJson(wanted: string): Fault {
  return { code: "broken_json", reason: `the JSON is broken: ${wanted}` };
}

/** A line without end, as far as messages are concerned. */
export function lineTooLong(bytes: number, bytesMax: number): Fault {
  return { code: "too_long", reason: `the line has ${bytes} bytes; at most ${bytesMax} can be a message` };
}
