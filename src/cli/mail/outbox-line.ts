/**
 * Writing to the outbox as an agent does, only more carefully.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { joinPath } from "../../store/mod.ts";

/** A line of the outbox. Source: the heartbeat inbox contract, section 2.2; `id` is ours. */
export interface OutboxLine {
  readonly to: string;
  readonly msg: string;
  /** Unix milliseconds. */
  readonly created_ts: number;
  /** A UUID: the message keeps it on its whole way. */
  readonly id: string;
}

const LINE_FEED = 10;

/**
 * Appends a line with one write and syncs it. Where somebody left the last line without its end, it is ended first: two messages must not
 * become one.
 *
 * @param mailDirectory an existing directory
 * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function appendToOutbox(files: Files, mailDirectory: string, line: OutboxLine): Promise<void> {
  const path = joinPath(mailDirectory, "outbox.ndjson");
  const end = await endOf(files, path);
  const text = `${end === "open" ? "\n" : ""}${JSON.stringify(line)}\n`;
  const handle = await files.open(path, "append", { mode: 0o600 });
  try {
    await handle.write(new TextEncoder().encode(text));
    await handle.syncData();
  } finally {
    await handle.close();
  }
  if (end === "missing") await files.syncDirectory(mailDirectory);
}

/** Whether the file is missing, or else its last line ended. */
async function endOf(files: Files, path: string): Promise<"missing" | "open" | "ended"> {
  try {
    const handle = await files.open(path, "read");
    try {
      const { sizeBytes } = await handle.stat();
      if (sizeBytes === 0) return "ended";
      return (await handle.readAt(sizeBytes - 1, 1))[0] === LINE_FEED ? "ended" : "open";
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return "missing";
    throw thrown;
  }
}
