/**
 * What a relay is made from and what it offers.
 *
 * @module
 */
import type { PeerAddress } from "../../contract/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { Metrics } from "../../metrics/mod.ts";
import type { Clock, Crypto, Network, Random, SocketAddress } from "../../runtime/port.ts";
import type { Scheduler } from "../../scheduler/mod.ts";
import type { Identity } from "../identity.ts";
import type { FrameStoreView, Mailbox, MailboxComponents } from "./mailbox/mod.ts";

/** What a relay works with. */
export interface RelayComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly network: Pick<Network, "listen">;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** How much of the relay strangers may use: what the configuration says under `relay`. */
export interface RelayLimits {
  readonly maxFrameBytes: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddress: number;
  readonly framesPerSecondPerNode: number;
  readonly bytesPerSecondPerNode: number;
  readonly framesPerSecondPerAddress: number;
  readonly bytesPerSecondPerAddress: number;
  readonly framesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly queuedBytesPerNode: number;
  readonly queuedBytesMax: number;
}

/** Who may be reached over the relay. */
export interface Members {
  has(nodeId: string): boolean;
  /** Calls `listener` whenever an answer of `has` may have changed. */
  onChange(listener: () => void): void;
}

/** How a relay gets its mailbox. */
export interface RelayMailboxInit {
  readonly newNodesPerAddressPerDay: number;
  /** Adds the store. */
  make(components: Omit<MailboxComponents, "store">): Mailbox;
}

/** What a relay is made from. */
export interface RelayInit {
  readonly identity: Identity;
  readonly listen: SocketAddress;
  /** Told to nodes in place of `listen`, unless empty; all `relay://`. */
  readonly advertise: readonly PeerAddress[];
  readonly limits: RelayLimits;
  /** `undefined`: everybody. */
  readonly members?: Members | undefined;
  /** Makes the mailbox; `undefined`: there is none. */
  readonly mailbox?: RelayMailboxInit | undefined;
  /** This software and its version, for other nodes' operators. */
  readonly agent: string;
}

/** The state of a relay, for the status surface. */
export interface RelayView {
  /** Where it listens; `undefined` before the start. */
  readonly address: SocketAddress | undefined;
  readonly connections: number;
  readonly registered: number;
  readonly queuedBytes: number;
  /** `undefined`: it keeps none. */
  readonly mailbox: FrameStoreView & { readonly isWorking: boolean } | undefined;
  /** Frames handed on since the start. */
  readonly forwardedFrames: number;
  readonly forwardedBytes: number;
  /** Frames refused since the start, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
}

/** A running relay. */
export interface Relay {
  readonly nodeId: string;
  /**
   * Listens.
   *
   * @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED` with a hint; what the mailbox throws at its start
   */
  start(): Promise<{ readonly address: SocketAddress }>;
  /** Takes nothing more, lets what is queued leave, and closes every connection, within half a second. Idempotent. */
  stop(): Promise<void>;
  readonly view: RelayView;
}
