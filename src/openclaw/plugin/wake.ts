/**
 * Waking an agent from inside its gateway. Source: the gateway notes, section 3.2.
 *
 * @module
 */
import type { GatewayApi } from "./gateway-api.ts";
import { type JsonAnswer, refusal } from "./json-route.ts";

const TEXT_CHARACTERS_MAX = 2_000;
const AGENT_REGEXP = /^[\w.-]{1,128}$/;

/** Queues the text for the agent's main session and asks for a turn at once. */
export function wakeAgent(api: GatewayApi, body: unknown): JsonAnswer {
  const { agentId, text } = typeof body === "object" && body !== null ? body as Readonly<Record<string, unknown>> : {};
  if (typeof agentId !== "string" || !AGENT_REGEXP.test(agentId)) return refusal(400, "wanted: agentId, an agent's id");
  if (typeof text !== "string" || text === "" || text.length > TEXT_CHARACTERS_MAX) {
    return refusal(400, `wanted: text, 1 to ${TEXT_CHARACTERS_MAX} characters`);
  }
  const { system } = api.runtime;
  if (system === undefined) return refusal(501, "this gateway lets no plugin wake its agents");
  const sessionKey = `agent:${agentId}:main`;
  system.enqueueSystemEvent(text, { sessionKey, agentId });
  // Another source would be dropped outside of active hours, and where the heartbeat has no rhythm.
  system.requestHeartbeat({ source: "hook", intent: "immediate", reason: "hook:barnacle", agentId, sessionKey });
  return { status: 200, body: { ok: true } };
}
