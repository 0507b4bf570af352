/**
 * What keeps web pages away from a listener on loopback.
 *
 * A page can make its visitor's browser send requests to 127.0.0.1, and with a name that it first resolves to itself
 * and then to 127.0.0.1 (DNS rebinding) it could read the answers too. Its requests carry its name, in `Host` or in
 * `Origin`, so they can be told.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import { isLoopbackAuthority } from "./address.ts";

/** Checks requests to a loopback listener. */
export class LoopbackGuard {
  /** The last host that passed: nearly every request names the same one. */
  #knownHost: string | undefined;

  /** @returns the refusal, or `undefined` when the request may pass */
  refuse(request: Request): BarnacleError | undefined {
    const host = request.headers.get("host") ?? authorityOf(request.url);
    if (host !== this.#knownHost) {
      if (!isLoopbackAuthority(host)) {
        return refusal("Answer for another host name", host, "a loopback name or address");
      }
      this.#knownHost = host;
    }
    if (request.method === "GET" || request.method === "HEAD") return undefined;
    const origin = request.headers.get("origin");
    if (origin === null || isLoopbackAuthority(authorityOf(origin))) return undefined;
    return refusal("Take a request from a web page", origin, "no Origin, or one on this host");
  }
}

function authorityOf(url: string): string {
  const start = url.indexOf("://");
  if (start === -1) return "";
  const end = url.indexOf("/", start + 3);
  return url.slice(start + 3, end === -1 ? undefined : end);
}

const SHOWN_CHARACTERS_MAX = 100;

function refusal(action: string, value: string, wanted: string): BarnacleError {
  return new BarnacleError({
    code: "FORBIDDEN",
    action,
    value: JSON.stringify(value.slice(0, SHOWN_CHARACTERS_MAX)),
    wanted,
    hint:
      "this listener is on loopback and answers to its own host only; listen on another address, with a token, to be reached by name",
  });
}
