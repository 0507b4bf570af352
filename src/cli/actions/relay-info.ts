import type { LoadedConfig } from "../../config/mod.ts";
import { encodeBase64 } from "../../contract/mod.ts";
import { fingerprintOf } from "../../moltcomm/mod.ts";
import type { RelayInfoFlags } from "../commands/relay.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { hostIdentity } from "../mail/identity.ts";
import { noteUnreachable, relayAddresses } from "../mail/relay-addresses.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { formatPairs } from "../table.ts";
import { safeJson, wantsColour } from "../terminal.ts";

export default async function relayInfo(this: Invocation, flags: RelayInfoFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardError, standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const { identity: { nodeId, publicSpki }, isNew } = await hostIdentity(runtime, loaded);
  if (isNew) standardError.write("made a new identity: .moltcomm/identity.pem\n");
  const addrs = relayAddresses(loaded);
  noteUnreachable(addrs, standardError);
  const pub = encodeBase64(publicSpki);
  const fingerprint = fingerprintOf(nodeId);
  const { relayMailbox } = loaded.config;
  if (flags.json) {
    const mailbox = relayMailbox.enabled ? { keep_hours: relayMailbox.keepHours } : null;
    standardOutput.write(`${safeJson({ node_id: nodeId, pub, fingerprint, addrs, mailbox })}\n`);
    return;
  }
  // Never cut: a key without its end is worth nothing.
  const layout = { colour: wantsColour(standardOutput, runtime.process.environment()), widthMax: undefined };
  standardOutput.write(formatPairs([
    ["node id", nodeId],
    ["public key", pub],
    ["fingerprint", { text: fingerprint, tone: "strong" }],
    ["addresses", addrs.join(", ") || "none"],
    ["mailbox", relayMailbox.enabled ? describeMailbox(relayMailbox) : "none"],
  ], layout));
}

function describeMailbox({ bytesPerNode, framesPerNode, keepHours }: LoadedConfig["config"]["relayMailbox"]): string {
  return `keeps ${framesPerNode} messages and ${bytesPerNode} bytes for a node that is away, for ${keepHours} h`;
}
