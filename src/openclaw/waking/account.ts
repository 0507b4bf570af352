/**
 * What a gateway was asked on behalf of any of its agents: a token that it refused once is not shown to it again for the next agent (20
 * wrong ones within a minute lock everybody out), and when it takes no calls for a while, it takes none from any. Source: the gateway
 * notes, section 3.1.
 *
 * @module
 */
import type { Gateway } from "../types.ts";
import type { Obstacle } from "./target.ts";

interface Entry {
  /** What the gateway was like. */
  readonly known: string;
  refusal?: Obstacle;
  notBeforeMs: number;
}

/** One for all wakers of a host. Times are of a monotonic clock. */
export class GatewayAccount {
  readonly #entries = new Map<string, Entry>();

  /** Its token was refused: nothing but a change on its side can help. */
  refused(gateway: Gateway, refusal: Obstacle): void {
    this.#entryOf(gateway).refusal = refusal;
  }

  /** Why its token is not to be tried again; `undefined` when it may be. */
  refusalOf(gateway: Gateway): Obstacle | undefined {
    return this.#entryOf(gateway).refusal;
  }

  /** It takes no calls until then. */
  hold(gateway: Gateway, untilMs: number): void {
    const entry = this.#entryOf(gateway);
    entry.notBeforeMs = Math.max(entry.notBeforeMs, untilMs);
  }

  /** Until when it takes no calls. */
  notBeforeMs(gateway: Gateway): number {
    return this.#entryOf(gateway).notBeforeMs;
  }

  /** A gateway that has changed has a new page. */
  #entryOf(gateway: Gateway): Entry {
    const { baseUrl } = gateway;
    const known = fingerprintOf(gateway);
    const entry = this.#entries.get(baseUrl);
    if (entry?.known === known) return entry;
    const fresh: Entry = { known, notBeforeMs: Number.NEGATIVE_INFINITY };
    this.#entries.set(baseUrl, fresh);
    return fresh;
  }
}

/** What a change of may make a call work that was refused. Kept in memory alone: the token is in it. */
export function fingerprintOf({ agents, baseUrl, hooks, state, version }: Gateway): string {
  const { allowedAgentIds, isEnabled, token, url } = hooks;
  const ids = agents.map(({ id, sandbox }) => [id, sandbox]);
  return JSON.stringify([baseUrl, state, version?.number, ids, isEnabled, url, allowedAgentIds, token?.reveal()]);
}
