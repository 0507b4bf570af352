import { BarnacleError } from "../../errors.ts";
import type { CommonFlags } from "../command.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { withHubKeys } from "../hub-keys.ts";
import { escapeText } from "../terminal.ts";

export default async function revokeKey(this: Invocation, flags: CommonFlags, idOrName: string): Promise<void> {
  const { runtime } = this.cli;
  const loaded = await loadConfiguration(this.cli, flags);
  const revoked = await withHubKeys(runtime, loaded, (keys) => keys.revokeKey(idOrName));
  if (revoked === undefined) {
    throw new BarnacleError({
      code: "NOT_FOUND",
      action: "Revoke a key",
      value: "no hub in this work directory",
      wanted: "the directory of the hub",
      hint: `name it with --dir (now: ${loaded.directory})`,
    });
  }
  for (const { id, name } of revoked) runtime.process.standardOutput.write(`revoked ${id} (${escapeText(name)})\n`);
}
