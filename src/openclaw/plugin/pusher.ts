/**
 * Telling Barnacle, or a Monitor, which OpenClaw this is and which agents it has. Source: the Monitor's seed, "Plugin behavior".
 *
 * @module
 */
import type { RosterAgent } from "./roster.ts";
import type { Settings } from "./settings.ts";

/** The bridge may be starting too. */
const FIRST_DELAY_MS = 2_000;
const TIMEOUT_MS = 2_000;

/** What is pushed. */
export interface Metadata {
  readonly version: string;
  readonly plugin_version: string;
  readonly agents: readonly RosterAgent[];
}

/** What a pusher asks of its surroundings. */
export interface PusherComponents {
  readonly fetch: typeof fetch;
  metadata(): Metadata;
  /** For what may interest somebody who looks for a fault: nothing is wrong with a gateway whose Barnacle is not there. */
  debug(text: string): void;
}

/** Pushes while it runs. A push that fails is left at that: the next one says the same. */
export class Pusher {
  readonly #components: PusherComponents;
  readonly #settings: Settings;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Somebody may believe that it runs. */
  #owesEnd = false;

  constructor(components: PusherComponents, settings: Settings) {
    this.#components = components;
    this.#settings = settings;
  }

  /** Begins, or begins anew: a roster that changed is told after the same short delay. */
  start(): void {
    this.#owesEnd = true;
    this.#schedule(FIRST_DELAY_MS);
  }

  /** Ends, and tells why, once that is known: some gateways end their services before they say that they stop, others after that. */
  stop(reason: string | undefined): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#owesEnd || reason === undefined) return Promise.resolve();
    this.#owesEnd = false;
    return this.#push({ event: "gateway_stop", reason });
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#schedule(this.#settings.reportIntervalMs);
      void this.#push({});
    }, delayMs);
    // A gateway that wants to end is not kept by us.
    this.#timer.unref();
  }

  /** Never rejects. */
  async #push(more: Readonly<Record<string, string>>): Promise<void> {
    const { pushUrl, token } = this.#settings;
    try {
      const answer = await this.#components.fetch(`${pushUrl}/openclaw`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ ...this.#components.metadata(), ...more }),
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // What is not read keeps its connection.
      await answer.body?.cancel();
      if (!answer.ok) this.#components.debug(`${pushUrl}/openclaw answered ${answer.status}`);
    } catch (error) {
      this.#components.debug(`${pushUrl}/openclaw was not reached: ${String(error)}`);
    }
  }
}
