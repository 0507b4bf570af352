/**
 * The receiving end of the status contract: takes publications, keeps what it knows through restarts, answers who can
 * do what.
 *
 * @module
 */
export { KeyRates, type KeyRatesInit } from "./key-rates.ts";
export { type KeyEntry, openHubKeys, type OpenKeyTable } from "./keys.ts";
export { createMemoryHub, type MemoryHub, type MemoryHubComponents, type MemoryHubInit } from "./memory-hub.ts";
export { createHub, type Hub, type HubComponents, type HubInit } from "./service.ts";
