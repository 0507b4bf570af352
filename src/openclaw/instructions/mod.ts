/**
 * What agents of a gateway are told about their mail, and where.
 *
 * @module
 */
export { type GatewayCall, type SessionComponents, type Socket, withGatewaySession } from "./gateway-session.ts";
export {
  editGatewayScratch,
  readGatewayScratch,
  type ScratchComponents,
  type ScratchOwner,
} from "./gateway-scratch.ts";
export { editScratch, type ScratchEdited } from "./scratch.ts";
export {
  isSkillOf,
  managedSkillPaths,
  managedSkillText,
  placeManagedSkill,
  removeManagedSkill,
  type SkillPlaced,
} from "./skill.ts";
