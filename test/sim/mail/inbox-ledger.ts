/**
 * What one host's inbox has held, across whatever its operator does to it: the facts for invariants 1, 2 and 3.
 *
 * A line that the operator took away was there; one that was never acknowledged may go with a crash and come again. So
 * an acknowledgement is bound to the line that stands for it in the moment in which it leaves.
 *
 * @module
 */
import type { SimHost } from "../mod.ts";
import type { MailRecord } from "./record.ts";

export const MAIL_DIRECTORY = "/work/.moltcomm";
export const INBOX = `${MAIL_DIRECTORY}/inbox.ndjson`;
const ARCHIVE = `${MAIL_DIRECTORY}/archive`;

/** A line of an inbox. */
export interface Line {
  readonly seq: number;
  readonly from: string;
  readonly id: string;
  readonly msg: string;
}

/** Whole lines; what is torn or no line is passed over. */
export function readLines(text: string | undefined): Line[] {
  const lines: Line[] = [];
  for (const part of text?.split("\n").slice(0, -1) ?? []) {
    const line = readLine(part);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

function readLine(text: string): Line | undefined {
  try {
    const { seq, from, id, msg } = JSON.parse(text) as Line;
    return Number.isSafeInteger(seq) ? { seq, from, id, msg } : undefined;
  } catch {
    return undefined;
  }
}

/** Lines that may follow before a node that is killed has written down that its inbox is another file. */
const UNSAVED_MAX = 16;

const keyOf = ({ from, id }: { readonly from: string; readonly id: string }): string => `${from} ${id}`;

const nameOf = (line: { readonly seq: number; readonly from: string; readonly id: string }): string =>
  `${line.seq} ${keyOf(line)}`;

/** A message's number, when it was acknowledged, and when the node was last killed before. */
interface Acknowledged {
  readonly seq: number;
  readonly atMs: number;
  readonly crashedAtMs: number;
}

export class InboxLedger {
  readonly #host: SimHost;
  readonly #record: MailRecord;
  readonly #acknowledged = new Map<string, Acknowledged>();
  /** What the operator has taken away, by number and message, and when. */
  readonly #taken = new Map<string, { readonly line: Line; readonly atMs: number }>();
  /** The last number when the operator did something: behind it there may be a gap. */
  readonly #touchedAt: number[] = [];
  #crashedAtMs = -1;
  #text: string | undefined = "";
  #lines: readonly Line[] = [];

  constructor(host: SimHost, record: MailRecord) {
    this.#host = host;
    this.#record = record;
  }

  /** The lines of the inbox now. */
  get current(): readonly Line[] {
    const text = this.#host.disk.text(INBOX);
    if (text === this.#text) return this.#lines;
    this.#text = text;
    this.#lines = readLines(text);
    return this.#lines;
  }

  /** Everything that was delivered, as far as it is known, each line once. */
  get all(): readonly Line[] {
    const lines = new Map<string, Line>();
    for (const [name, { line }] of this.#taken) lines.set(name, line);
    for (const line of this.#files().flat()) lines.set(nameOf(line), line);
    for (const [name, line] of lines) {
      if (this.#hasComeAgain(line)) lines.delete(name);
      const known = this.#acknowledged.get(keyOf(line));
      const isFirst = known === undefined || known.seq === line.seq;
      if (!isFirst && this.#mayBeForgotten(known.seq, keyOf(line))) lines.delete(name);
    }
    return [...lines.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Highest number seen. */
  get lastSeq(): number {
    return Math.max(0, ...this.all.map(({ seq }) => seq));
  }

  /** Whether the numbers tell in which order lines came: they do unless some were forgotten. */
  get isInOrder(): boolean {
    return ![...this.#acknowledged].some(([key, { seq }]) => this.#mayBeForgotten(seq, key)) &&
      ![...this.#taken.values()].some(({ line }) => this.#hasComeAgain(line));
  }

  /** Somebody had a hand in what tells the numbers: behind the last one there may be a gap. */
  touched(): void {
    this.#touchedAt.push(this.lastSeq);
  }

  /** The operator is about to change the inbox: whatever stands in it was there. */
  taking(): void {
    this.touched();
    const atMs = this.#host.world.clock.monotonicMs();
    for (const line of this.current) this.#taken.set(nameOf(line), { line, atMs });
  }

  /** The node was killed, or lost its power. */
  crashed(): void {
    this.#crashedAtMs = this.#host.world.clock.monotonicMs();
  }

  /** An acknowledgement leaves. */
  acknowledged(message: { readonly from: string; readonly id: string }): void {
    const key = keyOf(message);
    const is = (line: Line): boolean => keyOf(line) === key;
    const taken = [...this.#taken.values()].map((each) => each.line);
    const line = this.current.find(is) ?? this.#archives().flat().find(is) ?? taken.findLast(is);
    const atMs = this.#host.world.clock.monotonicMs();
    if (line === undefined) this.#violate("lost", `${key} is acknowledged and in no inbox`);
    else if (!this.#acknowledged.has(key)) {
      this.#acknowledged.set(key, { seq: line.seq, atMs, crashedAtMs: this.#crashedAtMs });
    }
  }

  /** Looks at what is there now. */
  check(): void {
    const files = this.#files();
    const lines = files.flat();
    this.#checkLost(lines);
    this.#checkTwice(lines);
    for (const file of files) this.#checkFile(file);
    this.#checkNumbers(lines);
  }

  #checkLost(lines: readonly Line[]): void {
    const there = new Set(lines.map(nameOf));
    for (const [key, { seq }] of this.#acknowledged) {
      const name = `${seq} ${key}`;
      if (!there.has(name) && !this.#taken.has(name)) this.#violate("lost", `${key}, number ${seq}, is gone`);
    }
  }

  #checkTwice(lines: readonly Line[]): void {
    const seqs = new Map([...this.#acknowledged].map(([key, { seq }]) => [key, seq]));
    for (const line of lines) {
      const key = keyOf(line);
      const known = seqs.get(key);
      if (known === undefined) seqs.set(key, line.seq);
      else if (known !== line.seq && !this.#mayBeForgotten(known, key)) {
        this.#violate("twice", `${key} has the numbers ${known} and ${line.seq}`);
      }
    }
  }

  /**
   * The inbox is the node's memory of what it delivered and numbered since it last wrote its state. Of a line that somebody takes out of it
   * before that, nothing is left when the node is killed as well.
   */
  #mayBeForgotten(seq: number, key: string): boolean {
    const acknowledged = this.#acknowledged.get(key);
    return acknowledged !== undefined && acknowledged.atMs <= this.#crashedAtMs && this.#taken.has(`${seq} ${key}`);
  }

  /**
   * Whether the line was taken away before it was acknowledged, the node was killed then, and the message was acknowledged under another
   * number after that: with the line went the node's memory of it, and its sender had been told nothing.
   */
  #hasComeAgain(line: Line): boolean {
    const acknowledged = this.#acknowledged.get(keyOf(line));
    const taken = this.#taken.get(nameOf(line));
    if (acknowledged === undefined || taken === undefined || acknowledged.seq === line.seq) return false;
    return taken.atMs <= acknowledged.crashedAtMs;
  }

  /** Within a file each number follows the one before. */
  #checkFile(file: readonly Line[]): void {
    for (const [index, { seq }] of file.entries()) {
      const before = file[index - 1]?.seq;
      if (before === undefined || seq === before + 1 || (seq > before && this.#isExcused(before, seq))) continue;
      this.#violate("seq", `${seq} follows ${before}`);
    }
  }

  /** No number stands for two messages, and none is left out where nobody had a hand in it. */
  #checkNumbers(lines: readonly Line[]): void {
    const keys = new Map<number, string>();
    const claim = (seq: number, key: string): void => {
      const known = keys.get(seq) ?? key;
      if (known !== key) this.#violate("seq", `${seq} stands for ${known} and for ${key}`);
      keys.set(seq, key);
    };
    for (const [key, { seq }] of this.#acknowledged) if (!this.#mayBeForgotten(seq, key)) claim(seq, key);
    for (const line of lines) if (!this.#mayBeForgotten(line.seq, keyOf(line))) claim(line.seq, keyOf(line));
    for (const { line: { seq } } of this.#taken.values()) keys.set(seq, "");
    let before = 0;
    for (const seq of [...keys.keys()].sort((a, b) => a - b)) {
      if (seq !== before + 1 && !this.#isExcused(before, seq)) this.#violate("seq", `${seq} comes after ${before}`);
      before = seq;
    }
  }

  #isExcused(before: number, seq: number): boolean {
    return this.#touchedAt.some((lastSeq) => lastSeq >= before - UNSAVED_MAX && lastSeq < seq);
  }

  #files(): (readonly Line[])[] {
    return [...this.#archives(), this.current];
  }

  #archives(): (readonly Line[])[] {
    const { disk } = this.#host;
    return disk.names(ARCHIVE).map((name) => readLines(disk.text(`${ARCHIVE}/${name}`)));
  }

  #violate(checker: "lost" | "twice" | "seq", what: string): void {
    const { clock } = this.#host.world;
    this.#record.violate(checker, clock.monotonicMs(), `inbox of ${this.#host.name}: ${what}`);
  }
}
