/**
 * How every answer is made: its headers, and errors in the one shape of the contract.
 *
 * @module
 */
import { type BarnacleError, type ErrorCode, isBarnacleError } from "../errors.ts";

/**
 * On every answer. The answers are data for programs: nothing may guess their type, keep them, show them in a frame or
 * run anything in them, and no page of another origin may embed them.
 */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The header whose absence shows that an answer was not made here. */
const MARK = "content-security-policy";

/** Filled once: building them from an object for each answer costs more than all else in a small answer. */
const JSON_HEADERS = new Headers({ "content-type": "application/json", ...SECURITY_HEADERS });

/** The HTTP status of each code that a client may see as it is; every other code is a fault of ours: 500. */
const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  BODY_INVALID: 400,
  QUERY_INVALID: 400,
  UNAUTHORIZED: 401,
  SIGNATURE_INVALID: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONTACT_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TIMED_OUT: 408,
  BODY_TOO_LARGE: 413,
  CONTENT_TYPE_UNSUPPORTED: 415,
  RATE_LIMITED: 429,
  REMOTE_FAILURE: 502,
  UNAVAILABLE: 503,
};

const STATUS_INTERNAL = 500;

/** The HTTP status that an error code is answered with; 500 for what is our own fault. */
export function statusOfCode(code: ErrorCode): number {
  return STATUS_OF_CODE[code] ?? STATUS_INTERNAL;
}

/**
 * A JSON answer.
 *
 * @param headers further ones; they replace ours of the same name
 */
export function jsonAnswer(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Response {
  return jsonTextAnswer(status, JSON.stringify(value), headers);
}

/** As {@link jsonAnswer}, of a value that is already JSON text. */
export function jsonTextAnswer(status: number, text: string, headers?: Readonly<Record<string, string>>): Response {
  if (headers === undefined) return new Response(text, { status, headers: JSON_HEADERS });
  return new Response(text, { status, headers: withHeaders(JSON_HEADERS, headers) });
}

/** A plain answer. @param contentType default `text/plain; charset=utf-8` */
export function textAnswer(status: number, text: string, contentType = "text/plain; charset=utf-8"): Response {
  return new Response(text, { status, headers: { ...SECURITY_HEADERS, "content-type": contentType } });
}

/** What an error answer may carry beside the error. */
export interface ErrorAnswerInit {
  /** The field at fault, in dotted form. */
  readonly field?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The answer to a request that failed: the error's code, message and hint where the fault is the client's to mend; for
 * anything else a 500 which tells nothing of the inside.
 *
 * @param thrown anything a `catch` received
 */
export function errorAnswerFrom(thrown: unknown, init: ErrorAnswerInit = {}): Response {
  if (!isBarnacleError(thrown) || STATUS_OF_CODE[thrown.code] === undefined) {
    return errorAnswer(STATUS_INTERNAL, {
      code: "INTERNAL",
      message: "The request failed for a reason of the server's own",
    });
  }
  const error = {
    code: thrown.code,
    message: thrown.message,
    ...(init.field === undefined ? {} : { field: init.field }),
    ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
  };
  return errorAnswer(statusOfCode(thrown.code), error, { ...headersOf(thrown), ...init.headers });
}

/**
 * Gives an answer that a route made without {@link jsonAnswer} or {@link textAnswer} the headers that every answer has.
 */
export function secured(answer: Response): Response {
  if (answer.headers.has(MARK)) return answer;
  const headers = new Headers(SECURITY_HEADERS);
  for (const [name, value] of answer.headers) headers.append(name, value);
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers });
}

/**
 * The answer to a `HEAD`, with the length that the same `GET` has: its body is about to be dropped, and a length taken
 * of what is left would be 0. Source: RFC 9110, section 8.6.
 */
export async function measured(answer: Response): Promise<Response> {
  const { byteLength } = await answer.arrayBuffer();
  const headers = new Headers(answer.headers);
  headers.set("content-length", String(byteLength));
  return new Response(null, { status: answer.status, headers });
}

function errorAnswer(status: number, error: object, headers?: Readonly<Record<string, string>>): Response {
  return jsonAnswer(status, { error }, headers);
}

function headersOf(error: BarnacleError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (statusOfCode(error.code) === 401) headers["www-authenticate"] = "Bearer";
  if (error.retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  }
  // The rest of the body is still on its way and nobody will read it: the connection cannot serve another request.
  if (error.code === "BODY_TOO_LARGE" || error.code === "BODY_TIMED_OUT") headers["connection"] = "close";
  return headers;
}

function withHeaders(base: Headers, further: Readonly<Record<string, string>>): Headers {
  const headers = new Headers(base);
  for (const [name, value] of Object.entries(further)) headers.set(name, value);
  return headers;
}
