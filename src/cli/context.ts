/**
 * The seam between the command line and the parts it starts: types only.
 *
 * @module
 */
import type { CommandContext, StricliProcess } from "@stricli/core";
import type { LoadedConfig } from "../config/mod.ts";
import type { Runtime, SocketAddress } from "../runtime/port.ts";

/**
 * Which parts of Barnacle one process runs. With both, the agent publishes to the hub beside it unless a receiver is
 * configured.
 */
export interface HostParts {
  readonly agent: boolean;
  readonly hub: boolean;
  /** A relay alone; beside an agent the configuration says whether there is one. */
  readonly relay?: boolean;
  /** A Monitor alone; beside an agent the configuration says whether there is one. */
  readonly monitor?: boolean;
}

/** What runs after a start. */
export interface RunningHost {
  /** Ends everything in order within the contract's bound; idempotent. @param reason for the log, such as `SIGTERM` */
  stop(reason: string): Promise<void>;
  /** Where the agent listens; the port is the real one, never 0. */
  readonly agentAddress?: SocketAddress;
  readonly hubAddress?: SocketAddress;
}

/** What the command line needs from outside; `main.ts` makes one. */
export interface CliContext {
  readonly runtime: Runtime;
  /**
   * Starts the parts. While an agent runs, its {@link EndpointFile} is in the work directory: that is how the other
   * commands find it.
   *
   * @throws `ADDRESS_IN_USE`, `LOCK_HELD` and their like with nothing left running
   */
  readonly startHost: (loaded: LoadedConfig, parts: HostParts) => Promise<RunningHost>;
  /** The licences of what is in this binary; `undefined` when run from sources. */
  readonly licences: () => Promise<string | undefined>;
  /** The built plugin for OpenClaw gateways, JSON under gzip in base64; `undefined` when none was built. */
  readonly plugin: () => Promise<string | undefined>;
}

/**
 * What a running agent leaves in its work directory (`workDirectoryPaths(…).endpointFile`) so that commands find it.
 */
export interface EndpointFile {
  /** Base URL of the agent, without a trailing slash: `http://127.0.0.1:7410`. */
  readonly http: string;
  /** Base URL of the hub in the same process, when there is one. */
  readonly hub?: string;
  readonly process_id: number;
  /** RFC 3339 UTC. */
  readonly started_at: string;
}

/** What a command is given as `this`. */
export interface Invocation extends CommandContext {
  readonly process: StricliProcess;
  readonly cli: CliContext;
  /** The arguments as they are parsed: global flags moved behind the command. */
  readonly words: readonly string[];
}
