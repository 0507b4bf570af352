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

/** What an attempt came to. */
export type AttemptOutcome =
  | { readonly outcome: "delivered" }
  | { readonly outcome: "failed"; readonly reason: string; readonly byRecipient: boolean; readonly detail: string };

/** How messages leave this host: the node's `Carrier`. */
export interface Carrier {
  /** One attempt; overlapping ones to one recipient go in the order of the calls. Never rejects. */
  attempt(message: OutgoingMessage): Promise<AttemptOutcome>;
  /** Makes ready what the next attempt to this recipient needs, while it answers the one before; a carrier need not. */
  prepare?(message: OutgoingMessage): void;
  /** Calls `listener` when a node became reachable (again). @returns a function that ends it */
  onReachable(listener: (nodeId: string) => void): () => void;
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

/** How far an outgoing message is: durable here, tried, durable there, or given up with the reason. */
export type DeliveryState = "accepted" | "sent" | "delivered" | "failed";

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
}
