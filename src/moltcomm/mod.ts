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
export type { MoltCommNode, NodeComponents, NodeInit, NodeLimits, NodeView } from "./node-types.ts";
export type { BootstrapView } from "./bootstraps.ts";
export type * from "./types.ts";
