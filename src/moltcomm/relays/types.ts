/**
 * What the client side of relays is made from and what it shows.
 *
 * @module
 */
export type { PinnedRelay, RelaySource } from "../manifest/types.ts";

/** Whether our own address is told to others: when it was seen to be dialled, always, or never. */
export type ReachableMode = "auto" | "yes" | "no";

/** Whether this node can be dialled, as far as is known. */
export type Reachable = "yes" | "no" | "unknown";

/** A relay as the status shows it. */
export interface KnownRelayView {
  /** `relay://HOST:PORT`, the one in use or the first. */
  readonly address: string;
  /** Who answers there, or must; `undefined` while nobody is known. */
  readonly nodeId: string | undefined;
  /** A manifest says who must answer there. */
  readonly isPinned: boolean;
  /** `registered`: our record names it. `spare`: it could be registered at. `waiting`: it failed, and is tried again later. */
  readonly state: "registered" | "connecting" | "waiting" | "spare";
  /** How long it takes to answer, in milliseconds, averaged; `undefined` while nobody asked. */
  readonly roundTripMs: number | undefined;
}
