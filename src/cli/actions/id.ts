import type { LoadedConfig } from "../../config/mod.ts";
import { encodeBase64, formatInvitation } from "../../contract/mod.ts";
import { SECRET_BYTES_MAX } from "../../limits.ts";
import { ensureMailDirectory } from "../../mailbox/mod.ts";
import { exportIdentity, fingerprintOf, type Identity, importIdentity } from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { resolvePath } from "../../store/mod.ts";
import type { IdFlags } from "../commands/id.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { usageError } from "../failure.ts";
import { canBeReached, ownAddresses } from "../mail/addresses.ts";
import { hostIdentity, identityDirectory, withDirectoryLock } from "../mail/identity.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { formatPairs } from "../table.ts";
import { escapeText, safeJson, wantsColour } from "../terminal.ts";

const STANDARD_STREAM = "-";

export default async function id(this: Invocation, flags: IdFlags): Promise<void> {
  const { runtime } = this.cli;
  if (flags.export !== undefined && flags.import !== undefined) {
    throw usageError("Show the identity", "--export and --import", "one of them");
  }
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const place = { ...loaded, directory: identityDirectory(loaded) };
  if (flags.export !== undefined) return await exportKey(runtime, place, flags.export);
  const identity = flags.import === undefined
    ? await shownIdentity(runtime, loaded)
    : await importKey(runtime, place, flags.import);
  await show(runtime, loaded, flags, identity);
}

async function shownIdentity(runtime: Runtime, loaded: LoadedConfig): Promise<Identity> {
  const { identity, isNew } = await hostIdentity(runtime, loaded);
  if (isNew) runtime.process.standardError.write("made a new identity: .moltcomm/identity.pem\n");
  return identity;
}

async function importKey(runtime: Runtime, loaded: LoadedConfig, file: string): Promise<Identity> {
  const { files, process } = runtime;
  const given = file === STANDARD_STREAM
    ? await process.readStandardInput(SECRET_BYTES_MAX)
    : await files.read(resolvePath(process.workingDirectory(), file), SECRET_BYTES_MAX);
  return await withDirectoryLock(runtime, loaded, async () => {
    await ensureMailDirectory(runtime, loaded.directory);
    const { identity, isNew } = await importIdentity(runtime, { directory: loaded.directory, given });
    process.standardError.write(isNew ? "imported: this host is now\n" : "this host is that one already\n");
    return identity;
  });
}

/** A private key does not belong on a screen, nor into a file that others can read. */
async function exportKey(runtime: Runtime, loaded: LoadedConfig, file: string): Promise<void> {
  const { files, process } = runtime;
  const isStream = file === "" || file === STANDARD_STREAM;
  if (isStream && process.standardOutput.isTerminal) {
    const hint = "name a file: barnacle id --export key.pem";
    throw usageError("Export the identity", "a terminal", "a file, or a pipe to another program", hint);
  }
  const pem = await exportIdentity(files, loaded.directory);
  if (isStream) {
    process.standardOutput.write(pem);
    return;
  }
  const path = resolvePath(process.workingDirectory(), file);
  const handle = await files.open(path, "createNew", { mode: 0o600 });
  try {
    await handle.write(new TextEncoder().encode(pem));
    await handle.sync();
  } finally {
    await handle.close();
  }
  process.standardError.write(
    `wrote ${escapeText(path)}: whoever has it is this host; keep it as secret as a password\n`,
  );
}

async function show(runtime: Runtime, loaded: LoadedConfig, flags: IdFlags, identity: Identity): Promise<void> {
  const { standardError, standardOutput } = runtime.process;
  const { nodeId } = identity;
  const addresses = await ownAddresses(runtime, loaded);
  const invitation = formatInvitation({ nodeId, name: loaded.config.service.agentName, addresses });
  if (!canBeReached(addresses)) {
    standardError.write(
      "note: no address in the invitation can be reached from other hosts; " +
        "set moltcomm.listen and moltcomm.advertise, or moltcomm.relays\n",
    );
  }
  const pub = encodeBase64(identity.publicSpki);
  const fingerprint = fingerprintOf(nodeId);
  if (flags.json) standardOutput.write(`${safeJson({ node_id: nodeId, pub, fingerprint, invitation, addresses })}\n`);
  else if (flags.invitation) standardOutput.write(`${invitation}\n`);
  else {
    // Never cut: an id or an invitation without its end is worth nothing.
    const layout = { colour: wantsColour(standardOutput, runtime.process.environment()), widthMax: undefined };
    standardOutput.write(formatPairs([
      ["node id", nodeId],
      ["public key", pub],
      ["fingerprint", { text: fingerprint, tone: "strong" }],
      ["addresses", addresses.join(", ") || "none"],
      ["invitation", invitation],
    ], layout));
  }
}
