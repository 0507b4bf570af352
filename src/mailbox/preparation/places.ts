/** The things that a preparation makes, and where they are. @module */
import { joinPath, workDirectoryPaths } from "../../store/mod.ts";

/** Each as it is shown and remembered, from the work directory. */
export const PLACES = {
  stateDirectory: ".barnacle/",
  mailDirectory: ".moltcomm/",
  gitIgnore: ".moltcomm/.gitignore",
  identity: ".moltcomm/identity.pem",
  outbox: ".moltcomm/outbox.ndjson",
  heartbeat: "HEARTBEAT.md",
  skill: "SKILL_IMPL.md",
} as const;

/** A place by what it is shown as. */
export type Place = (typeof PLACES)[keyof typeof PLACES];

/** The path of a place in a work directory. */
export function pathOf(directory: string, place: Place): string {
  if (place === PLACES.stateDirectory) return workDirectoryPaths(directory).stateDirectory;
  return joinPath(directory, place.replace(/\/$/, ""));
}
