import type { LoadedConfig } from "../../config/mod.ts";
import type { ArchiveAnswer } from "../../contract/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { createLogger, Redactor } from "../../log/mod.ts";
import { Inbox, inboxPaths, mailDirectoryPath } from "../../mailbox/mod.ts";
import { createMetrics } from "../../metrics/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { baseName } from "../../store/mod.ts";
import type { InboxArchiveFlags } from "../commands/inbox.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { agentClient } from "../endpoint.ts";
import { EXIT } from "../exit-codes.ts";
import { ownNodeId, withDirectoryLock } from "../mail/identity.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText, safeJson } from "../terminal.ts";

const MS_PER_SECOND = 1_000;

export default async function archive(this: Invocation, flags: InboxArchiveFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const { archived, reason } = await archiveHereOrThere(runtime, loaded);
  if (archived === null) this.process.exitCode = EXIT.failed;
  if (flags.json) standardOutput.write(`${safeJson({ archived, reason: reason ?? null })}\n`);
  else if (archived === null) standardOutput.write(`left where it is: ${escapeText(reason ?? "no reason told")}\n`);
  else standardOutput.write(`moved to .moltcomm/archive/${escapeText(archived)}\n`);
}

/** The inbox has one writer: the agent, or, while none runs, whoever holds its lock. */
async function archiveHereOrThere(runtime: Runtime, loaded: LoadedConfig): Promise<ArchiveAnswer> {
  const { inbox } = inboxPaths(mailDirectoryPath(loaded.directory));
  if (!await isThere(runtime, inbox)) return { archived: null, reason: "there is no inbox" };
  try {
    return await withDirectoryLock(runtime, loaded, () => archiveHere(runtime, loaded));
  } catch (thrown) {
    if (!isBarnacleError(thrown, "LOCK_HELD")) throw thrown;
  }
  const client = await agentClient(runtime, loaded);
  try {
    return await client.archiveInbox();
  } finally {
    client.close();
  }
}

async function archiveHere(runtime: Runtime, loaded: LoadedConfig): Promise<ArchiveAnswer> {
  const { mailbox, log: settings } = loaded.config;
  const log = createLogger(
    { clock: runtime.clock, output: runtime.process.standardError, redact: new Redactor() },
    { level: "error", format: settings.format === "json" ? "json" : "text" },
  );
  const inbox = new Inbox({ ...runtime, log, metrics: createMetrics() }, {
    directory: mailDirectoryPath(loaded.directory),
    nodeId: await ownNodeId(runtime, loaded) ?? "",
    messageBytesMax: mailbox.messageBytesMax,
    unreadPerSenderMax: mailbox.unreadPerSenderMax,
    unreadMax: mailbox.unreadMax,
    rememberedMax: mailbox.rememberedMax,
    rememberForMs: mailbox.giveUpAfterSeconds * MS_PER_SECOND,
    archive: false,
  });
  await inbox.open();
  try {
    const result = await inbox.archive();
    return result.outcome === "archived"
      ? { archived: baseName(result.file) }
      : { archived: null, reason: result.detail };
  } finally {
    await inbox.close();
  }
}

async function isThere({ files }: Runtime, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return false;
    throw thrown;
  }
}
