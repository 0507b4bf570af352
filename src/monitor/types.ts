/**
 * What the Monitor is made of and what it offers.
 *
 * @module
 */
import type { MonitorAnswer, OpenClawMetadataPush } from "../contract/mod.ts";
import type { Route } from "../http/mod.ts";
import type { Logger, Redactor } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Files, Host, HttpClient, Runtime } from "../runtime/port.ts";
import type { Scheduler } from "../scheduler/mod.ts";
import type { ReporterInit } from "./backend/reporter.ts";

/** What the Monitor works with. */
export interface MonitorComponents {
  readonly clock: Clock;
  readonly files: Pick<Files, "stat" | "list">;
  readonly host: Host;
  readonly http: Runtime["http"];
  /** For loopback; the backend has a client of its own. */
  readonly fetch: HttpClient["fetch"];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Pick<Redactor, "redact">;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** As whom to measure and report. */
export interface MonitorInit {
  readonly identifier: string;
  /** Of the bridge, on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  readonly rootFs: string;
  readonly intervalMs: number;
  /** Whether a Monitor that answers on the port is left to its work. */
  readonly yields: boolean;
  /** What was pushed is forgotten after so long without a push; without it, it stays. */
  readonly metadataExpiryMs?: number | undefined;
  /** Without it nothing is reported. */
  readonly backend?: (ReporterInit & { readonly fetch: HttpClient["fetch"] }) | undefined;
  /** Answered by the bridge besides; a Monitor alone has its metrics there. */
  readonly extraRoutes?: readonly Route[];
}

/** The Monitor of a host. */
export interface Monitor {
  /** Takes the port, or finds out who has it; never rejects for a port that cannot be had. Idempotent. */
  start(): Promise<void>;
  /** Ends its tasks and the bridge. Idempotent. */
  stop(): Promise<void>;
  /** Whether this is the host's Monitor; not while it leaves that to another. */
  readonly isRunning: boolean;
  /** Takes what the OpenClaw side of our own process knows, as the bridge would. */
  push(metadata: OpenClawMetadataPush): void;
  /** For `GET /status`. */
  answer(): MonitorAnswer;
}
