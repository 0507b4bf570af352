/**
 * An agent that edits its outbox now and then, as one with file tools does: appends, writes the whole file anew with a
 * line more, in pieces, in place or by renaming, and now and then tidies away what has left.
 *
 * @module
 */
import { drawMs } from "../draw.ts";
import type { SeededRandom } from "../mod.ts";
import { type Entry, tokenOf } from "./book.ts";
import { countArrivals, toldOf } from "./checkers/outbox.ts";
import { MAIL_DIRECTORY } from "./inbox-ledger.ts";
import type { MailFleet } from "./mail-fleet.ts";
import type { MailHost } from "./record.ts";
import { drawBody, drawRubbish, renderEntry, renderFile } from "./writing.ts";

export const OUTBOX = `${MAIL_DIRECTORY}/outbox.ndjson`;
/** Less than the time after which what has vanished for a while may be sent again. */
const PIECES_PAUSE_MS = [1, 50, 900, 2_500, 4_500];
const CREATED_MS = 1_770_000_000_000;

export class Writer {
  readonly #fleet: MailFleet;
  readonly #own: MailHost;
  readonly #random: SeededRandom;
  #entries: Entry[] = [];
  /** What the file holds once all is written. */
  #text = "";
  #number = 0;
  #toldBefore: ReadonlySet<string> = new Set();
  #isWriting = false;

  constructor(fleet: MailFleet, own: MailHost) {
    this.#fleet = fleet;
    this.#own = own;
    this.#random = fleet.world.random.fork();
  }

  /** Whether an edit is half done. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Edits now and then, as long as there are edits left. @param take takes one of those that all share */
  start(take: () => boolean): void {
    this.#fleet.world.after(drawMs(this.#random, this.#fleet.options.editMs), () => {
      if (this.#isWriting) return this.start(take);
      if (!take()) return;
      this.edit();
      this.start(take);
    });
  }

  edit(): void {
    const random = this.#random;
    const act = random.integer(0, 11);
    if (act <= 5) return this.#append();
    if (act === 6) this.#insert();
    else if (act === 7) this.#tidy();
    else if (act === 8) this.#again();
    else this.#add(this.#draw(true));
    this.#write(renderFile(this.#entries, random));
  }

  /** Adds lines at the end of what stands there. */
  #append(): void {
    const random = this.#random;
    const isArray = /^\uFEFF?\s*\[/.test(this.#text);
    const isOpen = !/[\n}\],]$|^$/.test(this.#text);
    if (isArray || isOpen) {
      this.#add(this.#draw(true));
      return this.#write(renderFile(this.#entries, random));
    }
    const added = Array.from({ length: random.integer(1, 3) }, () => this.#draw(true));
    for (const entry of added) this.#add(entry);
    const [last] = added.slice(-1);
    // Two equal lines, written one after the other, are two messages.
    if (last?.to !== undefined && random.chance(0.1)) added.push(this.#add(last));
    let text = this.#text;
    // A text that is no message needs a line of its own.
    const needsNewline = !text.endsWith("\n") && text !== "";
    if (needsNewline && (added.some(({ to }) => to === undefined) || random.chance(0.7))) text += "\n";
    text += added.map((entry) => renderEntry(entry, "\n", random)).join("\n");
    this.#write(random.chance(0.15) ? text : `${text}\n`);
  }

  /** Somewhere among the others: nothing is said of its order. */
  #insert(): void {
    const entry = this.#draw(false);
    this.#own.book.add(entry);
    this.#entries.splice(this.#random.integer(0, this.#entries.length), 0, entry);
  }

  #again(): void {
    const messages = this.#entries.filter(({ to }) => to !== undefined);
    this.#add(messages.length === 0 ? this.#draw(true) : this.#random.pick(messages));
  }

  /**
   * Takes out what has arrived; and of what was reported, what had been so at the last time too: what a disk has just been
   * given may go again.
   */
  #tidy(): void {
    const arrivals = countArrivals(this.#fleet);
    const told = new Set(toldOf(this.#own).keys());
    const isDone = ({ to, token }: Entry): boolean => {
      if (to === undefined) return told.has(token) && this.#toldBefore.has(token);
      return (arrivals.get(`${this.#own.nodeId} ${to} ${token}`) ?? 0) >= (this.#own.book.meant.get(token)?.count ?? 0);
    };
    this.#entries = this.#entries.filter((entry) => !isDone(entry));
    this.#toldBefore = told;
  }

  #add(entry: Entry): Entry {
    this.#own.book.add(entry);
    this.#entries.push(entry);
    return entry;
  }

  #draw(isInOrder: boolean): Entry {
    const random = this.#random;
    const token = tokenOf(this.#own.name, this.#number++);
    const others = this.#fleet.mailHosts.filter((other) => other !== this.#own);
    const other = random.pick(others);
    if (random.chance(0.12)) {
      return { token, to: undefined, value: drawRubbish(token, other.nodeId, random), isInOrder };
    }
    const to = random.pick([
      other.nodeId,
      other.nodeId,
      ` ${other.nodeId} `,
      `<${other.nodeId}>`,
      other.name,
      other.name.toUpperCase(),
    ]);
    const created = random.pick<Record<string, unknown>>([
      { created_ts: CREATED_MS + this.#number },
      { created_ts: String(CREATED_MS + this.#number) },
      {},
    ]);
    return { token, to: other.nodeId, value: { to, msg: `${token}${drawBody(random)}`, ...created }, isInOrder };
  }

  /** Writes the file: at once, or in up to three pieces; in place, or under another name first. */
  #write(text: string): void {
    const random = this.#random;
    const before = this.#text;
    this.#text = text;
    this.#fleet.world.note(`${this.#own.name} outbox edited`);
    if (random.chance(0.25)) return this.#own.host.disk.replace(OUTBOX, text);
    // What is only appended to is never seen without what stood there.
    const least = text.startsWith(before) ? before.length : 0;
    const cuts = Array.from({ length: random.pick([0, 0, 1, 2]) }, () => random.integer(least, text.length));
    this.#writePieces(text, cuts.sort((one, other) => one - other));
  }

  #writePieces(text: string, [cut, ...cuts]: readonly number[]): void {
    const { disk } = this.#own.host;
    disk.put(OUTBOX, cut === undefined ? text : text.slice(0, cut));
    this.#isWriting = cut !== undefined;
    if (cut !== undefined) {
      this.#fleet.world.after(this.#random.pick(PIECES_PAUSE_MS), () => this.#writePieces(text, cuts));
    }
  }
}
