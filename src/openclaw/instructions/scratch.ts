/**
 * The monitor scratch: what an agent of 2026.8.1 and newer is told at its own heartbeats. Source: the gateway notes, section 2.2.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import { isRecord, recordOf } from "../record.ts";
import type { GatewayCall } from "./gateway-session.ts";

const JOBS_MAX = 200;
const ATTEMPTS_MAX = 4;

/** What came of an edit. */
export type ScratchEdited = "changed" | "unchanged";

/**
 * Changes the scratch of an agent's heartbeat by compare and swap: somebody who writes meanwhile, such as the agent itself, loses
 * nothing, and the edit is made again on what he wrote.
 *
 * @param edit is given the text, `undefined` where there is none, and returns the one to put in its place, `undefined` for none
 * @throws `NOT_FOUND` when the agent has no heartbeat, `REJECTED`, and what `edit` throws
 */
export async function editScratch(
  call: GatewayCall,
  agentId: string,
  edit: (text: string | undefined) => string | undefined,
): Promise<ScratchEdited> {
  const id = await findHeartbeat(call, agentId);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const { currentRevision, scratch } = await call("cron.scratch.get", { id });
    const content = recordOf(scratch)["content"];
    const text = typeof content === "string" ? content : undefined;
    const wanted = edit(text);
    if (wanted === text) return "unchanged";
    const { ok } = await call("cron.scratch.set", { id, content: wanted ?? null, expectedRevision: currentRevision });
    if (ok === true) return "changed";
  }
  throw new BarnacleError({
    code: "REJECTED",
    action: `Change the heartbeat's scratch of ${agentId}`,
    value: "a scratch that somebody else changes at the same time",
    wanted: "one that is left alone for a moment",
    hint: "run it again",
    retryable: true,
  });
}

async function findHeartbeat(call: GatewayCall, agentId: string): Promise<string> {
  const { jobs } = await call("cron.list", {
    includeDisabled: true,
    compact: true,
    limit: JOBS_MAX,
    query: "heartbeat",
  });
  const all = Array.isArray(jobs) ? jobs.filter(isRecord) : [];
  const id = all.find(({ declarationKey }) => declarationKey === `heartbeat:${agentId}`)?.["id"];
  if (typeof id === "string") return id;
  throw new BarnacleError({
    code: "NOT_FOUND",
    action: `Find the heartbeat of ${agentId}`,
    value: "no job for it in the gateway",
    wanted: `heartbeat:${agentId} among its automations`,
    hint: "give the agent a heartbeat (agents.defaults.heartbeat), or install the plugin",
  });
}
