import type { PingAnswer } from "../../contract/mod.ts";
import { CALL_TIMEOUT_MS } from "../agent-client.ts";
import type { PingFlags } from "../commands/ping.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { agentClient } from "../endpoint.ts";
import { readRecipient } from "../mail/recipient.ts";
import { escapeText, safeJson } from "../terminal.ts";

/** The agent may have to connect, shake hands and ask, each within its own bound. */
const EXCHANGES = 3;

export default async function ping(this: Invocation, flags: PingFlags, peer: string): Promise<void> {
  const { runtime } = this.cli;
  const loaded = await loadConfiguration(this.cli, flags);
  const { nodeId, name } = await readRecipient(runtime, loaded, peer);
  const client = await agentClient(runtime, loaded);
  const timeoutMs = CALL_TIMEOUT_MS + EXCHANGES * loaded.config.moltcomm.requestTimeoutSeconds * 1_000;
  let answer: PingAnswer;
  try {
    answer = await client.ping(nodeId, timeoutMs);
  } finally {
    client.close();
  }
  const { standardOutput } = runtime.process;
  if (flags.json) {
    standardOutput.write(
      `${safeJson({ node_id: answer.node_id, name: name ?? null, round_trip_ms: answer.round_trip_ms })}\n`,
    );
    return;
  }
  const who = name === undefined ? answer.node_id : `${escapeText(name)} (${answer.node_id})`;
  standardOutput.write(`${who} answered in ${formatMilliseconds(answer.round_trip_ms)}\n`);
}

/** Three digits that count. */
function formatMilliseconds(durationMs: number): string {
  if (durationMs >= 1_000) return `${(durationMs / 1_000).toFixed(2)} s`;
  return `${durationMs.toFixed(durationMs < 10 ? 2 : durationMs < 100 ? 1 : 0)} ms`;
}
