/** What the inbox needs and tells. @module */
import type { Logger } from "../../log/mod.ts";
import type { Metrics } from "../../metrics/mod.ts";
import type { Clock, Crypto, Files, Random } from "../../runtime/port.ts";

export interface InboxComponents {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface InboxInit {
  /** `.moltcomm` under the work directory. */
  readonly directory: string;
  /** This node's id, for the log. */
  readonly nodeId: string;
  /** The longest message taken, in bytes of UTF-8. */
  readonly messageBytesMax: number;
  /** Unread messages of one sender at most. */
  readonly unreadPerSenderMax: number;
  /** Unread messages of all senders at most. */
  readonly unreadMax: number;
  /** Delivered messages remembered at most; when all are taken, further messages are refused. */
  readonly rememberedMax: number;
  /** How long a delivered message is remembered at least, in time that this host was running. */
  readonly rememberForMs: number;
  /** Whether a file of which everything was read is moved aside by itself. */
  readonly archive: boolean;
}

/** How the inbox is now. */
export interface InboxView {
  /** The last number given to a message; 0 before the first. */
  readonly lastSeq: number;
  /** The last number the agent says it has read: what the cursor file says, or the nearest sane value. */
  readonly cursor: number;
  /** Messages above the cursor. */
  readonly unread: number;
  /** Delivered messages remembered. */
  readonly remembered: number;
  /** Why no message can be taken now, for people. */
  readonly failing: string | undefined;
}

/** What came of moving the inbox aside. */
export type ArchiveResult =
  | { readonly outcome: "archived"; readonly file: string; readonly firstSeq: number; readonly lastSeq: number }
  | {
    readonly outcome: "kept";
    /**
     * `empty`: there is no message in it. `unread`: some are above the cursor, or the cursor file makes no sense.
     * `failing`: the disk refused.
     */
    readonly reason: "empty" | "unread" | "failing";
    readonly detail: string;
  };

/** Where everything is, under `.moltcomm`. */
export interface InboxPaths {
  readonly inbox: string;
  readonly cursor: string;
  readonly archive: string;
  readonly state: string;
  readonly stateFile: string;
  readonly remembered: string;
}
