/**
 * What stands in the outbox and no agent has taken yet.
 *
 * Only lines with an id, as `send` writes them, can be told for sure; they are looked for from the end of the file up to the first that was
 * taken, since the outbox is taken in order.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { FileHandle, Files } from "../../runtime/port.ts";
import { joinPath } from "../../store/mod.ts";
import type { OutboxLine } from "./outbox-line.ts";

/** As much of the outbox as is looked at. */
const TAIL_BYTES_MAX = 1024 * 1024;

/**
 * The waiting lines, oldest first.
 *
 * @param mailDirectory `.moltcomm`
 * @param takenIds of the messages that were taken lately
 * @throws `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function readWaiting(
  files: Pick<Files, "open">,
  mailDirectory: string,
  takenIds: ReadonlySet<string>,
): Promise<OutboxLine[]> {
  const waiting: OutboxLine[] = [];
  for (const text of (await readTail(files, joinPath(mailDirectory, "outbox.ndjson"))).toReversed()) {
    const line = readLine(text);
    if (line === undefined) continue;
    if (takenIds.has(line.id)) break;
    waiting.push(line);
  }
  return waiting.reverse();
}

async function readTail(files: Pick<Files, "open">, path: string): Promise<string[]> {
  let handle: FileHandle;
  try {
    handle = await files.open(path, "read");
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return [];
    throw thrown;
  }
  try {
    const { sizeBytes } = await handle.stat();
    const start = Math.max(0, sizeBytes - TAIL_BYTES_MAX);
    const lines = new TextDecoder().decode(await handle.readAt(start, sizeBytes - start)).split("\n");
    return start === 0 ? lines : lines.slice(1);
  } finally {
    await handle.close();
  }
}

function readLine(text: string): OutboxLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Written by hand, or half of it: the agent finds out what it means.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { to, msg, created_ts, id } = value as Readonly<Record<string, unknown>>;
  if (typeof to !== "string" || typeof msg !== "string" || typeof id !== "string") return undefined;
  return { to, msg, created_ts: typeof created_ts === "number" ? created_ts : 0, id: id.toLowerCase() };
}
