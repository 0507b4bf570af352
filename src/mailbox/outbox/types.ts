/** What the outbox file needs and gives. @module */
import type { Logger } from "../../log/mod.ts";
import type { Metrics } from "../../metrics/mod.ts";
import type { Clock, Crypto, Files, Random } from "../../runtime/port.ts";

export interface OutboxComponents {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface OutboxInit {
  /** `.moltcomm` under the work directory. */
  readonly directory: string;
  /** The longest message, in bytes of UTF-8. */
  readonly messageBytesMax: number;
  /** The node id of a contact. @param name as it was written, without surrounding blanks; its case must not matter */
  resolve(name: string): string | undefined;
  /** Names of contacts, told to somebody who wrote an unknown one. */
  names?(): readonly string[];
  /** This node's id: a message to it is rejected, unless it names an agent that {@link isOwnAgent}. */
  readonly nodeId?: string;
  /** Whether another agent under this node's id is called so. */
  readonly isOwnAgent?: (agent: string) => boolean;
  /** Whether there is a key that would be passed over; asked before the first line is taken. Default: there may be. */
  hasAccepted?(): boolean;
}

/** A message that stands in the outbox and was not taken before. */
export interface NewMessage {
  /** The recipient's node id. */
  readonly to: string;
  readonly msg: string;
  /** When the agent says it wrote the line, Unix milliseconds. */
  readonly createdAtMs: number | undefined;
  /** The UUID given in the line, lower case; with the agent's name where the message names one. */
  readonly id: string | undefined;
  /** Which of several agents under the recipient's id is meant, where the message names one and its line gave no id. */
  readonly agent?: string | undefined;
  /** Where it stands, counted from 1. */
  readonly line: number;
  /**
   * Identifies this taking: accepting the same key twice is accepting once. A key comes again only when the outbox could not note that
   * the line was taken.
   */
  readonly key: string;
}

/** Takes messages: durable when it resolves. When it rejects, the same messages come again with the same keys. */
export type Accept = (messages: readonly NewMessage[]) => Promise<void>;

export interface LookOptions {
  /** Messages taken in this look at most; the rest stays for the next one. Default: no limit. */
  readonly takeMax?: number;
}

/** What a look came to. */
export interface LookResult {
  /** When to look again even if nothing is reported by then; `undefined`: no sooner than usual. */
  readonly lookAgainInMs: number | undefined;
  /** Messages handed over in this look. */
  readonly taken: number;
  /** `takeMax` was reached, and more stands in the file. */
  readonly hasMore: boolean;
}

/** How the outbox file is now. */
export interface OutboxView {
  /** Lines standing in the file that were taken or rejected, as far as is known. */
  readonly lines: number;
  /** Why nothing can be taken now, for people. */
  readonly failing: string | undefined;
}
