/**
 * What happened in a fleet, as the checkers see it: facts seen from outside of Barnacle, never its own opinion.
 *
 * @module
 */
import type { ProcessEnd, SimProcess } from "../mod.ts";

/** The name of a checker, as a violation and its canary name it. */
export type CheckerName =
  | "convergence"
  | "durability"
  | "life"
  | "secrets"
  | "rate"
  | "bounds"
  | "stop"
  | "identity"
  | MailCheckerName
  | RelayCheckerName;

/** Those of the mail fleet, each for an invariant of the design: 1, 2, 3, 4, 5 and 10. */
export type MailCheckerName = "lost" | "twice" | "seq" | "outbox" | "order" | "whole";

/**
 * Those of fleets with relays: nobody stays unfound, relays read nothing that is sealed and keep what they say to keep, pinned identities
 * hold, and who is hostile harms nobody else.
 */
export type RelayCheckerName = "found" | "sealed" | "kept" | "pinned" | "unharmed";

export interface Violation {
  readonly checker: CheckerName;
  /** Simulated milliseconds since the world began. */
  readonly atMs: number;
  readonly what: string;
}

export type Role = "agent" | "hub" | "relay" | "hubCheck" | "command";

/** The members of a published document that checkers look at. */
export interface PublishedDocument {
  readonly instance_id: string;
  readonly message_id: string;
  readonly timestamp: string;
  readonly capabilities: readonly string[];
  readonly capacity: { readonly active_tasks: number };
  readonly health: { readonly status: string };
  readonly availability: string;
}

/** One publication as the agent's platform saw it leave and end. */
export interface Attempt {
  readonly startedAtMs: number;
  /** Of the host: stands still while it sleeps. */
  readonly monotonicMs: number;
  readonly document: PublishedDocument;
  /** The status of the answer; 0 when there was none; `undefined` while it is under way. */
  status: number | undefined;
}

/** How a SIGTERM was met. */
export interface StopRecord {
  readonly askedAtMs: number;
  readonly askedAtMonotonicMs: number;
  endedAtMonotonicMs: number | undefined;
  /** The process, or its host, was made to stand still meanwhile. */
  isDisturbed: boolean;
}

/** One process of the fleet. */
export interface ProcessRecord {
  readonly role: Role;
  readonly hostName: string;
  readonly startedAtMs: number;
  process: SimProcess;
  /** When it first announced a listener. */
  listeningAtMs: number | undefined;
  endedAtMs: number | undefined;
  end: ProcessEnd | undefined;
  /** The scenario ended it, without asking. */
  isKilled: boolean;
  stop: StopRecord | undefined;
  /** Events of its log that nobody may see. */
  readonly uncaught: string[];
  /** Events by name, counted. */
  readonly events: Map<string, number>;
  readonly attempts: Attempt[];
  pendingTimers: number;
  pendingTimersMax: number;
  /** The loop's tasks, by the last `GET /status`. */
  taskCountMax: number;
}

/** A publication that the hub said 202 to and took as the latest. */
export interface Acknowledgement {
  readonly atMs: number;
  readonly instanceId: string;
  readonly messageId: string;
}

/** A span of simulated time; open while `untilMs` is `undefined`. */
export interface Span {
  readonly fromMs: number;
  untilMs: number | undefined;
}

/** What every run of hosts leaves behind. */
export class CrewRecord {
  readonly processes: ProcessRecord[] = [];
  readonly violations: Violation[] = [];
  /** When the last fault had ended; `undefined` before. */
  calmAtMs: number | undefined;

  violate(checker: CheckerName, atMs: number, what: string): void {
    this.violations.push({ checker, atMs, what });
  }

  ofRole(role: Role): ProcessRecord[] {
    return this.processes.filter((process) => process.role === role);
  }
}

/** Everything that one run of a fleet of agents and a hub leaves behind. */
export class FleetRecord extends CrewRecord {
  /** Since the hub last ended. */
  readonly acknowledgements: Acknowledgement[] = [];
  acknowledgedTotal = 0;
  /** By instance: the message ids one of which the hub must have kept when it last ended. */
  readonly survivors = new Map<string, ReadonlySet<string>>();
  /** What was published, by message id. */
  readonly documents = new Map<string, PublishedDocument>();
  /** Of the hub: it stood still, or its disk was full. */
  readonly hubExcuses: Span[] = [];
  hubKills = 0;
  /** Kills after which the database could be asked. */
  verifiedKills = 0;

  acknowledge(document: PublishedDocument, atMs: number): void {
    this.acknowledgedTotal++;
    this.acknowledgements.push({ atMs, instanceId: document.instance_id, messageId: document.message_id });
  }
}
