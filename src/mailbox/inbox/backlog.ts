/**
 * What is in the inbox and not read yet: how many in all, and of each sender.
 *
 * Neighbours of one sender share one entry, so that a long backlog of one sender costs as little as a short one.
 *
 * @module
 */

interface Run {
  readonly from: string;
  firstSeq: number;
  lastSeq: number;
}

/** Lines counted backwards from the end of the inbox. */
export interface CountedLine {
  readonly seq: number;
  readonly from: string;
}

const COMPACT_AT = 1_024;

export class Backlog {
  /** In ascending order; those before `#head` have been read. */
  #runs: Run[] = [];
  #head = 0;
  #cursor = 0;
  /** Lines from here on stand in the runs; below it, down to the cursor, they count in the total only. */
  #countedAbove = 0;
  /** Numbers up to this one are in no file any more, read or not. */
  #floor = 0;
  #inRuns = 0;
  #reserved = 0;
  readonly #bySender = new Map<string, number>();

  get cursor(): number {
    return this.#cursor;
  }

  /** Unread lines. */
  get unread(): number {
    return this.#inRuns + Math.max(0, this.#countedAbove - Math.max(this.#cursor, this.#floor));
  }

  /** Unread lines, and those on their way. */
  get total(): number {
    return this.unread + this.#reserved;
  }

  /** Of one sender: unread lines, as far back as they were counted, and those on their way. */
  of(from: string): number {
    return this.#bySender.get(from) ?? 0;
  }

  /** Of the senders that count: as of one. */
  ofAll(isCounted: (from: string) => boolean): number {
    let count = 0;
    for (const [from, unread] of this.#bySender) if (isCounted(from)) count += unread;
    return count;
  }

  /** A message is about to be written. */
  expect(from: string): void {
    this.#reserved++;
    this.#add(from, 1);
  }

  /** It was not. */
  release(from: string): void {
    this.#reserved--;
    this.#add(from, -1);
  }

  /** It was, under this number. */
  arrived(seq: number, from: string): void {
    this.#reserved--;
    this.#append(seq, from);
    // A cursor at or above a number that did not exist yet was no sane one; it is clamped to the last message.
  }

  /**
   * The agent has read up to here.
   *
   * @returns `false` when it went back to lines that are not counted here any more: they want a {@link recount}
   */
  moveCursor(cursor: number): boolean {
    if (cursor < this.#cursor) return false;
    this.#cursor = cursor;
    for (let run = this.#runs[this.#head]; run !== undefined && run.firstSeq <= cursor; run = this.#runs[this.#head]) {
      const readUpTo = Math.min(cursor, run.lastSeq);
      const read = readUpTo - run.firstSeq + 1;
      this.#inRuns -= read;
      this.#add(run.from, -read);
      run.firstSeq = readUpTo + 1;
      if (run.firstSeq > run.lastSeq) this.#head++;
    }
    this.#compact();
    return true;
  }

  /**
   * Starts anew from what the file holds; what is on its way stays counted.
   *
   * @param lines unread ones, in descending order
   * @param place.countedAbove all unread lines above this number are among them
   */
  recount(
    lines: readonly CountedLine[],
    place: { readonly cursor: number; readonly floor: number; readonly countedAbove: number },
  ): void {
    for (const run of this.#runs.slice(this.#head)) this.#add(run.from, run.firstSeq - run.lastSeq - 1);
    this.#runs = [];
    this.#head = 0;
    this.#inRuns = 0;
    this.#cursor = place.cursor;
    this.#floor = place.floor;
    this.#countedAbove = place.countedAbove;
    for (let index = lines.length - 1; index >= 0; index--) {
      const line = lines[index] as CountedLine;
      this.#append(line.seq, line.from);
      this.#add(line.from, 1);
    }
  }

  #append(seq: number, from: string): void {
    this.#inRuns++;
    const last = this.#runs[this.#runs.length - 1];
    if (this.#runs.length > this.#head && last?.from === from && last.lastSeq === seq - 1) last.lastSeq = seq;
    else this.#runs.push({ from, firstSeq: seq, lastSeq: seq });
  }

  #add(from: string, by: number): void {
    const count = (this.#bySender.get(from) ?? 0) + by;
    if (count === 0) this.#bySender.delete(from);
    else this.#bySender.set(from, count);
  }

  #compact(): void {
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#runs.length) return;
    this.#runs = this.#runs.slice(this.#head);
    this.#head = 0;
  }
}
