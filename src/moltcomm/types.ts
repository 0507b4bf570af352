/**
 * What the node needs from the other rooms and offers to them. `agent.ts` puts both sides together.
 *
 * @module
 */
import type { ProtocolErrorCode } from "./wire/types.ts";

/** A `DIRECT` that passed every check of the protocol and is for us. */
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

/**
 * What became of an incoming message. `delivered`: its line is durable. `duplicate`: it was delivered before, in this life or an earlier
 * one. `refused`: nothing of it is kept, it may come again with the same id.
 */
export type DeliveryOutcome =
  | { readonly outcome: "delivered" }
  | { readonly outcome: "duplicate" }
  | { readonly outcome: "refused"; readonly code: ProtocolErrorCode; readonly detail: string };

/** Where messages for this host go. Source: MoltComm v1, section 11, readings 1 to 3. */
export interface IncomingMail {
  /**
   * Takes a message. Calls may overlap; each settles when its own line is durable. A message whose twin is being written settles with it.
   * Never rejects.
   */
  deliver(message: IncomingMessage): Promise<DeliveryOutcome>;
  /** Whether the sender's messages would be turned away whatever they say; asked before anything is spent on them. */
  isBlocked(from: string): boolean;
  /** How far back in time a message that was delivered before would be known as such, in milliseconds. */
  readonly reachMs: number;
}

/** A message on its way out. Its id was fixed before the first attempt. */
export interface OutgoingMessage {
  readonly to: string;
  readonly id: string;
  readonly msg: string;
}

/** A relay that keeps messages for nodes that are away: one object for as long as one connection to it lasts. */
export interface Keeper {
  /** `relay://HOST:PORT`, as it was dialled. */
  readonly address: string;
  readonly nodeId: string;
}

/**
 * What is heard of a message that a relay keeps, when no attempt for it is open. `delivered`, `refused`: the recipient says so, and is
 * back. `dropped`: the relay has let it go, for want of room.
 */
export interface KeptNews {
  readonly to: string;
  readonly id: string;
  readonly what: "delivered" | "refused" | "dropped";
}

/** What an attempt came to. Source: MoltComm v1, section 11, reading 4: only the recipient's own signed answer settles a message. */
export type AttemptOutcome =
  | { readonly outcome: "delivered" }
  | {
    readonly outcome: "failed";
    /** The recipient's error code, or why no answer came. */
    readonly reason:
      | ProtocolErrorCode
      | "NO_ADDRESS"
      | "TIMED_OUT"
      | "CONNECTION_LOST"
      | "TOO_LARGE"
      | "NOT_SEALED"
      | "STOPPED"
      | "UNKNOWN_CODE";
    /** The recipient itself said so, signed. */
    readonly byRecipient: boolean;
    readonly detail: string;
    /** The relay that says that it keeps the message. */
    readonly keeper?: Keeper;
  };

/** How messages leave this host. */
export interface Carrier {
  /**
   * Makes one attempt: signs afresh, connects where needed, says `HELLO` first, sends, and waits for the recipient's answer. Overlapping
   * attempts to one recipient go over one connection in the order of the calls. Once one of them fails, those sent behind it on that
   * connection may still be delivered. Never rejects.
   *
   * @param keptBy who keeps this message already: where the recipient is not found, it gets it no second time
   */
  attempt(message: OutgoingMessage, keptBy?: Keeper): Promise<AttemptOutcome>;
  /**
   * One attempt over the connection to a relay that keeps what comes before it, and over no other: should the recipient be back, the relay
   * hands over the earlier ones first. Never rejects.
   */
  leave(message: OutgoingMessage, keeper: Keeper): Promise<AttemptOutcome>;
  /**
   * Makes ready what the next attempt to the same recipient needs, when it is for this very message and follows within a second. To be
   * called while an answer of that recipient is awaited; elsewhere it does nothing.
   */
  prepare(message: OutgoingMessage): void;
  /**
   * Calls `listener` when a node became reachable (again): it shook hands, or a new address of it is known.
   *
   * @returns a function that ends it
   */
  onReachable(listener: (nodeId: string) => void): () => void;
  /** Calls `listener` with what is heard of messages that relays keep. @returns a function that ends it */
  onKept(listener: (news: KeptNews) => void): () => void;
}

/** One peer as `peers` shows it. Times are Unix milliseconds. */
export interface PeerView {
  readonly nodeId: string;
  readonly addresses: readonly string[];
  readonly agent?: string;
  readonly connected: boolean;
  /** The relay over which mail to it goes now; absent when it goes directly, or not at all. */
  readonly relay?: string;
  readonly lastHandshakeAtMs: number | null;
  readonly recordExpiresAtMs: number;
}
