/**
 * What a simulated disk stores: files with their unsynced changes, and directories.
 *
 * A file is kept as the running system sees it, with a list of the changes that are not yet safe. Each change remembers
 * what it overwrote, so a power cut can take all of them back and put again those that reached the disk.
 *
 * Not modelled: links, attributes, times other than the last change, sectors that go bad in their sleep.
 *
 * @module
 */
import type { SeededRandom } from "../random.ts";

/** Which unsynced changes survive a power cut; `drawn` leaves it to the seed. */
export type CrashOutcome = "lost" | "kept" | "torn" | "drawn";

interface Change {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly lengthBefore: number;
  readonly lengthAfter: number;
  /** What stood at `offset` before, as far as anything stood there. */
  readonly overwritten: Uint8Array;
  /** `safe`: synced, but behind one that is not. `doomed`: its sync failed; it will never reach the disk. */
  fate: "pending" | "safe" | "doomed";
}

/** Beyond this the kernel has written the older half back by itself. */
const PENDING_CHANGES_MAX = 1024;

interface InodeInit {
  readonly id: number;
  readonly mode: number;
  readonly userId: number;
  readonly groupId: number;
  readonly modifiedAtMs: number;
}

class Ownership {
  readonly id: number;
  mode: number;
  userId: number;
  groupId: number;
  modifiedAtMs: number;

  constructor(init: InodeInit) {
    this.id = init.id;
    this.mode = init.mode;
    this.userId = init.userId;
    this.groupId = init.groupId;
    this.modifiedAtMs = init.modifiedAtMs;
  }
}

export class DirectoryInode extends Ownership {
  readonly kind = "directory";
  /** As the running system sees it. */
  live = new Map<string, Inode>();
  /** As a power cut would leave it. */
  durable = new Map<string, Inode>();
}

export class FileInode extends Ownership {
  readonly kind = "file";
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #length = 0;
  #changes: Change[] = [];

  get lengthBytes(): number {
    return this.#length;
  }

  /** Bytes that a power cut could take. */
  get unsyncedBytes(): number {
    return this.#changes.reduce((sum, change) => change.fate === "pending" ? sum + change.data.length : sum, 0);
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const from = Math.min(Math.max(0, offset), this.#length);
    return this.#bytes.slice(from, Math.min(from + Math.max(0, length), this.#length));
  }

  write(offset: number, data: Uint8Array): void {
    this.#change(offset, data.slice(), Math.max(this.#length, offset + data.length));
  }

  truncate(lengthBytes: number): void {
    this.#change(Math.min(lengthBytes, this.#length), new Uint8Array(0), lengthBytes);
  }

  /** Everything so far is safe, except what a failed sync has doomed. */
  sync(): void {
    for (const change of this.#changes) if (change.fate === "pending") change.fate = "safe";
    this.#forgetSafe();
  }

  /** As Linux after a failed sync: the pages count as clean, stay readable, and never reach the disk. */
  failSync(): void {
    for (const change of this.#changes) if (change.fate === "pending") change.fate = "doomed";
  }

  /** Leaves what the disk holds after a power cut. @param reorders whether later changes may survive earlier ones */
  powerCut(outcome: CrashOutcome, random: SeededRandom, reorders: boolean): void {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length === 0) return;
    for (let index = changes.length - 1; index >= 0; index--) this.#undo(changes[index] as Change);
    const pending = changes.filter((change) => change.fate === "pending");
    const survivors = chooseSurvivors(pending.length, { outcome, random, reorders });
    const torn = new Set<Change>();
    const surviving = new Set(pending.filter((change, index) => {
      if (survivors.tornIndex === index) torn.add(change);
      return survivors.kept(index);
    }));
    for (const change of changes) {
      if (change.fate === "safe" || surviving.has(change)) this.#apply(change.offset, change.data, change.lengthAfter);
      else if (torn.has(change)) this.#applyTorn(change, random);
    }
  }

  #change(offset: number, data: Uint8Array, lengthAfter: number): void {
    const overwrittenTo = data.length === 0 ? this.#length : Math.min(offset + data.length, this.#length);
    this.#changes.push({
      offset,
      data,
      lengthBefore: this.#length,
      lengthAfter,
      overwritten: this.read(offset, overwrittenTo - offset),
      fate: "pending",
    });
    this.#apply(offset, data, lengthAfter);
    if (this.#changes.length <= PENDING_CHANGES_MAX) return;
    for (const change of this.#changes.slice(0, PENDING_CHANGES_MAX / 2)) {
      if (change.fate === "pending") change.fate = "safe";
    }
    this.#forgetSafe();
  }

  #forgetSafe(): void {
    const firstOther = this.#changes.findIndex((change) => change.fate !== "safe");
    if (firstOther === -1) this.#changes = [];
    else if (firstOther > 0) this.#changes = this.#changes.slice(firstOther);
  }

  #apply(offset: number, data: Uint8Array, lengthAfter: number): void {
    this.#setLength(lengthAfter);
    this.#bytes.set(data.subarray(0, Math.max(0, lengthAfter - offset)), offset);
  }

  /** A beginning of the data, followed by nothing or, where the length was saved before the data, by zeros. */
  #applyTorn(change: Change, random: SeededRandom): void {
    const keptBytes = change.data.length < 2 ? 0 : random.integer(1, change.data.length - 1);
    const zeroFilled = random.chance(0.25);
    const lengthAfter = zeroFilled ? change.lengthAfter : Math.max(this.#length, change.offset + keptBytes);
    if (change.data.length > 0) this.#apply(change.offset, change.data.subarray(0, keptBytes), lengthAfter);
  }

  #undo(change: Change): void {
    this.#setLength(change.lengthBefore);
    this.#bytes.set(change.overwritten, change.offset);
  }

  /** Bytes beyond the length are always zero, so growing needs no filling. */
  #setLength(length: number): void {
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length, 64));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    } else if (length < this.#length) this.#bytes.fill(0, length, this.#length);
    this.#length = length;
  }
}

export type Inode = FileInode | DirectoryInode;

interface Survivors {
  readonly tornIndex: number | undefined;
  kept(index: number): boolean;
}

function chooseSurvivors(
  count: number,
  { outcome, random, reorders }: { outcome: CrashOutcome; random: SeededRandom; reorders: boolean },
): Survivors {
  if (outcome === "lost") return { tornIndex: undefined, kept: () => false };
  if (outcome === "kept") return { tornIndex: undefined, kept: () => true };
  if (outcome === "torn") return { tornIndex: count - 1, kept: (index) => index < count - 1 };
  if (reorders) {
    const kept = Array.from({ length: count }, () => random.chance(0.5));
    return { tornIndex: random.chance(0.5) ? kept.indexOf(false) : undefined, kept: (index) => kept[index] === true };
  }
  const firstLost = random.integer(0, count);
  return { tornIndex: random.chance(0.5) ? firstLost : undefined, kept: (index) => index < firstLost };
}
