/**
 * What an agent is told at its heartbeat, in place of a section in `HEARTBEAT.md`. Source: the heartbeat inbox contract, section 3; the
 * gateway notes, section 4.3.
 *
 * @module
 */
import { join } from "node:path";
import { gatewayToolName, isRecord, type MailSight, readSandbox, recordOf, sightOf } from "../facts/mod.ts";
import type { GatewayApi } from "./gateway-api.ts";

/** Put in by the build: the section of `HEARTBEAT.md`. */
declare const BARNACLE_HEARTBEAT: string;

/** Where an agent's mail lies, and whose it is. */
export interface HeartbeatMail {
  readonly agentId: string;
  /** The directory that holds `.moltcomm`, absolute, on the host. */
  readonly workDirectory: string;
}

/**
 * The contract's words, with the paths that the agent sees: absolute ones, since a session keeps its working directory after its workspace
 * moved; those of its sandbox where it works in one; and where its mail is not in there, the tools in place of the files.
 */
export function heartbeatText(api: GatewayApi, mail: HeartbeatMail): string {
  const { kind, mailDirectory } = sightOfMail(api, mail);
  if (kind === "tools") return textForTools();
  return BARNACLE_HEARTBEAT.replaceAll("`.moltcomm/", () => `\`${mailDirectory}/`);
}

function sightOfMail(api: GatewayApi, { agentId, workDirectory }: HeartbeatMail): MailSight {
  const mailDirectory = join(workDirectory, ".moltcomm");
  const config = api.runtime.config?.current?.() ?? api.config;
  if (config === undefined) return { kind: "host", mailDirectory };
  const { entries, list } = recordOf(config.agents);
  const listed = Array.isArray(list) ? list.filter(isRecord).find(({ id }) => id === agentId) : undefined;
  const workspace = api.runtime.agent?.resolveAgentWorkspaceDir?.(config, agentId) ?? workDirectory;
  const agent = { id: agentId, workspace, path: "", entry: recordOf(recordOf(entries)[agentId] ?? listed) };
  return sightOf({ ...agent, sandbox: readSandbox(config, agent) }, mailDirectory);
}

/** The section's frame and its last words stay; its steps are those of the tools. */
function textForTools(): string {
  const lines = BARNACLE_HEARTBEAT.split("\n");
  const [read, send, mark] = ["read_messages", "send_message", "mark_read"].map(gatewayToolName);
  const steps = [
    `1) Read new messages with the tool \`${read}\`.`,
    `2) To reply, use the tool \`${send}\`.`,
    `3) Mark what you processed as read with the tool \`${mark}\`.`,
  ];
  const last = lines.findIndex((line) => line.startsWith("SPAM/SEC"));
  return [...lines.slice(0, lines.indexOf("") + 1), ...steps, "", ...lines.slice(last)].join("\n");
}
