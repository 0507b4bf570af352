/** MoltComm: who this host is to other hosts. @module */
export { type Identity, type IdentityComponents, loadOrCreateIdentity } from "./identity.ts";
