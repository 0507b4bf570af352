import type { CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { withHubKeys } from "../hub-keys.ts";
import { escapeText } from "../terminal.ts";

export default async function addKey(this: Invocation, flags: CommonFlags, name: string): Promise<void> {
  const { runtime } = this.cli;
  const loaded = await loadConfiguration(this.cli, flags);
  const made = await withHubKeys(runtime, loaded, (keys) => keys.addKey(name), { create: true });
  if (made === undefined) return;
  const { standardError, standardOutput } = runtime.process;
  standardOutput.write(`${made.key}\n`);
  standardError.write(
    `key ${made.entry.id} for ${
      escapeText(name)
    }: shown this once, keep it. Its publisher sets OPENCLAW_API_KEY to it.\n`,
  );
}
