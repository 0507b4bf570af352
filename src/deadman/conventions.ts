/**
 * How watchers are told that all is well, and that it is not.
 *
 * Sources: Healthchecks, "Pinging API" and "Signaling failures"; Uptime Kuma, `/api/push/:pushToken` of its API router; Gatus, "External
 * endpoints" of its manual.
 *
 * @module
 */
import type { DeadmanAnswer } from "../contract/mod.ts";

/** The watchers whose conventions are known; `plain` knows one request, and silence. */
export type DeadmanKind = DeadmanAnswer["kind"];

/** A request to make. */
export interface DeadmanRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Plain text for people. */
  readonly body?: string;
}

/** Longer words are cut: they stand in an address. */
const WORDS_CHARACTERS_MAX = 250;

/** Tells by the address which watcher it belongs to. */
export function kindOf(address: string): DeadmanKind {
  const { hostname, pathname } = new URL(address);
  if (pathname.includes("/api/push/")) return "uptime-kuma";
  if (/\/api\/v1\/endpoints\/[^/]+\/external\/?$/.test(pathname)) return "gatus";
  if (hostname === "hc-ping.com" || hostname.endsWith(".hc-ping.com") || /\/ping\/[^/]+/.test(pathname)) {
    return "healthchecks";
  }
  return "plain";
}

/**
 * The request that says so.
 *
 * @param reason why not, in words that may be shown to anybody; `undefined` when all is well
 * @returns `undefined` when the watcher has no such request, and is told by silence
 */
export function requestOf(kind: DeadmanKind, address: string, reason: string | undefined): DeadmanRequest | undefined {
  const url = new URL(address);
  const words = (reason ?? "healthy").slice(0, WORDS_CHARACTERS_MAX);
  switch (kind) {
    case "healthchecks":
      // A query, such as the one that makes new checks, stays behind the path.
      if (reason !== undefined) url.pathname = `${url.pathname.replace(/\/+$/, "")}/fail`;
      return { method: "POST", url: url.href, body: words };
    case "uptime-kuma":
      url.searchParams.set("status", reason === undefined ? "up" : "down");
      url.searchParams.set("msg", words);
      return { method: "GET", url: url.href };
    case "gatus":
      url.searchParams.set("success", String(reason === undefined));
      if (reason === undefined) url.searchParams.delete("error");
      else url.searchParams.set("error", words);
      return { method: "POST", url: url.href };
    case "plain":
      return reason === undefined ? { method: "GET", url: url.href } : undefined;
  }
}

/** Why a watcher's 2xx is not what it looks like; `undefined` when it is. */
export function hiddenFault(kind: DeadmanKind, text: string): string | undefined {
  // For a check it does not know, and for too many requests, Healthchecks says 200 all the same.
  if (kind === "healthchecks") return /^OK \((not found|rate limited)\)/i.exec(text.trim())?.[1]?.toLowerCase();
  if (kind !== "uptime-kuma") return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    const isRefused = typeof answer === "object" && answer !== null && "ok" in answer && answer.ok === false;
    return isRefused ? "not ok" : undefined;
  } catch {
    return "no JSON";
  }
}
