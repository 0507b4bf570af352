import type { RelayInstallFlags } from "../commands/relay.ts";
import type { Invocation } from "../context.ts";
import { usageError } from "../failure.ts";
import { RELAY_UNIT } from "../relay-unit.ts";

export default function relayInstall(this: Invocation, flags: RelayInstallFlags): Promise<void> {
  if (flags.print !== true) {
    // What a unit changes on a host is its operator's to decide.
    const hint = "barnacle relay install --print shows the unit; docs/relay.md tells where it goes";
    return Promise.reject(usageError("Install a relay", "no --print", "--print", hint));
  }
  this.cli.runtime.process.standardOutput.write(RELAY_UNIT);
  return Promise.resolve();
}
