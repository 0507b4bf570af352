/**
 * OpenClaw on this host: which gateways there are, which agents they have and where those work.
 *
 * Finding looks at files and asks over loopback. It never starts OpenClaw's command-line tool, which takes seconds, and never writes. What
 * writes, and what wakes, has doors of its own: `instructions/` and `waking/`.
 *
 * @module
 */
export {
  describeVacant,
  type FinderComponents,
  type FinderInit,
  findGateways,
  type FoundGateways,
  type VacantPlace,
} from "./find-gateways.ts";
export { type AgentSandbox, type MailSight, type SightObstacle, sightOf } from "./facts/mod.ts";
export { GatewayWatch, type GatewayWatchComponents, type GatewayWatchInit } from "./gateway-watch.ts";
export { type ReadConfiguration, readConfiguration } from "./configuration.ts";
export { hasPluginEntry } from "./gateway-token.ts";
export { parseJson5 } from "./json5.ts";
export { chooseGateway, metadataOf } from "./metadata.ts";
export { recordOf } from "./record.ts";
export { formatVersion, isOlderVersion, isUntried, TRIED_VERSIONS } from "./version.ts";
export type { Gateway, GatewayAgent, GatewayHooks, GatewayVersion, Generation, Unknown } from "./types.ts";
