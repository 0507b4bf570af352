/**
 * Goes through a piece of the outbox's text and tells what of it is new. Touches no file; what it counts in the image as seen is listed,
 * so that it can be taken back.
 *
 * @module
 */
import { idForAgent } from "../agent-address.ts";
import { NOT_UTF8, TOO_DEEP } from "./faults.ts";
import { LINES_MAX } from "./limits.ts";
import { judge, type Meaning, readMeaning } from "./meaning.ts";
import { type Piece, PieceReader } from "./pieces.ts";
import type { Rejection } from "./rejected-file.ts";
import { bytesBefore, type Run } from "./runs.ts";
import type { Memory } from "./state-record.ts";
import type { NewMessage, OutboxComponents, OutboxInit } from "./types.ts";

/**
 * `growing`: somebody may be writing the end of the text. `resting`: it has stood still a while, so what is complete there is taken.
 * `settled`: what is not complete by now will never be.
 */
export type Finality = "growing" | "resting" | "settled";

/** What a text holds. */
export interface Gathered {
  readonly messages: NewMessage[];
  readonly rejections: Rejection[];
  /** Of each new content its slot in the image, in the order of the text. */
  readonly newSlots: number[];
  /** Of each rejection its slot. */
  readonly rejectedSlots: number[];
  /** Every slot counted as seen. */
  readonly seenSlots: number[];
  consumedBytes: number;
  /** The line reached. */
  line: number;
  /** As `Prefix.isOpen`. */
  isOpen: boolean;
  /** Why the rest of the text was left: `takeMax` was reached, or no more lines can be remembered. */
  stoppedBy: "takeMax" | "linesMax" | undefined;
}

interface GatherOptions {
  readonly finality: Finality;
  readonly firstLine: number;
  readonly takeMax: number;
  /** Pieces gone through at most. Default: all. */
  readonly piecesMax?: number;
}

/** See the module's description. */
export class Gatherer {
  readonly #crypto: OutboxComponents["crypto"];
  readonly #init: OutboxInit;

  constructor(components: Pick<OutboxComponents, "crypto">, init: OutboxInit) {
    this.#crypto = components.crypto;
    this.#init = init;
  }

  /** Goes through the runs, which follow each other in the file. */
  gather(runs: readonly Run[], memory: Memory, options: GatherOptions): Gathered {
    const gathered = newGathered(options.firstLine);
    for (const [index, run] of runs.entries()) {
      // What stands before a line that is no text cannot go on behind it.
      const finality = index < runs.length - 1 ? "settled" : options.finality;
      const consumed = run.isUtf8
        ? this.#gatherRun(run, memory, { ...options, gathered, finality })
        : this.#gatherBadLine(run, memory, { gathered, finality });
      gathered.consumedBytes += bytesBefore(run, consumed);
      if (consumed < run.text.length) break;
    }
    return gathered;
  }

  /** A single text that is no message, such as a line too long to be read. */
  gatherRejection(rejection: Omit<Rejection, "key">, digest: Uint8Array, memory: Memory): Gathered {
    const gathered = newGathered(rejection.line);
    const isNew = this.#isNew(digest, memory, gathered);
    if (isNew) addRejection(gathered, memory, rejection);
    return gathered;
  }

  #gatherRun(
    run: Run,
    memory: Memory,
    options: GatherOptions & { readonly gathered: Gathered },
  ): number {
    const { gathered, piecesMax = Number.POSITIVE_INFINITY } = options;
    const reader = new PieceReader(run.text, { line: gathered.line, isFinal: options.finality === "settled" });
    for (let pieces = 0; pieces < piecesMax; pieces++) {
      const before = reader.position;
      const piece = reader.next();
      if (piece === undefined || piece === "unfinished") break;
      gathered.stoppedBy = this.#addPiece(piece, { run, memory, gathered, takeMax: options.takeMax });
      if (gathered.stoppedBy !== undefined) return before;
      gathered.line = reader.line;
    }
    gathered.line = reader.line;
    gathered.isOpen = reader.isOpen;
    return reader.position;
  }

  #addPiece(
    piece: Piece,
    context: { readonly run: Run; readonly memory: Memory; readonly gathered: Gathered; readonly takeMax: number },
  ): Gathered["stoppedBy"] {
    const { gathered, memory, run } = context;
    const meaning = piece.value === undefined ? undefined : readMeaning(piece.value);
    const canonical = meaning?.canonical ?? `t${normalized(run.text.slice(piece.start, piece.end))}`;
    const digest = this.#crypto.sha256(canonical);
    if (!this.#isNew(digest, memory, gathered)) return undefined;
    if (memory.image.size > LINES_MAX) return this.#leave(memory, gathered, "linesMax");
    const verdict = meaning === undefined ? { fault: piece.fault ?? TOO_DEEP } : judge(meaning, this.#init);
    if ("fault" in verdict) {
      const text = run.text.slice(piece.start, piece.end);
      addRejection(gathered, memory, { line: piece.line, fault: verdict.fault, text, id: meaning?.id });
    } else if (meaning !== undefined) {
      if (gathered.messages.length >= context.takeMax) return this.#leave(memory, gathered, "takeMax");
      gathered.messages.push(newMessage(meaning, verdict, piece.line, newKey(gathered, memory)));
    }
    return undefined;
  }

  #gatherBadLine(
    run: Run,
    memory: Memory,
    { gathered, finality }: { readonly gathered: Gathered; readonly finality: Finality },
  ): number {
    const isWhole = run.text.endsWith("\n");
    if (!isWhole && finality !== "settled") return 0;
    const text = normalized(run.text);
    const isNew = this.#isNew(this.#crypto.sha256(`b${text}`), memory, gathered);
    if (isNew) addRejection(gathered, memory, { line: gathered.line, fault: NOT_UTF8, text });
    if (isWhole) gathered.line++;
    gathered.isOpen = !isWhole;
    return run.text.length;
  }

  #isNew(digest: Uint8Array, memory: Memory, gathered: Gathered): boolean {
    const slot = memory.image.slotOf(digest);
    const isNew = memory.image.see(slot);
    gathered.seenSlots.push(slot);
    if (isNew) gathered.newSlots.push(slot);
    return isNew;
  }

  /** Leaves the new piece that was just counted for a later look. */
  #leave(memory: Memory, gathered: Gathered, why: "takeMax" | "linesMax"): "takeMax" | "linesMax" {
    const slot = gathered.newSlots.pop();
    gathered.seenSlots.pop();
    if (slot !== undefined) memory.image.unsee(slot);
    return why;
  }
}

function newGathered(line: number): Gathered {
  const lists = { messages: [], rejections: [], newSlots: [], rejectedSlots: [], seenSlots: [] };
  return { ...lists, consumedBytes: 0, line, isOpen: false, stoppedBy: undefined };
}

/** The last new piece is none that can be sent. */
function addRejection(gathered: Gathered, memory: Memory, rejection: Omit<Rejection, "key">): void {
  gathered.rejections.push({ ...rejection, key: newKey(gathered, memory) });
  gathered.rejectedSlots.push(gathered.newSlots.at(-1) ?? 0);
}

function newMessage(
  { createdAtMs, id, msg }: Meaning,
  { agent, to }: { readonly to: string; readonly agent?: string },
  line: number,
  key: string,
): NewMessage {
  if (agent === undefined) return { to, msg, createdAtMs, id, line, key };
  return { to, msg, createdAtMs, id: id === undefined ? undefined : idForAgent(id, agent), agent, line, key };
}

/**
 * The key of the last new piece: the content, the epoch, and which taking of it in this epoch it is. A look that is repeated after a
 * crash counts the same; a message written again after its line had vanished is of a later epoch.
 */
function newKey(gathered: Gathered, { epoch, image }: Memory): string {
  const slot = gathered.newSlots.at(-1) ?? 0;
  return `${image.digestText(slot)}-${epoch.toString(36)}-${image.takingNumber(slot)}`;
}

/** A text that cannot be read is recognised whatever its line ends have become. */
function normalized(text: string): string {
  return text.replaceAll("\r", "").trimEnd();
}
