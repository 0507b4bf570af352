/**
 * The calls by which a gateway is asked to wake an agent, and what its answers mean. Source: the gateway notes, sections 3.1 and 3.2.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import { type Call, type CallComponents, makeCall, type Reply } from "../../http/mod.ts";
import type { Secret } from "../../log/mod.ts";
import { isRecord, recordOf } from "../record.ts";
import type { Gateway } from "../types.ts";

/** By the plugin inside the gateway, or by the gateway's own webhook. */
export type WakingWay = "plugin" | "hook";

/**
 * What came of a call. `woken` and `coalesced` (the gateway still had the same text waiting): it was taken. `stopped`: nothing but a
 * change on the gateway's side can help, and trying on would do harm. `failed`: it may work later.
 */
export type WakeResult =
  | { readonly kind: "taken"; readonly outcome: "woken" | "coalesced" }
  | {
    readonly kind: "stopped" | "failed";
    /** For the metrics. */
    readonly outcome: string;
    readonly why: string;
    readonly hint: string;
    readonly retryAfterMs?: number;
  };

/** What to say to whom. */
export interface WakeOrder {
  readonly gateway: Gateway;
  readonly agentId: string;
  readonly text: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 16 * 1024;
const RETRY_AFTER_DEFAULT_MS = 60_000;
const MS_PER_SECOND = 1_000;
const SHOWN_CHARACTERS_MAX = 200;
const FAILING_HINT = "look at the gateway's log; it is tried again";

/** Whether our plugin is in the gateway and knows our key. @throws the reason of the signal */
export async function askPlugin(
  components: CallComponents,
  { baseUrl }: Gateway,
  key: Secret,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { reply, facts } = await call(components, {
      action: `Ask the plugin at ${baseUrl}`,
      method: "GET",
      url: `${baseUrl}/barnacle/health`,
      headers: { authorization: `Bearer ${key.reveal()}` },
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return reply.status === 200 && typeof facts?.["plugin_version"] === "string";
  } catch (thrown) {
    if (signal.aborted || !isBarnacleError(thrown)) throw thrown;
    return false;
  }
}

/** Wakes through the plugin. @throws the reason of the signal */
export async function wakeByPlugin(components: CallComponents, order: WakeOrder, key: Secret): Promise<WakeResult> {
  const { agentId, text } = order;
  return await wake(components, order, `${order.gateway.baseUrl}/barnacle/wake`, key, { agentId, text });
}

/** Wakes through the gateway's webhook. @throws the reason of the signal */
export async function wakeByHook(components: CallComponents, order: WakeOrder, token: Secret): Promise<WakeResult> {
  const { agentId, text } = order;
  return await wake(components, order, `${order.gateway.hooks.url}/wake`, token, { text, mode: "now", agentId });
}

async function wake(
  components: CallComponents,
  { agentId, signal }: WakeOrder,
  url: string,
  secret: Secret,
  body: unknown,
): Promise<WakeResult> {
  try {
    const { reply, facts } = await call(components, {
      action: `Wake ${agentId}`,
      method: "POST",
      url,
      headers: { authorization: `Bearer ${secret.reveal()}` },
      body: JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return judge(reply, facts, url);
  } catch (thrown) {
    if (signal.aborted || !isBarnacleError(thrown)) throw thrown;
    return failed(thrown.code.toLowerCase(), `the gateway did not take the call (${thrown.code})`);
  }
}

function judge(reply: Reply, facts: Readonly<Record<string, unknown>> | undefined, url: string): WakeResult {
  const { headers, status } = reply;
  switch (status) {
    case 200:
      if (facts?.["ok"] === true) {
        return { kind: "taken", outcome: facts["eventOutcome"] === "coalesced" ? "coalesced" : "woken" };
      }
      return stopped(
        "not_understood",
        `what answers at ${url} is no wake call's answer, the gateway's web page perhaps`,
        "check hooks.path, and that this is the gateway's port",
      );
    case 401:
      return stopped(
        "unauthorized",
        "the gateway does not know the token that it has in its configuration",
        "restart the gateway, or set hooks.token anew: 20 wrong ones within a minute would lock everybody out",
      );
    case 403:
      return stopped(
        "proxy",
        `the gateway takes this call for a proxy's (403${facts === undefined ? "" : `, ${messageOf(facts)}`})`,
        "a proxy between Barnacle and the gateway adds headers: take it away on loopback, or set gateway.trustedProxies",
      );
    case 404:
      return stopped(
        "disabled",
        "the gateway has no webhooks (404)",
        "set hooks.enabled and hooks.token, or install the plugin",
      );
    case 429:
      return {
        ...failed("rate_limited", "the gateway takes no calls for a while (429)"),
        retryAfterMs: retryAfterOf(headers),
      };
    case 400:
      return stopped(
        "refused",
        `the gateway refuses the call: ${messageOf(facts)}`,
        "check hooks.allowedAgentIds and the gateway's agents",
      );
    case 501:
      return stopped(
        "not_possible",
        `the gateway lets no plugin wake its agents: ${messageOf(facts)}`,
        "set hooks.enabled and hooks.token",
      );
    default:
      return failed(`status_${status}`, `the gateway answered ${status}`);
  }
}

function stopped(outcome: string, why: string, hint: string): WakeResult {
  return { kind: "stopped", outcome, why, hint };
}

function failed(outcome: string, why: string): WakeResult & { readonly kind: "stopped" | "failed" } {
  return { kind: "failed", outcome, why, hint: FAILING_HINT };
}

/** Strangers wrote it: shown as JSON, cut. */
function messageOf(facts: Readonly<Record<string, unknown>> | undefined): string {
  const error = facts?.["error"];
  const message = isRecord(error) ? error["message"] ?? error["code"] ?? error["type"] : error ?? facts?.["message"];
  return typeof message === "string" ? JSON.stringify(message.slice(0, SHOWN_CHARACTERS_MAX)) : "no details";
}

function retryAfterOf(headers: Headers): number {
  const seconds = Number(headers.get("retry-after") ?? "");
  return seconds > 0 && seconds <= 3_600 ? seconds * MS_PER_SECOND : RETRY_AFTER_DEFAULT_MS;
}

async function call(
  components: CallComponents,
  wanted: Call,
): Promise<{ readonly reply: Reply; readonly facts: Readonly<Record<string, unknown>> | undefined }> {
  const reply = await makeCall(components, { ...wanted, answerBytesMax: ANSWER_BYTES_MAX });
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(reply.headers.get("content-type") ?? "") && !reply.isCut;
  if (!isJson) return { reply, facts: undefined };
  try {
    return { reply, facts: recordOf(JSON.parse(reply.text)) };
  } catch {
    // No JSON after all counts as none.
    return { reply, facts: undefined };
  }
}
