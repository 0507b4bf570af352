import type { CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText } from "../terminal.ts";
import { serveTools } from "../tools/mcp-server.ts";

export default async function mcp(this: Invocation, flags: CommonFlags): Promise<void> {
  const { runtime } = this.cli;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  await serveTools({ runtime, loaded }, (error) => {
    runtime.process.standardError.write(`mcp: ${escapeText(error.message)}\n`);
  });
}
