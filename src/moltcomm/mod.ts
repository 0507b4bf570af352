/** MoltComm: who this host is to other hosts. @module */
export { fingerprintOf } from "./fingerprint.ts";
export {
  type Identity,
  type IdentityComponents,
  identityPath,
  loadIdentity,
  loadOrCreateIdentity,
} from "./identity.ts";
export { exportIdentity, type ImportedIdentity, importIdentity } from "./identity-transfer.ts";
export { readSavedPeers } from "./saved-peers.ts";
export { createNode } from "./node.ts";
export { announcesSealing, isUnsealed, readSealing, type SealingMode, type SealingNode } from "./sealing/mod.ts";
export type { MoltCommNode, NodeComponents, NodeInit, NodeLimits, NodeView } from "./node-types.ts";
export type { BootstrapView } from "./bootstraps.ts";
export type { KnownRelayView, Reachable, ReachableMode } from "./relays/mod.ts";
export * from "./manifest/mod.ts";
export type { RelayMailboxInit, RelayView } from "./relay/types.ts";
export type * from "./types.ts";

/** The relay's own code, which a node that is none never loads. */
export function loadRelay(): Promise<typeof import("./relay/mod.ts")> {
  return import("./relay/mod.ts");
}
