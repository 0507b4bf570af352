/**
 * The changes of directories that a power cut could take back.
 *
 * A change becomes safe when one of the directories it touches is synced; with it, everything before it that touches
 * the same directories. At a power cut the changes still pending survive in order up to a point, as in a journaling
 * filesystem: a rename is there in full or not at all.
 *
 * @module
 */
import type { SeededRandom } from "../random.ts";
import type { CrashOutcome, DirectoryInode, Inode } from "./inode.ts";

/** One name given to something, or taken (`undefined`). */
export interface NameChange {
  readonly directory: DirectoryInode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

type Entry = readonly NameChange[];

/** Beyond this the filesystem has committed the older half by itself. */
const PENDING_ENTRIES_MAX = 4096;

export class Journal {
  #entries: Entry[] = [];

  /** Makes the changes in the running system, as one. */
  record(entry: Entry): void {
    for (const change of entry) applyTo(change.directory.live, change);
    this.#entries.push(entry);
    if (this.#entries.length > PENDING_ENTRIES_MAX) this.#commit(this.#entries.splice(0, PENDING_ENTRIES_MAX / 2));
  }

  /** Makes safe what touches the directory. */
  syncDirectory(directory: DirectoryInode): void {
    const touched = new Set([directory]);
    let grew = true;
    while (grew) {
      const sizeBefore = touched.size;
      for (const entry of this.#entries) {
        if (entry.some((change) => touched.has(change.directory))) {
          for (const change of entry) touched.add(change.directory);
        }
      }
      grew = touched.size > sizeBefore;
    }
    const isTouched = (entry: Entry): boolean => entry.some((change) => touched.has(change.directory));
    this.#commit(this.#entries.filter(isTouched));
    this.#entries = this.#entries.filter((entry) => !isTouched(entry));
  }

  /** Makes everything safe. */
  syncAll(): void {
    this.#commit(this.#entries);
    this.#entries = [];
  }

  /** Keeps a beginning of what is pending: none of it, all, all but the last, or as drawn. */
  powerCut(outcome: CrashOutcome, random: SeededRandom): void {
    const count = this.#entries.length;
    const kept = { lost: 0, kept: count, torn: Math.max(0, count - 1), drawn: random.integer(0, count) }[outcome];
    this.#commit(this.#entries.slice(0, kept));
    this.#entries = [];
  }

  #commit(entries: readonly Entry[]): void {
    for (const entry of entries) {
      for (const change of entry) applyTo(change.directory.durable, change);
    }
  }
}

function applyTo(names: Map<string, Inode>, { name, inode }: NameChange): void {
  if (inode === undefined) names.delete(name);
  else names.set(name, inode);
}
