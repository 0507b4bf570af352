/** How far the inbox file is known, and how it is recognised. @module */
import type { FileHandle } from "../../runtime/port.ts";
import type { InboxLine } from "../types.ts";
import { CHUNK_BYTES, PROOF_BYTES } from "./limits.ts";
import { readLineBytes } from "./line.ts";

const NEWLINE = 10;

/** Up to where the file is known, to be found again after a restart. */
export interface Place {
  readonly offset: number;
  readonly seq: number;
  /** The number before the first line of this file. */
  readonly floorSeq: number;
  /** The bytes before `offset`, up to {@link PROOF_BYTES}. */
  readonly proof: Uint8Array;
}

/** A place from an earlier life. */
export interface KnownPlace extends Omit<Place, "proof"> {
  /** Whether these are the bytes that stood before `offset`. */
  proves(bytes: Uint8Array): boolean;
}

/** Whether the file is the one that the place was in, whole as far as the place reaches. */
export async function isIntact(handle: FileHandle, sizeBytes: number, known: KnownPlace): Promise<boolean> {
  if (known.offset === 0 && sizeBytes > 0) {
    // Nothing can be compared, but the first line of ours has a number that is known.
    const bytes = await handle.readAt(0, Math.min(CHUNK_BYTES, sizeBytes));
    const end = bytes.indexOf(NEWLINE);
    if (end === -1) return true;
    const first = readLineBytes(bytes.subarray(0, end));
    // What a crash has torn holds zeros; other words are somebody else's.
    return first === undefined ? bytes.subarray(0, end).includes(0) : first.seq === known.seq + 1;
  }
  const length = Math.min(PROOF_BYTES, known.offset);
  return known.proves(await handle.readAt(known.offset - length, length));
}

/** The first line; `undefined` when it is damaged or too long to be worth it. */
export async function readFirstLine(handle: FileHandle, sizeBytes: number): Promise<InboxLine | undefined> {
  const bytes = await handle.readAt(0, Math.min(CHUNK_BYTES, sizeBytes));
  const end = bytes.indexOf(NEWLINE);
  return end === -1 ? undefined : readLineBytes(bytes.subarray(0, end));
}

/** The proof after `bytes` have been appended. */
export function endOf(proof: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length >= PROOF_BYTES) return bytes.slice(-PROOF_BYTES);
  const joined = new Uint8Array(proof.length + bytes.length);
  joined.set(proof);
  joined.set(bytes, proof.length);
  return joined.slice(-PROOF_BYTES);
}

export function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
