/**
 * What is known of an OpenClaw gateway on this host.
 *
 * @module
 */
import type { Secret } from "../log/mod.ts";
import type { AgentSandbox } from "./facts/mod.ts";

/** Something that could not be found out. */
export interface Unknown {
  /** A word or two: `configuration`, `version`, `hook token`. */
  readonly what: string;
  /** Why, in words for the operator; never a secret. */
  readonly why: string;
}

/**
 * How an agent is told what to do at its heartbeat. `heartbeat-file`: it reads `HEARTBEAT.md` (2026.7.x and older). `scratch`: it does
 * not, and a doctor would remove the file (2026.8.1 and newer).
 */
export type Generation = "heartbeat-file" | "scratch";

/**
 * An OpenClaw version and where it was learnt: of the running gateway, of the installed package, or of who wrote the configuration last.
 */
export interface GatewayVersion {
  /** `2026.9.6` */
  readonly number: string;
  /** The first digits of the commit, where a build told of it. */
  readonly commit?: string;
  readonly from: "gateway" | "package" | "configuration";
}

/** An agent of a gateway. */
export interface GatewayAgent {
  readonly id: string;
  readonly name: string;
  /** Absolute; by OpenClaw's rules. It is made at the agent's first turn. */
  readonly workspace: string;
  readonly hasWorkspace: boolean;
  /** The configuration names the workspace itself; else it follows from the roster and moves when that changes. */
  readonly isWorkspacePinned: boolean;
  /** The one whose workspace is the gateway's own where nothing is configured. */
  readonly isDefault: boolean;
  /** Only where its heartbeats and wake-ups run in one. */
  readonly sandbox?: AgentSandbox;
}

/** The webhooks of a gateway, by which agents are woken. */
export interface GatewayHooks {
  readonly isEnabled: boolean;
  /** Without a slash at its end. */
  readonly url: string;
  /** Another secret than the gateway's token. `undefined` when there is none, or it is not to be had; see `unknown`. */
  readonly token: Secret | undefined;
  /** Agents that may be named; `undefined` for all. */
  readonly allowedAgentIds: readonly string[] | undefined;
}

/** A gateway on this host, running or not. */
export interface Gateway {
  /** `undefined` for the default one. */
  readonly profile: string | undefined;
  readonly stateDirectory: string;
  readonly configPath: string;
  /** The environment (`OPENCLAW_STATE_DIR`, `OPENCLAW_PROFILE`) or a setting of ours names it: it comes before the ones that were found. */
  readonly isNamed: boolean;
  /** `remote`: this configuration is for a gateway on another host. */
  readonly mode: "local" | "remote";
  readonly port: number;
  readonly portFrom: "lock" | "environment" | "configuration" | "default";
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly hooks: GatewayHooks;
  readonly version: GatewayVersion | undefined;
  readonly generation: Generation | undefined;
  readonly agents: readonly GatewayAgent[];
  /** `unknown`: something answers on its port that does not say what it is. */
  readonly state: "running" | "starting" | "stopped" | "unknown";
  /** Everything that could not be found out, and why. */
  readonly unknown: readonly Unknown[];
}
