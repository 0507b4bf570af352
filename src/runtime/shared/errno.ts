/**
 * Platform error codes to ours. Node, Bun and Deno all put POSIX names (`ENOENT`) on the errors of files and sockets; TLS
 * and fetch have names of their own. Text is never looked at.
 *
 * @module
 */
import { BarnacleError, type ErrorCode } from "../../errors.ts";

const CERTIFICATE_HINT = "Check the far end's certificate, or give its authority's certificate in the configuration";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "FILE_NOT_FOUND",
  EEXIST: "FILE_EXISTS",
  ENOTEMPTY: "FILE_EXISTS",
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EROFS: "PERMISSION_DENIED",
  ENOSPC: "DISK_FULL",
  EDQUOT: "DISK_FULL",
  ENOTDIR: "NOT_A_DIRECTORY",
  EISDIR: "IS_A_DIRECTORY",
  EADDRINUSE: "ADDRESS_IN_USE",
  EADDRNOTAVAIL: "ADDRESS_UNAVAILABLE",
  EAFNOSUPPORT: "ADDRESS_UNAVAILABLE",
  ECONNREFUSED: "CONNECTION_REFUSED",
  ECONNRESET: "CONNECTION_RESET",
  ECONNABORTED: "CONNECTION_RESET",
  EPIPE: "CONNECTION_RESET",
  ENOTFOUND: "HOST_NOT_FOUND",
  EAI_AGAIN: "HOST_NOT_FOUND",
  EAI_NODATA: "HOST_NOT_FOUND",
  EAI_NONAME: "HOST_NOT_FOUND",
  ENETUNREACH: "NETWORK_UNREACHABLE",
  EHOSTUNREACH: "NETWORK_UNREACHABLE",
  ENETDOWN: "NETWORK_UNREACHABLE",
  EHOSTDOWN: "NETWORK_UNREACHABLE",
  ETIMEDOUT: "TIMED_OUT",
  ABORT_ERR: "ABORTED",
  // Undici, under Node.
  UND_ERR_CONNECT_TIMEOUT: "TIMED_OUT",
  UND_ERR_HEADERS_TIMEOUT: "TIMED_OUT",
  UND_ERR_BODY_TIMEOUT: "TIMED_OUT",
  UND_ERR_SOCKET: "CONNECTION_CLOSED",
  UND_ERR_CLOSED: "CONNECTION_CLOSED",
  UND_ERR_DESTROYED: "CONNECTION_CLOSED",
  // Bun's fetch.
  ConnectionRefused: "CONNECTION_REFUSED",
  ConnectionClosed: "CONNECTION_CLOSED",
  ConnectionReset: "CONNECTION_RESET",
  FailedToOpenSocket: "NETWORK_UNREACHABLE",
  Timeout: "TIMED_OUT",
  EPROTO: "CERTIFICATE_INVALID",
  // OpenSSL's and BoringSSL's reasons for refusing a certificate, as Node and Bun pass them on.
  CERT_CHAIN_TOO_LONG: "CERTIFICATE_INVALID",
  CERT_HAS_EXPIRED: "CERTIFICATE_INVALID",
  CERT_NOT_YET_VALID: "CERTIFICATE_INVALID",
  CERT_REJECTED: "CERTIFICATE_INVALID",
  CERT_REVOKED: "CERTIFICATE_INVALID",
  CERT_SIGNATURE_FAILURE: "CERTIFICATE_INVALID",
  CERT_UNTRUSTED: "CERTIFICATE_INVALID",
  DEPTH_ZERO_SELF_SIGNED_CERT: "CERTIFICATE_INVALID",
  HOSTNAME_MISMATCH: "CERTIFICATE_INVALID",
  INVALID_CA: "CERTIFICATE_INVALID",
  INVALID_PURPOSE: "CERTIFICATE_INVALID",
  PATH_LENGTH_EXCEEDED: "CERTIFICATE_INVALID",
  SELF_SIGNED_CERT_IN_CHAIN: "CERTIFICATE_INVALID",
  UNABLE_TO_GET_ISSUER_CERT: "CERTIFICATE_INVALID",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "CERTIFICATE_INVALID",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "CERTIFICATE_INVALID",
  // What Node says for OpenSSL's other reasons, such as a digest that is too weak.
  UNSPECIFIED: "CERTIFICATE_INVALID",
};

/** OpenSSL composes these names out of its library's name and the reason; no list of them would stay complete. */
const TLS_CODE_PREFIXES = ["ERR_SSL_", "ERR_TLS_", "ERR_OSSL_"] as const;

/** What heals without anybody doing anything: the far end comes back, the network too. */
const RETRYABLE: readonly ErrorCode[] = [
  "CONNECTION_REFUSED",
  "CONNECTION_RESET",
  "CONNECTION_CLOSED",
  "HOST_NOT_FOUND",
  "NETWORK_UNREACHABLE",
  "TIMED_OUT",
];

const HINTS: Partial<Record<ErrorCode, string>> = {
  PERMISSION_DENIED: "Check who owns it and which rights this process has",
  DISK_FULL: "Free space on this filesystem",
  ADDRESS_IN_USE: "Stop what listens there, or choose another port; port 0 takes a free one",
  ADDRESS_UNAVAILABLE: "Listen on an address of this host, such as 127.0.0.1 or 0.0.0.0",
  CONNECTION_REFUSED: "Nothing listens there: check address and port, and whether the far end runs",
  HOST_NOT_FOUND: "Check the spelling of the host name and this host's name server",
  NETWORK_UNREACHABLE: "Check this host's network and routes",
  CERTIFICATE_INVALID: CERTIFICATE_HINT,
};

/** The platform's code of something thrown, looked for on the error itself and on what caused it. */
export function platformCode(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 4; error = error.cause, depth++) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code === "string" && codeFor(code) !== undefined) return code;
  }
  return undefined;
}

function codeFor(name: string): ErrorCode | undefined {
  if (Object.hasOwn(CODES, name)) return CODES[name];
  return TLS_CODE_PREFIXES.some((prefix) => name.startsWith(prefix)) ? "CERTIFICATE_INVALID" : undefined;
}

/** An error of ours with the code's hint and its answer to whether a retry can help. */
export function failure(code: ErrorCode, action: string, cause?: unknown, value?: string): BarnacleError {
  const hint = HINTS[code];
  return new BarnacleError({
    code,
    action,
    retryable: RETRYABLE.includes(code),
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
    ...(value === undefined ? {} : { value }),
  });
}

/**
 * Turns what a platform call threw into an error of ours; one that already is passes through.
 *
 * @param thrown what was caught
 * @param action what was attempted, for the message
 * @param fallback the code for what the platform gives no known name
 */
export function fromPlatform(thrown: unknown, action: string, fallback: ErrorCode = "IO_ERROR"): BarnacleError {
  if (thrown instanceof BarnacleError) return thrown;
  const name = platformCode(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return failure(name === undefined ? fallback : (codeFor(name) ?? fallback), action, thrown, name ?? text);
}

/** As {@link fromPlatform}, for listening: a name that cannot be resolved is no address of this host. */
export function fromListen(thrown: unknown, action: string): BarnacleError {
  const mapped = fromPlatform(thrown, action, "ADDRESS_UNAVAILABLE");
  return mapped.code === "HOST_NOT_FOUND" ? failure("ADDRESS_UNAVAILABLE", action, thrown, mapped.value) : mapped;
}
