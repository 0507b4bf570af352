/**
 * What the relay's mailbox is made of, and the one interface behind which its frames are kept.
 *
 * @module
 */

/** How much a mailbox keeps: what the configuration says under `relayMailbox`. */
export interface MailboxLimits {
  readonly framesPerNode: number;
  readonly bytesPerNode: number;
  readonly framesMax: number;
  readonly bytesMax: number;
  /** Nodes that have a box. */
  readonly nodesMax: number;
  readonly newNodesPerAddressPerDay: number;
  readonly keepHours: number;
}

/** A frame that is to be kept. */
export interface NewFrame {
  /** For whom. */
  readonly to: string;
  readonly from: string;
  readonly id: string;
  /** The whole frame, its length among it; not changed afterwards. */
  readonly bytes: Uint8Array;
}

/** A frame that is kept. */
export interface KeptFrame {
  /** Later frames for the same node have greater ones, also after a restart as long as this one is kept. */
  readonly place: number;
  readonly bytes: Uint8Array;
}

/** Why a frame is not kept. */
export type NotKept =
  /** Its recipient never registered, so it has no box. */
  | "unreachable"
  /** It alone is longer than all that a box may hold. */
  | "mailbox_too_large"
  /** More waits to be written than may. */
  | "mailbox_busy"
  /** The store does not work. */
  | "mailbox_broken";

/** What became of a frame that was to be kept. */
export type KeepOutcome =
  | {
    readonly isKept: true;
    /** The oldest frames, whole, which went for it. */
    readonly gaveWay: readonly Uint8Array[];
  }
  | { readonly isKept: false; readonly reason: NotKept };

/** How much is kept now, as far as the store knows. */
export interface FrameStoreView {
  readonly frames: number;
  readonly bytes: number;
  readonly nodes: number;
}

/**
 * Frames for nodes that are away, durable, in order for each node.
 *
 * Rules: a frame with the sender and id of a kept one for the same node replaces it. Where a bound would be exceeded the oldest frame gives
 * way: the node's own at its bounds, the oldest of all at the bounds in all. A frame older than the time to keep is never read. `read`
 * shows all that was kept before it was called. Every method may reject; nothing but what was asked is lost then.
 */
export interface FrameStore {
  /** @throws when it cannot be used and only its operator can change that */
  start(): Promise<void>;
  /** Writes what is to be written, and lets go. Idempotent. */
  stop(): Promise<void>;
  /** Whether it can be used now. */
  readonly isWorking: boolean;
  readonly view: FrameStoreView;
  /** Notes that a node is here, which gives it a box. @returns whether it has one: it had, or it may be new and there was room */
  admit(nodeId: string, mayBeNew: boolean): Promise<boolean>;
  /** Why a frame of so many bytes, its length among them, cannot be taken now. */
  whyNot(bytes: number): NotKept | undefined;
  /**
   * Keeps a frame, which is durable once this resolves. Frames that are given one after the other are kept in that order.
   *
   * @param mayBeNew its node gets a box, should it have none and there be room
   */
  keep(frame: NewFrame, mayBeNew: boolean): Promise<KeepOutcome>;
  /** A node's oldest frames behind a place, in order: none when there are none, else one at least, however long it is. */
  read(nodeId: string, after: number, most: { readonly frames: number; readonly bytes: number }): Promise<KeptFrame[]>;
  /** Lets a node's frames go, up to and with a place. */
  remove(nodeId: string, upTo: number): Promise<void>;
  /** Lets go what is too old. @returns how many frames went, where it knows */
  sweep(): Promise<number>;
  /** Calls when frames were kept elsewhere for a node, or, without one, when it works again after it did not. */
  onNews(listener: (nodeId: string | undefined) => void): void;
}
