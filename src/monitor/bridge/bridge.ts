/**
 * The bridge's listener: takes its port when it can, says who has it when it cannot, and tries again.
 *
 * @module
 */
import { isBarnacleError, toBarnacleError } from "../../errors.ts";
import { type App, listen } from "../../http/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, HttpClient, HttpServer, Runtime } from "../../runtime/port.ts";
import { describeOccupant, identifyOccupant, type Occupant } from "./occupant.ts";

/** What the bridge works with. */
export interface BridgeComponents {
  readonly app: App;
  readonly clock: Clock;
  readonly fetch: HttpClient["fetch"];
  readonly http: Runtime["http"];
  readonly log: Logger;
}

/** How the bridge stands. */
export interface BridgeView {
  /** `HOST:PORT`; `null` while it does not listen. */
  readonly address: string | null;
  /** Why it does not; `null` when it does, or has not tried. */
  readonly problem: string | null;
}

const HOST = "127.0.0.1";
const SERVER_GRACE_MS = 300;
const PROBLEM = "monitor_bridge";

/** Listens on loopback only. Does nothing until `open`. */
export class Bridge {
  readonly #components: BridgeComponents;
  readonly #init: { readonly port: number; readonly identifier: string };
  #server: HttpServer | undefined;
  #problem: string | null = null;

  constructor(components: BridgeComponents, init: { readonly port: number; readonly identifier: string }) {
    this.#components = components;
    this.#init = init;
  }

  get view(): BridgeView {
    const server = this.#server;
    return { address: server === undefined ? null : `${HOST}:${server.address.port}`, problem: this.#problem };
  }

  /**
   * Takes the port.
   *
   * @returns who has it; `undefined` once we have. What else keeps us from listening is a problem of ours, and nobody has it
   */
  async open(signal: AbortSignal): Promise<Occupant | undefined> {
    if (this.#server !== undefined) return undefined;
    const { app, http, log } = this.#components;
    const { port } = this.#init;
    try {
      this.#server = await listen(http, app, { address: { host: HOST, port }, role: "monitor", log });
      this.#problem = null;
      return undefined;
    } catch (thrown) {
      if (isBarnacleError(thrown, "ADDRESS_IN_USE")) return await identifyOccupant(this.#components, port, signal);
      const { message } = toBarnacleError(thrown, "Listen for the OpenClaw side");
      this.#problem = message;
      log.problem(PROBLEM, "warn", "bridge_not_listening", { message, error: thrown });
      return undefined;
    }
  }

  /** Says who has the port, and what that means. Two Monitors under one name are a mistake; anything else is a choice. */
  tell(occupant: Occupant): void {
    const { port, identifier } = this.#init;
    const who = describeOccupant(occupant);
    this.#problem = `port ${port} is taken by ${who}`;
    const isTwice = occupant.kind === "monitor" && (occupant.identifier ?? identifier) === identifier;
    const { log } = this.#components;
    if (isTwice) {
      this.#problem += ": two Monitors report this host under one identifier";
      log.problem(PROBLEM, "error", "monitor_twice", {
        message:
          `Port ${port} is taken by ${who}: two Monitors report this host under one identifier, and the backend sees both`,
        hint: "stop one of them, or set monitor.enabled to auto, which leaves the host to the other",
        identifier,
        port,
      });
    } else {
      log.problem(PROBLEM, "warn", "bridge_port_taken", {
        message:
          `Port ${port} is taken by ${who}: heartbeats go on without a bridge, so nothing of OpenClaw is in them`,
        hint: "set MONITOR_PORT for both sides to a free port, or stop what listens there; it is tried again",
        port,
      });
    }
  }

  /** Says that we have the port, when it was somebody else's before. */
  tellOpen(): void {
    this.#components.log.resolve(PROBLEM, "bridge_listening", { port: this.#init.port });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop(SERVER_GRACE_MS);
  }
}
