import { type CommonFlags, commonFlags, defineCommand } from "../command.ts";

export const mcpCommand = defineCommand<CommonFlags>({
  help: {
    brief: "Offer mail, fleet and host status to an agent as tools, over the Model Context Protocol",
    details:
      "Serves on standard input and output until its input ends: an MCP client starts it. It works with the files of the " +
      "work directory, so mail can be read and written while no agent runs; host_status and fleet_status ask the running agent " +
      "and the hub. What strangers wrote is shown as barnacle inbox shows it, behind bars.",
    examples: [
      ["mcp --dir /home/agent/work", "As an MCP client's configuration has it"],
    ],
  },
  parameters: { flags: commonFlags() },
  load: () => import("../actions/mcp.ts"),
});
