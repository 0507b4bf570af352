/**
 * `.moltcomm/outbox.rejected.ndjson`: what could not be read or sent, for the one who wrote it. Source: mailbox contract, "Outbox".
 *
 * A line a text: `{"line":…,"reason":"…","text":"…","rejected_ts":…,"key":"…"}`, and `id` where the text gave one. Each is
 * written once. A crash may come between writing it and noting so in the state; then its key, made as a message's is, tells that it stands
 * here already.
 *
 * @module
 */
import { isBarnacleError, toBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, FileHandle, Files } from "../../runtime/port.ts";
import { joinPath, makeDurable } from "../../store/mod.ts";
import type { Fault } from "./faults.ts";
import {
  REJECTED_BYTES_MAX,
  REJECTED_LINE_BYTES_MAX,
  REJECTED_TEXT_CHARACTERS_MAX,
  REJECTIONS_WAITING_MAX,
} from "./limits.ts";

/** A text that was turned down. */
export interface Rejection {
  readonly line: number;
  readonly fault: Fault;
  readonly text: string;
  /** As a message's key. */
  readonly key: string;
  /** The UUID given in the text: by it whoever wrote it finds it again. */
  readonly id?: string | undefined;
}

interface RejectedComponents {
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Logger;
}

const PROBLEM = "outbox:rejected";
const FILE_MODE = 0o600;
const NEWLINE = 0x0a;
const TRAILING_BLANK_REGEXP = /[\s,]+$/;

/** Where it lies. @param directory `.moltcomm` */
export function rejectedPath(directory: string): string {
  return joinPath(directory, "outbox.rejected.ndjson");
}

/** See the module's description. Calls must not overlap. */
export class RejectedFile {
  readonly path: string;
  /** After the last write. */
  sizeBytes = 0;
  readonly #components: RejectedComponents;
  readonly #directory: string;
  /** Lines that could not be written yet. */
  #waiting: string[] = [];
  /** Keys of this epoch that stood in the file when this process began. */
  #known = new Set<string>();
  #isTailWhole = false;

  /** @param init.directory `.moltcomm` */
  constructor(components: RejectedComponents, init: { readonly directory: string }) {
    this.#components = components;
    this.#directory = init.directory;
    this.path = rejectedPath(init.directory);
  }

  /** Whether there is a key whose text would not be written again. */
  get knowsKeys(): boolean {
    return this.#known.size > 0;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Learns what was written before this process began. @param epochBytes the file's size when the epoch began */
  async recover(epochBytes: number): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#components.files.read(this.path, 2 * REJECTED_BYTES_MAX);
    } catch (thrown) {
      // Whatever hides a file that is there costs at most that a text stands in it twice.
      this.sizeBytes = isBarnacleError(thrown, "FILE_NOT_FOUND") ? 0 : epochBytes;
      return;
    }
    this.sizeBytes = bytes.length;
    // A file that is smaller is another one: the one of before was moved aside.
    const recent = bytes.length < epochBytes ? bytes : bytes.subarray(epochBytes);
    for (const line of new TextDecoder().decode(recent).split("\n")) {
      const key = keyOf(line);
      if (key !== undefined) this.#known.add(key);
    }
    await this.#syncKnown();
  }

  /** A killed process may have left lines that no sync has reached, or one that failed; they must not be relied on before. */
  async #syncKnown(): Promise<void> {
    if (this.#known.size === 0) return;
    const { files } = this.#components;
    try {
      const handle = await files.open(this.path, "append", { mode: FILE_MODE });
      try {
        await makeDurable(files, handle, this);
      } finally {
        await handle.close();
      }
      await files.syncDirectory(this.#directory);
    } catch {
      // Rather a text that stands twice in the file than one that may not stand there at all.
      this.#known.clear();
    }
  }

  /** A new epoch begins: no key of before comes again. */
  beginEpoch(): void {
    this.#known.clear();
  }

  /** Writes rejections, and those that could not be written before. Never rejects: they wait in memory while the disk refuses. */
  async write(rejections: readonly Rejection[]): Promise<void> {
    for (const rejection of rejections) this.#queue(rejection);
    if (this.#waiting.length === 0) return;
    const { log } = this.#components;
    try {
      await this.#append(new TextEncoder().encode(this.#waiting.join("")));
      this.#waiting = [];
      log.resolve(PROBLEM, "outbox_rejections_written", { file: this.path });
    } catch (thrown) {
      this.#isTailWhole = false;
      const dropped = this.#waiting.splice(REJECTIONS_WAITING_MAX).length;
      log.problem(PROBLEM, "warn", "outbox_rejections_unwritten", {
        file: this.path,
        waiting: this.#waiting.length,
        dropped,
        error: toBarnacleError(thrown, "Write rejected lines"),
      });
    }
  }

  #queue({ line, fault, text, key, id }: Rejection): void {
    if (this.#known.has(key)) return;
    const rejectedAtMs = Math.round(this.#components.clock.wallMs());
    const record = { line, reason: fault.reason, text: shorten(text), rejected_ts: rejectedAtMs, key, id };
    this.#waiting.push(`${JSON.stringify(record)}\n`);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const { files } = this.#components;
    const handle = await this.#open();
    try {
      await handle.write(bytes);
      await handle.syncData();
      this.sizeBytes = (await handle.stat()).sizeBytes;
    } finally {
      await handle.close();
    }
    await files.syncDirectory(this.#directory);
  }

  async #open(): Promise<FileHandle> {
    const { files } = this.#components;
    const handle = await files.open(this.path, "append", { mode: FILE_MODE });
    try {
      const { sizeBytes } = await handle.stat();
      if (sizeBytes <= REJECTED_BYTES_MAX) {
        if (!this.#isTailWhole) await cutTornTail(handle, sizeBytes);
        this.#isTailWhole = true;
        return handle;
      }
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
    await handle.close();
    await files.rename(this.path, joinPath(this.#directory, "outbox.rejected.1.ndjson"));
    return await files.open(this.path, "append", { mode: FILE_MODE });
  }
}

/** A crash may have left a part of a line at the end. */
async function cutTornTail(handle: FileHandle, sizeBytes: number): Promise<void> {
  const fromBytes = Math.max(0, sizeBytes - REJECTED_LINE_BYTES_MAX);
  const tail = await handle.readAt(fromBytes, sizeBytes - fromBytes);
  const wholeBytes = fromBytes + tail.lastIndexOf(NEWLINE) + 1;
  if (wholeBytes < sizeBytes) await handle.truncate(wholeBytes);
}

function shorten(text: string): string {
  const cut = text.slice(0, REJECTED_TEXT_CHARACTERS_MAX).replace(TRAILING_BLANK_REGEXP, "");
  // A cut through a pair would leave half of it, which JSON cannot hold for everybody.
  return cut.isWellFormed() ? cut : cut.toWellFormed();
}

function keyOf(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const key = typeof value === "object" && value !== null && "key" in value ? value.key : undefined;
    return typeof key === "string" ? key : undefined;
  } catch {
    // A torn line, or somebody else's: it holds no rejection of ours.
    return undefined;
  }
}
