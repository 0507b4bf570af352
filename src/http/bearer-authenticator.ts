/**
 * `Authorization: Bearer` (RFC 6750).
 *
 * @module
 */
import type { Secret } from "../log/mod.ts";
import type { Crypto } from "../runtime/port.ts";
import type { Authenticator } from "./types.ts";

const TOKEN_CHARACTERS_MAX = 4_096;
const SCHEME = "bearer ";

/** The token of a request's `Authorization: Bearer`; `undefined` when there is none, or none of sane length. */
export function bearerTokenOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  if (header === null || header.length > SCHEME.length + TOKEN_CHARACTERS_MAX) return undefined;
  if (!header.startsWith("Bearer ") && header.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  const token = header.slice(SCHEME.length).trim();
  return token === "" ? undefined : token;
}

/**
 * Agrees to requests that carry the token; their principal is `token`.
 *
 * Digests are compared, in constant time, so that neither length nor content of the token shows in how long a refusal
 * takes.
 */
export function bearerAuthenticator(
  crypto: Pick<Crypto, "sha256" | "equalInConstantTime">,
  token: Secret,
): Authenticator {
  const wanted = crypto.sha256(token.reveal());
  const agreed = { principal: "token" };
  return {
    authenticate(request) {
      const given = bearerTokenOf(request);
      if (given === undefined) return undefined;
      return crypto.equalInConstantTime(crypto.sha256(given), wanted) ? agreed : undefined;
    },
  };
}
