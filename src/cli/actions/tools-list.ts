import type { ToolsListFlags } from "../commands/tools.ts";
import type { Invocation } from "../context.ts";
import { formatTable } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";
import { describeTools } from "../tools/mod.ts";

export default function toolsList(this: Invocation, flags: ToolsListFlags): Promise<void> {
  const { process } = this.cli.runtime;
  const { standardOutput } = process;
  const tools = describeTools();
  standardOutput.write(
    flags.json ? `${safeJson({ tools })}\n` : formatTable({
      columns: [{ title: "TOOL" }, { title: "" }, { title: "INPUT", widthMin: 12 }],
      rows: tools.map((
        { name, title, inputSchema },
      ) => [name, title, Object.keys(inputSchema["properties"] ?? {}).join(", ")]),
      widthMax: standardOutput.columns,
      colour: wantsColour(standardOutput, process.environment()),
    }),
  );
  return Promise.resolve();
}
