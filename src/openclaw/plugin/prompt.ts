/**
 * What an agent is told at its heartbeat, in place of a section in `HEARTBEAT.md`. Source: the heartbeat inbox contract, section 3; the
 * gateway notes, section 4.3.
 *
 * @module
 */
import { join } from "node:path";

/** Put in by the build: the section of `HEARTBEAT.md`. */
declare const BARNACLE_HEARTBEAT: string;

/** The contract's words with absolute paths: a session keeps its working directory after its workspace moved. */
export function heartbeatText(workDirectory: string): string {
  return BARNACLE_HEARTBEAT.replaceAll("`.moltcomm/", () => `\`${join(workDirectory, ".moltcomm")}/`);
}
