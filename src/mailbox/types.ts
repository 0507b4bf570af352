/**
 * What the mailbox needs from the other rooms and offers to them. The shapes of mail in and out are the node's, repeated here because
 * features do not import each other.
 *
 * @module
 */

/** A message that passed every check of the protocol and is for us. */
export interface IncomingMessage {
  readonly from: string;
  readonly id: string;
  readonly to: string;
  readonly msg: string;
  /** Unix milliseconds, our clock. */
  readonly receivedAtMs: number;
  /** Whether many more have arrived behind it and will be delivered in the next turns: they can share its sync. Default: no. */
  readonly isFollowed?: boolean;
}

/** `delivered`: its line is durable. `duplicate`: it was delivered before. `refused`: nothing of it is kept. */
export type DeliveryOutcome =
  | { readonly outcome: "delivered" }
  | { readonly outcome: "duplicate" }
  | { readonly outcome: "refused"; readonly code: "RATE_LIMIT" | "UNSUPPORTED"; readonly detail: string };

/** A message on its way out. Its id was fixed before the first attempt. */
export interface OutgoingMessage {
  readonly to: string;
  readonly id: string;
  readonly msg: string;
}

/** A relay that keeps messages for nodes that are away: one object for as long as one connection to it lasts. */
export interface Keeper {
  /** `relay://HOST:PORT`. */
  readonly address: string;
  readonly nodeId: string;
}

/** What is heard of a message that a relay keeps: its recipient took or refused it, or the relay has let it go. */
export interface KeptNews {
  readonly to: string;
  readonly id: string;
  readonly what: "delivered" | "refused" | "dropped";
}

/** What an attempt came to. */
export type AttemptOutcome =
  | { readonly outcome: "delivered" }
  | {
    readonly outcome: "failed";
    readonly reason: string;
    readonly byRecipient: boolean;
    readonly detail: string;
    /** The relay that says that it keeps the message. */
    readonly keeper?: Keeper;
  };

/** How messages leave this host: the node's `Carrier`. */
export interface Carrier {
  /**
   * One attempt; overlapping ones to one recipient go in the order of the calls. Never rejects.
   *
   * @param keptBy who keeps this message already: where the recipient is not found, it gets it no second time
   */
  attempt(message: OutgoingMessage, keptBy?: Keeper): Promise<AttemptOutcome>;
  /** One attempt over the relay that keeps what comes before it, and no other way. Never rejects. */
  leave(message: OutgoingMessage, keeper: Keeper): Promise<AttemptOutcome>;
  /** Makes ready what the next attempt to this recipient needs, while it answers the one before; a carrier need not. */
  prepare?(message: OutgoingMessage): void;
  /** Calls `listener` when a node became reachable (again). @returns a function that ends it */
  onReachable(listener: (nodeId: string) => void): () => void;
  /** Calls `listener` with what is heard of messages that relays keep. @returns a function that ends it */
  onKept(listener: (news: KeptNews) => void): () => void;
}

/** A line of `.moltcomm/inbox.ndjson`, its six fields in this order. Source: the heartbeat inbox contract, section 2.1. */
export interface InboxLine {
  readonly seq: number;
  readonly received_ts: number;
  readonly from: string;
  readonly id: string;
  readonly to: string;
  readonly msg: string;
}

/** How far an outgoing message is: durable here, tried, kept by a relay meanwhile, durable there, or given up with the reason. */
export type DeliveryState = "accepted" | "sent" | "kept" | "delivered" | "failed";

/** An outgoing message as `outbox` shows it. Times are Unix milliseconds. */
export interface DeliveryView {
  readonly id: string;
  readonly to: string;
  readonly msg: string;
  readonly state: DeliveryState;
  readonly acceptedAtMs: number;
  readonly settledAtMs: number | null;
  readonly attempts: number;
  readonly lastError: string | null;
  /** Who keeps it for its recipient, and since when; `null` while nobody does. */
  readonly kept: { readonly keeper: Keeper; readonly sinceMs: number } | null;
}
