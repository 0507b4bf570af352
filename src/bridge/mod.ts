/**
 * The client of a Monitor's bridge: what a Monitor on this host knows, and what OpenClaw's side tells it. Source: the Monitor's
 * contract, "The client's side".
 *
 * @module
 */
export {
  BridgeClient,
  type BridgeClientComponents,
  type BridgeClientInit,
  type PushMetadata,
} from "./bridge-client.ts";
export { askHealth, type BridgeCallComponents, bridgeUrl } from "./calls.ts";
