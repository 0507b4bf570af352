/**
 * The configuration: one schema, loaded from flags, environment and file, every value with its origin, secrets never
 * shown.
 *
 * @module
 */
export { listenUrl, parseListenAddress } from "./address.ts";
export { configJsonSchema, configReference } from "./documentation.ts";
export { explainConfig, type ExplainedSetting } from "./explain.ts";
export type { Environment, Flags } from "./given.ts";
export {
  type CarriedBy,
  type ConfigPorts,
  type ConfigSources,
  loadConfig,
  type LoadedConfig,
  loadedForAgent,
} from "./load.ts";
export { readNamedFile } from "./named-file.ts";
export { formatOrigin, type Origin } from "./origin.ts";
export type { OtherAgent } from "./sections/service.ts";
export type { Config } from "./schema.ts";
