/**
 * What the status service is made of and what it offers.
 *
 * @module
 */
import type { ReportAnswer, StatusAnswer, StatusDocument, WorkReport } from "../contract/mod.ts";
import type { Checks, Route } from "../http/mod.ts";
import type { Logger, Redactor } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Crypto, Files, HttpClient, Random } from "../runtime/port.ts";
import type { Scheduler } from "../scheduler/mod.ts";
import type { ServiceFacts } from "./document.ts";
import type { HealthInit } from "./health.ts";
import type { Check, CheckScope } from "./parts.ts";
import type { PublisherInit } from "./publisher.ts";

/** What the service works with. */
export interface StatusComponents {
  readonly clock: Clock;
  readonly random: Pick<Random, "uuid">;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly files: Pick<Files, "read" | "stat" | "watch">;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Pick<Redactor, "redact">;
  readonly scheduler: Pick<Scheduler, "add" | "onStop" | "snapshot">;
}

/** The answers of other parts, as they stand in `GET /status`; what is `undefined` is left out. */
export type LocalAnswers = {
  readonly [Part in "mail" | "mail_agents" | "monitor" | "bridge" | "gateways" | "waking" | "deadman"]?:
    | StatusAnswer[Part]
    | undefined;
};

/** Who this is, what counts as well, and where it is told. */
export interface StatusInit {
  /** The name under which `GET /status` and `GET /capabilities` answer. */
  readonly agentName: string;
  readonly service: ServiceFacts;
  /** The agent registration file, absolute; without it no agents exist. */
  readonly registrationPath?: string;
  readonly health: HealthInit;
  /** What else `GET /status` tells on this host, and nobody is sent: of the parts that are there by now. */
  readonly local?: () => LocalAnswers;
  /** Called after each publication that was taken. */
  readonly onPublished?: () => void;
  /** Called when the service has become degraded. */
  readonly onDegraded?: () => void;
  /** Publishing is off without it. */
  readonly publish?: Omit<PublisherInit, "intervalMs" | "onPublished"> & {
    /** An HTTP client for the receiver, with its trust and our certificate; the caller closes it. */
    readonly fetch: HttpClient["fetch"];
    /** A receiver that took nothing for so long degrades. */
    readonly receiverUnreachableMs: number;
    /** A clock further than this from the receiver's degrades. */
    readonly clockSkewMaxMs: number;
  };
}

/** The service as `agent.ts` uses it. */
export interface StatusService {
  /**
   * Reads the registration, then watches, judges and publishes as tasks of the loop, and adds `draining` to its closing acts. Call it
   * before the closing acts of other parts are added. Until it has resolved the service is not ready. Idempotent.
   */
  start(): Promise<void>;
  /** Adds `offline` to the closing acts: call it when every other part has added its own. */
  addLastClosingAct(): void;
  /** Takes no more work from now on, for all who ask; the closing act then tells the receiver. Idempotent. */
  drain(): void;
  /** Takes a report that has been checked, and reacts at once. */
  accept(report: WorkReport): ReportAnswer;
  /**
   * Adds a check of a part of the agent: while it fails the service is degraded, and not ready unless `scope` is `health`.
   *
   * @param name one word of ours, since it is published; the check's messages are not
   * @throws `INTERNAL` when the part has a check already
   */
  addCheck(name: string, check: Check, scope?: CheckScope): void;
  /** The document of now, with a message id of its own. */
  document(): StatusDocument;
  /** For `GET /readyz`: the lifecycle, and the checks added so far that concern it. */
  readinessChecks(): Checks;
  /** `GET /status`, `GET /capabilities`, `POST /report`. */
  readonly routes: readonly Route[];
}
