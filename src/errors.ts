/**
 * The one error of the house and its closed list of codes.
 *
 * Callers decide by `code` and `retryable`, never by text. The message follows one grammar: the attempted action first,
 * then the value that was met and what was wanted; the hint tells the operator what to do. No secret enters either.
 *
 * @module
 */

/** Every code an error of Barnacle can carry. Codes are stable: scripts may rely on them. */
export type ErrorCode =
  // files
  | "FILE_NOT_FOUND"
  | "FILE_EXISTS"
  | "PERMISSION_DENIED"
  | "DISK_FULL"
  | "NOT_A_DIRECTORY"
  | "IS_A_DIRECTORY"
  | "LOCK_HELD"
  | "IO_ERROR"
  // network
  | "ADDRESS_IN_USE"
  | "ADDRESS_UNAVAILABLE"
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "CONNECTION_CLOSED"
  | "HOST_NOT_FOUND"
  | "NETWORK_UNREACHABLE"
  | "CERTIFICATE_INVALID"
  | "TIMED_OUT"
  | "ABORTED"
  // processes
  | "COMMAND_NOT_FOUND"
  // borders
  | "USAGE"
  | "CONFIG_INVALID"
  | "CONFIG_UNKNOWN_KEY"
  | "SECRET_UNREADABLE"
  | "REGISTRATION_INVALID"
  | "BODY_INVALID"
  | "BODY_TOO_LARGE"
  | "BODY_TIMED_OUT"
  | "CONTENT_TYPE_UNSUPPORTED"
  | "QUERY_INVALID"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "RATE_LIMITED"
  | "SIGNATURE_INVALID"
  | "UNAVAILABLE"
  | "DATABASE_ERROR"
  // mail
  | "FRAME_TOO_LARGE"
  | "IDENTITY_EXISTS"
  | "CONTACT_UNKNOWN"
  | "CONTACT_EXISTS"
  | "INVITATION_INVALID"
  | "MANIFEST_INVALID"
  | "MARKERS_DAMAGED"
  | "DELIVERY_FAILED"
  // the far end of a call
  | "ANSWER_INVALID"
  | "ANSWER_TOO_LARGE"
  | "REDIRECT_REFUSED"
  | "REJECTED"
  | "REMOTE_FAILURE"
  // ourselves
  | "INTERNAL";

/** What an error carries beside its message. */
export interface ErrorInit {
  /** What went wrong, from the closed list. */
  readonly code: ErrorCode;
  /** The attempted action, an infinitive phrase in sentence case without a final period: `Listen on 127.0.0.1:7410`. */
  readonly action: string;
  /** The value that was met, already fit to be shown; never a secret. */
  readonly value?: string;
  /** What was wanted instead. */
  readonly wanted?: string;
  /** Everything that is wrong, a line each, where one attempt can fail for several reasons at once; in place of `value` and `wanted`. */
  readonly problems?: readonly string[];
  /** What the operator can do about it. */
  readonly hint?: string;
  /** Whether the same attempt can succeed later without anybody changing anything. Default `false`. */
  readonly retryable?: boolean;
  /** The soonest a retry makes sense, in milliseconds from now, where the far end said so. */
  readonly retryAfterMs?: number;
  /** The underlying error. */
  readonly cause?: unknown;
}

/** The one error class of Barnacle: data, not subclasses. */
export class BarnacleError extends Error {
  override readonly name: string = "BarnacleError";
  readonly code: ErrorCode;
  readonly action: string;
  readonly value: string | undefined;
  readonly wanted: string | undefined;
  readonly problems: readonly string[];
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(init: ErrorInit) {
    super(composeMessage(init), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.action = init.action;
    this.value = init.value;
    this.wanted = init.wanted;
    this.problems = init.problems ?? [];
    this.hint = init.hint;
    this.retryable = init.retryable ?? false;
    this.retryAfterMs = init.retryAfterMs;
  }
}

function composeMessage(init: ErrorInit): string {
  const problems = init.problems ?? [];
  if (problems.length === 1) return `${init.action}: ${problems[0]}`;
  if (problems.length > 1) return `${init.action}: ${problems.length} problems\n  ${problems.join("\n  ")}`;
  const parts: string[] = [];
  if (init.value !== undefined) parts.push(`got ${init.value}`);
  if (init.wanted !== undefined) parts.push(`wanted ${init.wanted}`);
  return parts.length === 0 ? `${init.action} failed (${init.code})` : `${init.action}: ${parts.join(", ")}`;
}

/**
 * Says whether something thrown is a {@link BarnacleError}, optionally with one of the given codes.
 *
 * @param thrown anything a `catch` received
 * @param codes when given, the error's code must be one of them
 */
export function isBarnacleError(thrown: unknown, ...codes: readonly ErrorCode[]): thrown is BarnacleError {
  return thrown instanceof BarnacleError && (codes.length === 0 || codes.includes(thrown.code));
}

/**
 * Turns anything thrown into a {@link BarnacleError}; one that already is passes through unchanged.
 *
 * @param thrown anything a `catch` received
 * @param action what was attempted, for the message
 */
export function toBarnacleError(thrown: unknown, action: string): BarnacleError {
  if (thrown instanceof BarnacleError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new BarnacleError({ code: "INTERNAL", action, value: text, cause: thrown });
}
