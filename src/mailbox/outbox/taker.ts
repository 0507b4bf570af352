/**
 * Takes what is new from an open outbox file, a chunk at a time: reads, compares, hands over, notes.
 *
 * Each chunk is read together with the end of what was read before it, in one call, so that a file that others rewrite meanwhile is
 * noticed before a line of it could be counted twice.
 *
 * @module
 */
import { toBarnacleError } from "../../errors.ts";
import type { Counter } from "../../metrics/mod.ts";
import type { FileHandle } from "../../runtime/port.ts";
import { lineTooLong } from "./faults.ts";
import { type Finality, type Gathered, Gatherer } from "./gather.ts";
import { DIGEST_BYTES } from "./image.ts";
import {
  CHUNK_BYTES,
  ESCAPED_BYTES_MAX,
  LINE_OVERHEAD_BYTES,
  LINES_MAX,
  REJECTED_TEXT_CHARACTERS_MAX,
} from "./limits.ts";
import type { Segment } from "./prefix.ts";
import type { RejectedFile, Rejection } from "./rejected-file.ts";
import { readRuns } from "./runs.ts";
import type { StateFile } from "./state-file.ts";
import type { Memory } from "./state-record.ts";
import type { Accept, OutboxComponents, OutboxInit } from "./types.ts";

/**
 * `more`: call again. `end`: all was read. `waiting`: all but an end that somebody may be writing. `changed`: what was read before is not
 * there any more. `takeMax`, `linesMax`: stopped there. `unsaved`: taken, but not noted; nothing more may be taken until it is.
 */
export type StepOutcome = "more" | "end" | "waiting" | "changed" | "takeMax" | "linesMax" | "unsaved";

/** What a step may do. */
export interface StepOptions {
  readonly finality: Finality;
  readonly takeMax: number;
  readonly accept: Accept;
}

interface Chunk {
  /** From `fromBytes`, where the end of the prefix is checked; what follows `freshAt` is new. */
  readonly bytes: Uint8Array;
  readonly fromBytes: number;
  readonly freshAt: number;
  readonly isEnd: boolean;
}

interface TakerParts {
  readonly state: StateFile;
  readonly rejected: RejectedFile;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const STATE_PROBLEM = "outbox:state";
const FULL_PROBLEM = "outbox:lines";
const REJECTED_PROBLEM = "outbox:rejections";
const UTF8_BYTES_MAX = 4;

/** See the module's description. Calls must not overlap. */
export class Taker {
  /** Messages handed over so far. */
  takenCount = 0;
  readonly #components: OutboxComponents;
  readonly #parts: TakerParts;
  readonly #gatherer: Gatherer;
  readonly #lineBytesMax: number;
  readonly #taken: Counter;
  readonly #rejected: Counter;
  #chunkBytes = CHUNK_BYTES;

  constructor(components: OutboxComponents, init: OutboxInit, parts: TakerParts) {
    this.#components = components;
    this.#parts = parts;
    this.#gatherer = new Gatherer(components, init);
    this.#lineBytesMax = init.messageBytesMax * ESCAPED_BYTES_MAX + LINE_OVERHEAD_BYTES;
    const { metrics } = components;
    this.#taken = metrics.counter("barnacle_mail_outbox_taken_total", "Messages taken from the outbox file.");
    this.#rejected = metrics.counter(
      "barnacle_mail_outbox_rejected_total",
      "Texts in the outbox file that are no message that can be sent, by what is wrong with them.",
      ["code"],
    );
  }

  /**
   * Takes the next chunk.
   *
   * @throws what reading the file threw, or what `accept` rejected with; then nothing of the chunk counts as taken
   */
  async step(handle: FileHandle, memory: Memory, options: StepOptions): Promise<StepOutcome> {
    const chunk = await this.#read(handle, memory);
    if (chunk === undefined || goesOn(chunk, memory)) return "changed";
    const takesTail = chunk.isEnd && options.finality !== "growing";
    const endAt = takesTail ? chunk.bytes.length : Math.max(chunk.freshAt, chunk.bytes.lastIndexOf(NEWLINE) + 1);
    if (endAt > chunk.freshAt) return await this.#take(chunk, endAt, memory, options);
    if (chunk.isEnd) return chunk.bytes.length === chunk.freshAt ? "end" : "waiting";
    return this.#isLargest ? await this.#skipLine(handle, memory, options) : this.#grow();
  }

  async #take(chunk: Chunk, endAt: number, memory: Memory, options: StepOptions): Promise<StepOutcome> {
    const runs = readRuns(chunk.bytes.subarray(chunk.freshAt, endAt));
    const { takeMax } = options;
    const finality = chunk.isEnd ? options.finality : "growing";
    const context = { firstLine: memory.prefix.lines + 1, takeMax };
    let gathered = this.#gatherer.gather(runs, memory, { ...context, finality });
    if (gathered.consumedBytes === 0 && gathered.stoppedBy === undefined) {
      if (chunk.isEnd) return "waiting";
      if (!this.#isLargest) return this.#grow();
      // No message is so long: what begins here is broken. What follows may be cut off by the chunk's end only.
      gathered = this.#gatherer.gather(runs, memory, { ...context, finality: "settled", piecesMax: 1 });
    }
    return await this.#finish(chunk, gathered, memory, options);
  }

  get #isLargest(): boolean {
    return this.#chunkBytes >= this.#lineBytesMax;
  }

  async #finish(chunk: Chunk, gathered: Gathered, memory: Memory, options: StepOptions): Promise<StepOutcome> {
    const { prefix } = memory;
    const endBytes = prefix.endBytes + gathered.consumedBytes;
    const isNoted = await this.#commit(memory, gathered, options.accept, () => {
      prefix.advance(chunk.bytes, chunk.fromBytes, endBytes);
      prefix.lines = gathered.line - 1;
      prefix.isOpen = gathered.isOpen;
    });
    this.#chunkBytes = CHUNK_BYTES;
    if (!isNoted) return "unsaved";
    if (gathered.stoppedBy === "linesMax") this.#sayFull();
    else this.#components.log.resolve(FULL_PROBLEM, "outbox_shorter");
    if (gathered.stoppedBy !== undefined) return gathered.stoppedBy;
    if (!chunk.isEnd) return "more";
    return endBytes < chunk.fromBytes + chunk.bytes.length ? "waiting" : "end";
  }

  /** The next chunk, with the end of the prefix before it; `undefined` when that is not what it was. */
  async #read(handle: FileHandle, { prefix }: Memory): Promise<Chunk | undefined> {
    const fromBytes = prefix.checkFromBytes;
    const freshAt = prefix.endBytes - fromBytes;
    const wantedBytes = freshAt + this.#chunkBytes;
    const bytes = await handle.readAt(fromBytes, wantedBytes);
    if (bytes.length < freshAt || !prefix.holdsEnd(bytes)) return undefined;
    return { bytes, fromBytes, freshAt, isEnd: bytes.length < wantedBytes };
  }

  /** A message does not fit into the chunk, or has no end yet: more is read in its place. */
  #grow(): "more" {
    this.#chunkBytes = Math.min(this.#chunkBytes * 2, this.#lineBytesMax);
    return "more";
  }

  /** Passes over a line longer than any message, however long it is. */
  async #skipLine(handle: FileHandle, memory: Memory, options: StepOptions): Promise<StepOutcome> {
    const { prefix } = memory;
    const line = await this.#readLongLine(handle, prefix.endBytes);
    if (line.isEnd && options.finality !== "settled") return "waiting";
    const bytes = line.endBytes - prefix.endBytes;
    const rejection = { line: prefix.lines + 1, fault: lineTooLong(bytes, this.#lineBytesMax), text: line.text };
    const gathered = this.#gatherer.gatherRejection(rejection, line.digest, memory);
    const isNoted = await this.#commit(memory, gathered, options.accept, () => {
      prefix.segments.push(...line.segments);
      if (!line.isEnd) prefix.lines++;
      prefix.isOpen = line.isEnd;
    });
    this.#chunkBytes = CHUNK_BYTES;
    return isNoted ? "more" : "unsaved";
  }

  async #readLongLine(handle: FileHandle, fromBytes: number) {
    const { crypto } = this.#components;
    const segments: Segment[] = [];
    let text = "";
    for (let startBytes = fromBytes;;) {
      const read = await handle.readAt(startBytes, CHUNK_BYTES);
      const newline = read.indexOf(NEWLINE);
      const bytes = newline === -1 ? read : read.subarray(0, newline + 1);
      const endBytes = startBytes + bytes.length;
      if (text === "") {
        text = new TextDecoder().decode(bytes.subarray(0, REJECTED_TEXT_CHARACTERS_MAX * UTF8_BYTES_MAX));
      }
      if (bytes.length > 0) {
        segments.push({ startBytes, endBytes, digest: crypto.sha256(bytes).slice(0, DIGEST_BYTES) });
      }
      const isEnd = newline === -1 && read.length < CHUNK_BYTES;
      if (isEnd || newline !== -1) return { segments, text, endBytes, isEnd, digest: digestOfAll(crypto, segments) };
      startBytes = endBytes;
    }
  }

  /** Hands over, writes down, counts. @returns whether it is noted */
  async #commit(memory: Memory, gathered: Gathered, accept: Accept, advance: () => void): Promise<boolean> {
    const { image } = memory;
    const { rejected, state } = this.#parts;
    if (gathered.messages.length > 0) {
      try {
        await accept(gathered.messages);
      } catch (thrown) {
        for (const slot of gathered.seenSlots) image.unsee(slot);
        throw thrown;
      }
    }
    await rejected.write(gathered.rejections);
    for (const slot of gathered.newSlots) image.take(slot);
    const told = this.#tell(memory, gathered);
    advance();
    this.#count(gathered);
    return told.length === 0 || await this.#note(() => state.append(memory, told));
  }

  /**
   * Texts that nobody could be told of are not noted as taken: a crash would hide them for good.
   *
   * @returns the slots to be noted, those owed so far among them once all could be told
   */
  #tell({ owed }: Memory, { newSlots, rejectedSlots }: Pick<Gathered, "newSlots" | "rejectedSlots">): number[] {
    if (this.#parts.rejected.hasWaiting) {
      const withheld = new Map<number, number>();
      for (const slot of rejectedSlots) {
        owed.set(slot, (owed.get(slot) ?? 0) + 1);
        withheld.set(slot, (withheld.get(slot) ?? 0) + 1);
      }
      return newSlots.filter((slot) => {
        const left = withheld.get(slot) ?? 0;
        if (left > 0) withheld.set(slot, left - 1);
        return left === 0;
      });
    }
    const slots = [...newSlots];
    for (const [slot, count] of owed) for (let each = 0; each < count; each++) slots.push(slot);
    owed.clear();
    return slots;
  }

  /** Tells what could not be told before. @returns whether the state says so, as far as it could be told */
  async tellOwed(memory: Memory): Promise<boolean> {
    const { rejected, state } = this.#parts;
    await rejected.write([]);
    const told = this.#tell(memory, { newSlots: [], rejectedSlots: [] });
    return told.length === 0 || await this.#note(() => state.append(memory, told));
  }

  /** Does a write of the state. @returns whether it succeeded */
  async #note(write: () => Promise<void>): Promise<boolean> {
    const { log } = this.#components;
    try {
      await write();
      log.resolve(STATE_PROBLEM, "outbox_state_written");
      return true;
    } catch (thrown) {
      const error = toBarnacleError(thrown, "Write down what was taken from the outbox");
      log.problem(STATE_PROBLEM, "error", "outbox_state_unwritten", { error });
      return false;
    }
  }

  /** Writes the whole state. @returns whether it succeeded */
  save(memory: Memory): Promise<boolean> {
    return this.#note(() => this.#parts.state.replace(memory));
  }

  /** Makes durable what was noted. @returns whether it succeeded */
  sync(): Promise<boolean> {
    return this.#note(() => this.#parts.state.sync());
  }

  #count({ messages, rejections }: Gathered): void {
    this.takenCount += messages.length;
    if (messages.length > 0) this.#taken.increment({}, messages.length);
    for (const { fault } of rejections) this.#rejected.increment({ code: fault.code });
    this.#sayRejected(rejections, messages.length > 0);
  }

  #sayRejected([first, ...others]: readonly Rejection[], isGoodBeside: boolean): void {
    const { log } = this.#components;
    if (first === undefined) {
      if (isGoodBeside) log.resolve(REJECTED_PROBLEM, "outbox_lines_readable");
      return;
    }
    log.problem(REJECTED_PROBLEM, "warn", "outbox_lines_rejected", {
      line: first.line,
      code: first.fault.code,
      others: others.length,
      file: this.#parts.rejected.path,
    });
  }

  #sayFull(): void {
    this.#components.log.problem(FULL_PROBLEM, "error", "outbox_too_long", {
      lines_max: LINES_MAX,
      message:
        "the outbox holds more lines than are remembered; nothing more is taken until old ones are removed from it",
    });
  }
}

/** Whether a line that was rejected before it had an end has grown: what it has become is to be read as a whole. */
function goesOn({ bytes, freshAt }: Chunk, { prefix }: Memory): boolean {
  const next = bytes[freshAt];
  return prefix.isOpen && next !== undefined && next !== NEWLINE && next !== RETURN;
}

function digestOfAll(crypto: OutboxComponents["crypto"], segments: readonly Segment[]): Uint8Array {
  const all = new Uint8Array(segments.length * DIGEST_BYTES);
  segments.forEach((segment, index) => all.set(segment.digest, index * DIGEST_BYTES));
  return crypto.sha256(all);
}
