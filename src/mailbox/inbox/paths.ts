import { joinPath } from "../../store/mod.ts";
import type { InboxPaths } from "./types.ts";

/** Where the inbox's files are under `.moltcomm`; touches none. Source: the heartbeat inbox contract, section 2. */
export function inboxPaths(directory: string): InboxPaths {
  const state = joinPath(directory, "state");
  return {
    inbox: joinPath(directory, "inbox.ndjson"),
    cursor: joinPath(directory, "inbox.cursor"),
    archive: joinPath(directory, "archive"),
    state,
    stateFile: joinPath(state, "inbox.json"),
    remembered: joinPath(state, "remembered"),
  };
}
