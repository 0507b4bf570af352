/**
 * What a node is made from and what it offers.
 *
 * @module
 */
import type { PeerAddress } from "../contract/mod.ts";
import type { Logger } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Crypto, Files, Network, Random, SocketAddress } from "../runtime/port.ts";
import type { Scheduler } from "../scheduler/mod.ts";
import type { BootstrapView } from "./bootstraps.ts";
import type { Identity } from "./identity.ts";
import type { KnownRelayView, Reachable, ReachableMode, RelaySource } from "./relays/mod.ts";
import type { SealingChoice } from "./sealing/mod.ts";
import type { Carrier, IncomingMail, PeerView } from "./types.ts";

/** What a node works with. */
export interface NodeComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly files: Files;
  readonly network: Network;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** How much of the node strangers may use: what the configuration says under `moltcomm`. */
export interface NodeLimits {
  readonly maxFrameBytes: number;
  readonly connectionsMax: number;
  readonly framesPerSecondPerConnection: number;
  readonly framesPerSecondPerAddress: number;
  readonly messagesPerSecondPerSender: number;
  readonly messagesBurstPerSender: number;
  readonly peersMax: number;
  readonly newPeersPerMinute: number;
  readonly requestTimeoutMs: number;
}

/** What a node is made from. */
export interface NodeInit {
  readonly identity: Identity;
  /** `.moltcomm`; it exists. */
  readonly directory: string;
  readonly listen: PeerAddress;
  /** Nobody chose `listen`: a taken port is no reason to stop. */
  readonly isListenDefault: boolean;
  /** Told to other nodes in place of `listen`, unless empty. */
  readonly advertise: readonly PeerAddress[];
  readonly bootstrap: readonly PeerAddress[];
  /** Relays at which this node may be found, and at how many of them it is; default none, and one. */
  readonly relays?: readonly PeerAddress[];
  readonly relayConnections?: number;
  /** Further relays, whose identity is known. */
  readonly relaySource?: RelaySource;
  /** Whether the record names our own address; default `auto`: where somebody has connected to it, or no relay serves. */
  readonly reachable?: ReachableMode;
  readonly limits: NodeLimits;
  readonly incoming: IncomingMail;
  /** This software and its version, one word, for other nodes' operators. */
  readonly agent: string;
  readonly sealing: SealingChoice;
  /** Further addresses of a node, such as a contact's; texts as `readPeerAddress` reads them. */
  readonly addressesOf?: (nodeId: string) => readonly string[];
  /** Called once, when so much mail has been read that more of it is to be expected. */
  readonly onBusy?: () => void;
}

/** The state of a node, for the status surface. */
export interface NodeView {
  /** Where it listens; `undefined` before the start. */
  readonly address: SocketAddress | undefined;
  readonly connections: { readonly accepted: number; readonly dialled: number };
  readonly peers: { readonly known: number; readonly connected: number };
  /** Questions of ours that are not answered yet, messages among them. */
  readonly requestsOpen: number;
  /** Messages that are being written to the inbox. */
  readonly deliveriesOpen: number;
  /** Messages refused since the start, by protocol code. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly bootstraps: readonly BootstrapView[];
  readonly relays: readonly KnownRelayView[];
  /** Whether this node can be dialled, as far as is known. */
  readonly reachable: Reachable;
}

/** A running node. */
export interface MoltCommNode extends Carrier {
  /**
   * Reads what is known of peers, listens, and dials the bootstraps.
   *
   * @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED` with a hint
   */
  start(): Promise<{ readonly address: SocketAddress }>;
  /** Takes nothing more, answers what is being written, and closes every connection, within two seconds. Idempotent. */
  stop(): Promise<void>;
  /** Every known peer, those connected first. */
  peers(): PeerView[];
  /**
   * Reaches a node and measures one round trip.
   *
   * @throws `TIMED_OUT`, `UNAVAILABLE` (with why in `value`) when it does not answer
   */
  ping(to: string): Promise<{ readonly roundTripMs: number }>;
  readonly view: NodeView;
}
