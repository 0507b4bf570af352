/**
 * A segment: some entries of the log in one row of the database. A row for each entry would cost twice as much to write.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import type { SqlValue } from "../runtime/port.ts";
import type { Instance } from "./instance.ts";
import { MESSAGE_IDS_KEPT } from "./registry.ts";

/** Stands between two documents: JSON has no such character, in a string it is escaped. RFC 7464 uses it so. */
const SEPARATOR = "\u001e";
const SEPARATOR_BYTE = 0x1e;
/** Numbers of an entry, each a 64-bit float, little-endian: when it was heard, its sequence, its owner, its message ids. */
const NUMBERS = 3 + MESSAGE_IDS_KEPT;
const NUMBER_BYTES = 8;
/** The owner's number is that of its place in the list of owners, this many times, and one more for a verified instance. */
const OWNER_FACTOR = 2;

/** An entry as it was written. */
export interface StoredEntry {
  readonly id: string;
  readonly owner: string;
  readonly verified: boolean;
  readonly heardAtMs: number;
  readonly sequence: number;
  readonly messageIds: number[];
  /** Read when it is asked for: of most entries nothing else than the id is wanted. */
  readonly documentText: () => string;
}

/** The columns of a segment's row after the first. */
export function encodeSegment(instances: readonly Instance[]): SqlValue[] {
  const places = new Map<string, number>();
  const numbers = new DataView(new ArrayBuffer(instances.length * NUMBERS * NUMBER_BYTES));
  let at = 0;
  const put = (value: number): void => {
    numbers.setFloat64(at, value, true);
    at += NUMBER_BYTES;
  };
  for (const { owner, verified, heardAtMs, sequence, messageIds } of instances) {
    let place = places.get(owner);
    if (place === undefined) places.set(owner, place = places.size);
    put(heardAtMs);
    put(sequence);
    put(place * OWNER_FACTOR + Number(verified));
    for (let index = 0; index < MESSAGE_IDS_KEPT; index++) put(messageIds[index] ?? 0);
  }
  return [
    JSON.stringify(instances.map(({ id }) => id)),
    JSON.stringify([...places.keys()]),
    new Uint8Array(numbers.buffer),
    new TextEncoder().encode(instances.map(({ documentText }) => documentText).join(SEPARATOR)),
  ];
}

/**
 * The entries of a segment, in their order.
 *
 * @param row the columns by their names
 * @throws `DATABASE_ERROR` when it is not what was written; so does `documentText` of its entries
 */
export function decodeSegment(row: Readonly<Record<string, SqlValue>>): StoredEntry[] {
  const ids = textsOf(row["ids"]);
  const owners = textsOf(row["owners"]);
  const { numbers, documents } = row;
  if (!(numbers instanceof Uint8Array && documents instanceof Uint8Array)) throw damaged();
  const ends = endsOf(documents);
  if (numbers.length !== ids.length * NUMBERS * NUMBER_BYTES || ends.length !== ids.length) throw damaged();
  const view = new DataView(numbers.buffer, numbers.byteOffset, numbers.length);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return ids.map((id, index) => {
    const at = (column: number) => view.getFloat64((index * NUMBERS + column) * NUMBER_BYTES, true);
    const owner = owners[Math.floor(at(2) / OWNER_FACTOR)];
    if (owner === undefined || !Number.isSafeInteger(at(0)) || !Number.isSafeInteger(at(1))) throw damaged();
    const messageIds = Array.from({ length: MESSAGE_IDS_KEPT }, (_, place) => at(3 + place)).filter((id) => id !== 0);
    const document = documents.subarray(index === 0 ? 0 : (ends[index - 1] ?? 0) + 1, ends[index]);
    return {
      id,
      owner,
      verified: at(2) % OWNER_FACTOR === 1,
      heardAtMs: at(0),
      sequence: at(1),
      messageIds,
      documentText: () => decode(decoder, document),
    };
  });
}

/** Where each document ends. */
function endsOf(documents: Uint8Array): number[] {
  const ends: number[] = [];
  for (let end = documents.indexOf(SEPARATOR_BYTE); end !== -1; end = documents.indexOf(SEPARATOR_BYTE, end + 1)) {
    ends.push(end);
  }
  return [...ends, documents.length];
}

function textsOf(value: SqlValue | undefined): string[] {
  const texts: unknown = parse(String(value));
  if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) return texts;
  throw damaged();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged(cause);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): BarnacleError {
  return new BarnacleError({
    code: "DATABASE_ERROR",
    action: "Read a segment of the log",
    value: "a damaged one",
    cause,
  });
}
