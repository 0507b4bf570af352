import { buildRouteMap } from "@stricli/core";
import { anyText, type CommonFlags, commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { Invocation } from "../context.ts";
import { dictionary } from "../dictionary.ts";

export interface ToolsListFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const listCommand = defineCommand<ToolsListFlags>({
  help: {
    brief: "List the tools for agents",
    details: 'JSON: {"tools": [{"name", "title", "description", "inputSchema", "readOnly"}]}.',
    examples: [["tools list", "What there is"], ["tools list --json", "With the JSON Schema of each input"]],
  },
  parameters: { flags: { json: switchFlag("Print JSON"), ...commonFlags() } },
  load: () => import("../actions/tools-list.ts"),
});

const callCommand = defineCommand<CommonFlags, [string, string?]>({
  help: {
    brief: "Call a tool as an agent would, and print its answer",
    details:
      "INPUT is a JSON object; - takes it from standard input. The exit code is 1 when the tool refuses or fails; the answer " +
      "then stands on standard error.",
    examples: [
      ["tools call read_messages", "What is unread"],
      [`tools call send_message '{"to":"chimera","text":"The data is ready"}'`, "Write to a contact"],
    ],
  },
  parameters: {
    flags: commonFlags(),
    positional: {
      kind: "tuple",
      parameters: [
        { parse: anyText, brief: "The tool's name", placeholder: "TOOL" },
        { parse: anyText, brief: "Its input as JSON [default = {}]", placeholder: "INPUT", optional: true },
      ],
    },
  },
  load: () => import("../actions/tools-call.ts"),
});

export const toolsRoutes = buildRouteMap<string, Invocation>({
  routes: dictionary({ list: listCommand, call: callCommand }),
  docs: { brief: "The tools for agents, one by one" },
});
