/**
 * What our plugin in a gateway and the agent beside it both go by. Nothing here asks the platform for anything.
 *
 * @module
 */
export { PLUGIN_ID } from "./plugin-id.ts";
export { type AgentSandbox, readSandbox, type SandboxedAgent } from "./sandbox.ts";
export { type MailSight, type SightKind, type SightObstacle, sightOf } from "./sight.ts";
export { isRecord, recordOf } from "../record.ts";
export { gatewayToolName } from "./tool-names.ts";
