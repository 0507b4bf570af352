import type { CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { escapeText } from "../terminal.ts";

export default async function configCheck(this: Invocation, flags: CommonFlags): Promise<void> {
  const loaded = await loadConfiguration(this.cli, flags);
  const { standardOutput } = this.cli.runtime.process;
  for (const warning of loaded.warnings) standardOutput.write(`warning: ${escapeText(warning)}\n`);
  const source = loaded.file === undefined ? "no file; environment and defaults" : escapeText(loaded.file);
  standardOutput.write(`configuration ok (${source})\n`);
}
