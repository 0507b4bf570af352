/**
 * The state file's content: what was taken, as a whole and then change by change.
 *
 * A record is its kind, the length of its payload, the digest of its payload, and that. The first one is a snapshot, all others are
 * takings; what follows a damaged record is not read, so that the state is always one that was. Numbers are little-endian.
 *
 * @module
 */
import { DIGEST_BYTES, Image } from "./image.ts";
import { type Digest, Prefix, type Segment } from "./prefix.ts";

/** What is remembered of the outbox. */
export interface Memory {
  image: Image;
  readonly prefix: Prefix;
  /** The time in which takings are numbered, Unix milliseconds where a clock was right; it only rises. */
  epoch: number;
  /** Size of the file of rejected lines when the epoch began. */
  rejectedBytes: number;
  /** Of rejected texts that nobody could be told of yet, how many by slot: they count as taken here, and not in what is saved. */
  readonly owed: Map<number, number>;
}

const FORMAT = 1;
const SNAPSHOT = 0x504e5331;
const TAKINGS = 0x454b4154;
const HEADER_BYTES = 8 + DIGEST_BYTES;
const SNAPSHOT_HEAD_BYTES = 40;
const TAKINGS_HEAD_BYTES = 20;
/** Flags of takings: the prefix is told, and it is open. */
const KNOWN = 1;
const OPEN = 2;
const SEGMENT_BYTES = 8 + DIGEST_BYTES;
const ENTRY_BYTES = DIGEST_BYTES + 8;

/** A memory of nothing. */
export function emptyMemory(digest: Digest): Memory {
  return { image: new Image(), prefix: new Prefix(digest), epoch: 0, rejectedBytes: 0, owed: new Map() };
}

/** Everything, as one record. */
export function encodeSnapshot(memory: Memory, digest: Digest): Uint8Array<ArrayBuffer> {
  const { image, owed } = memory;
  const segments = knownSegments(memory, 0);
  const owedOf = (slot: number): number => owed.get(slot) ?? 0;
  // Counted first: a list of millions of them would take as much memory as the record.
  let entries = 0;
  for (let slot = 0; slot < image.size; slot++) if (image.standing(slot) > owedOf(slot)) entries++;
  const [record, view] = newRecord(SNAPSHOT_HEAD_BYTES + segments.length * SEGMENT_BYTES + entries * ENTRY_BYTES);
  view.setUint32(0, FORMAT, true);
  view.setFloat64(4, memory.epoch, true);
  view.setFloat64(12, memory.rejectedBytes, true);
  view.setFloat64(20, memory.prefix.lines, true);
  view.setUint32(28, memory.prefix.isOpen ? 1 : 0, true);
  view.setUint32(32, segments.length, true);
  view.setUint32(36, entries, true);
  let at = writeSegments(record, SNAPSHOT_HEAD_BYTES, segments);
  for (let slot = 0; slot < image.size; slot++) {
    const standing = image.standing(slot) - owedOf(slot);
    if (standing <= 0) continue;
    image.copyDigest(slot, record, HEADER_BYTES + at);
    view.setUint32(at + DIGEST_BYTES, standing, true);
    view.setUint32(at + DIGEST_BYTES + 4, image.taken(slot) - owedOf(slot), true);
    at += ENTRY_BYTES;
  }
  return sealed(record, SNAPSHOT, digest);
}

/** The contents taken since the record before, in slots of the image, and how far the file has been read. */
export function encodeTakings(memory: Memory, slots: readonly number[], digest: Digest): Uint8Array<ArrayBuffer> {
  const { prefix } = memory;
  const segments = knownSegments(memory, prefix.keptSegments);
  const [record, view] = newRecord(TAKINGS_HEAD_BYTES + segments.length * SEGMENT_BYTES + slots.length * DIGEST_BYTES);
  view.setFloat64(0, prefix.lines, true);
  view.setUint32(8, (isPrefixKnown(memory) ? KNOWN : 0) | (prefix.isOpen ? OPEN : 0), true);
  view.setUint32(12, prefix.keptSegments, true);
  view.setUint32(16, segments.length, true);
  let at = writeSegments(record, TAKINGS_HEAD_BYTES, segments);
  for (const slot of slots) {
    memory.image.copyDigest(slot, record, HEADER_BYTES + at);
    at += DIGEST_BYTES;
  }
  return sealed(record, TAKINGS, digest);
}

/** Reads a state file, up to the first damaged record. @returns `undefined` when it does not begin with a whole snapshot */
export function decodeState(bytes: Uint8Array, digest: Digest): Memory | undefined {
  const memory = emptyMemory(digest);
  let isPrefixOurs = false;
  let at = 0;
  while (at < bytes.length) {
    const record = openRecord(bytes.subarray(at), digest);
    if (record === undefined || record.kind !== (at === 0 ? SNAPSHOT : TAKINGS)) break;
    if (at === 0 && record.view.getUint32(0, true) !== FORMAT) break;
    isPrefixOurs = at === 0 ? readSnapshot(memory, record.payload) : readTakings(memory, record.payload, isPrefixOurs);
    at += HEADER_BYTES + record.payload.length;
  }
  if (at === 0) return undefined;
  const { image, prefix } = memory;
  if (!isPrefixOurs || prefix.segments.length === 0) prefix.reset();
  else image.seeAll();
  return memory;
}

/** Only a prefix that holds exactly the lines of the image tells, by its digests alone, what has been seen. */
export function isPrefixKnown({ image, owed }: Memory): boolean {
  return owed.size === 0 && image.seenTotal === image.standingTotal;
}

function knownSegments(memory: Memory, from: number): readonly Segment[] {
  return isPrefixKnown(memory) ? memory.prefix.segments.slice(from) : [];
}

function readSnapshot(memory: Memory, payload: Uint8Array): boolean {
  const view = viewOf(payload);
  memory.epoch = view.getFloat64(4, true);
  memory.rejectedBytes = view.getFloat64(12, true);
  memory.prefix.lines = view.getFloat64(20, true);
  memory.prefix.isOpen = view.getUint32(28, true) === 1;
  const entries = view.getUint32(36, true);
  let at = readSegments(memory.prefix, payload, { at: SNAPSHOT_HEAD_BYTES, count: view.getUint32(32, true) });
  for (let entry = 0; entry < entries; entry++) {
    const standing = view.getUint32(at + DIGEST_BYTES, true);
    memory.image.put(payload, at, { standing, taken: view.getUint32(at + DIGEST_BYTES + 4, true) });
    at += ENTRY_BYTES;
  }
  return true;
}

function readTakings(memory: Memory, payload: Uint8Array, wasPrefixOurs: boolean): boolean {
  const view = viewOf(payload);
  const { prefix } = memory;
  prefix.lines = view.getFloat64(0, true);
  const flags = view.getUint32(8, true);
  prefix.isOpen = (flags & OPEN) !== 0;
  const kept = view.getUint32(12, true);
  const isOurs = (flags & KNOWN) !== 0 && (kept === 0 || (wasPrefixOurs && kept <= prefix.segments.length));
  prefix.segments.length = Math.min(kept, prefix.segments.length);
  let at = readSegments(prefix, payload, { at: TAKINGS_HEAD_BYTES, count: view.getUint32(16, true) });
  for (; at < payload.length; at += DIGEST_BYTES) memory.image.take(memory.image.slotOf(payload, at));
  return isOurs;
}

function writeSegments(record: Uint8Array, start: number, segments: readonly Segment[]): number {
  const view = viewOf(record.subarray(HEADER_BYTES));
  let at = start;
  for (const segment of segments) {
    view.setFloat64(at, segment.endBytes, true);
    record.set(segment.digest, HEADER_BYTES + at + 8);
    at += SEGMENT_BYTES;
  }
  return at;
}

function readSegments(
  prefix: Prefix,
  payload: Uint8Array,
  from: { readonly at: number; readonly count: number },
): number {
  const view = viewOf(payload);
  let { at } = from;
  for (let index = 0; index < from.count; index++) {
    const digest = payload.slice(at + 8, at + SEGMENT_BYTES);
    prefix.segments.push({ startBytes: prefix.endBytes, endBytes: view.getFloat64(at, true), digest });
    at += SEGMENT_BYTES;
  }
  return at;
}

/** A record of so many payload bytes, and a view on its payload. */
function newRecord(payloadBytes: number): [Uint8Array<ArrayBuffer>, DataView] {
  const record = new Uint8Array(HEADER_BYTES + payloadBytes);
  return [record, viewOf(record.subarray(HEADER_BYTES))];
}

function sealed(record: Uint8Array<ArrayBuffer>, kind: number, digest: Digest): Uint8Array<ArrayBuffer> {
  const payload = record.subarray(HEADER_BYTES);
  const view = viewOf(record);
  view.setUint32(0, kind, true);
  view.setUint32(4, payload.length, true);
  record.set(digest(payload).subarray(0, DIGEST_BYTES), 8);
  return record;
}

function openRecord(
  bytes: Uint8Array,
  digest: Digest,
): { readonly kind: number; readonly payload: Uint8Array; readonly view: DataView } | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const header = viewOf(bytes);
  const endBytes = HEADER_BYTES + header.getUint32(4, true);
  if (endBytes > bytes.length) return undefined;
  const payload = bytes.subarray(HEADER_BYTES, endBytes);
  const found = digest(payload);
  for (let at = 0; at < DIGEST_BYTES; at++) if (found[at] !== bytes[8 + at]) return undefined;
  return { kind: header.getUint32(0, true), payload, view: viewOf(payload) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
