/**
 * The tools for agents: mail, the fleet, this host. The MCP server and `tools call` offer the same ones.
 *
 * @module
 */
import * as z from "zod/mini";
import { describeFieldIssues, formatIssue } from "../../contract/mod.ts";
import { BarnacleError, toBarnacleError } from "../../errors.ts";
import { escapeText } from "../terminal.ts";
import { deliveryState } from "./delivery-state.ts";
import { fleetStatus } from "./fleet-status.ts";
import { hostStatus } from "./host-status.ts";
import { listContacts } from "./list-contacts.ts";
import { markRead } from "./mark-read.ts";
import { readMessages } from "./read-messages.ts";
import { sendMessage } from "./send-message.ts";
import type { Tool, ToolContext } from "./tool.ts";

export type { Tool, ToolContext } from "./tool.ts";

/** All tools, in the order in which an agent needs them. */
const TOOLS: readonly Tool[] = [
  readMessages,
  markRead,
  sendMessage,
  deliveryState,
  listContacts,
  fleetStatus,
  hostStatus,
];

/** What a call came to, as text for a language model. */
export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
}

/** A tool as others are told of it. */
export interface ToolDescription {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: { readonly type: "object"; readonly [key: string]: unknown };
  readonly readOnly: boolean;
}

/** What every tool takes. */
export function describeTools(): ToolDescription[] {
  return TOOLS.map(({ name, title, description, input, readOnly }) => {
    const { $schema: _dialect, ...schema } = z.toJSONSchema(input, { io: "input" });
    return { name, title, description, inputSchema: { ...schema, type: "object" }, readOnly };
  });
}

/**
 * Calls a tool. A wrong input and a failure are answers too: the model that called reads them.
 *
 * @param input JSON, as the caller gave it
 */
export async function callTool(context: ToolContext, name: string, input: unknown): Promise<ToolAnswer> {
  try {
    const tool = TOOLS.find((known) => known.name === name);
    if (tool === undefined) throw unknownTool(name);
    const checked = z.safeParse(tool.input, input ?? {});
    if (!checked.success) {
      const problems = describeFieldIssues(checked.error, input).map(formatIssue);
      throw new BarnacleError({ code: "BODY_INVALID", action: `Call ${name}`, problems });
    }
    return { text: await tool.run(context, checked.data), isError: false };
  } catch (thrown) {
    const { message, hint } = toBarnacleError(thrown, `Call ${escapeText(name)}`);
    const text = `${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`;
    return { text: text.split("\n").map(escapeText).join("\n"), isError: true };
  }
}

function unknownTool(name: string): BarnacleError {
  const wanted = TOOLS.map((tool) => tool.name).join(", ");
  return new BarnacleError({ code: "USAGE", action: "Find the tool", value: JSON.stringify(name), wanted });
}
