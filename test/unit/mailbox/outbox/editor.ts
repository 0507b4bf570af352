/**
 * An agent that edits its outbox in every way, by one seed, and a book of what it meant.
 *
 * What is meant: each line that the agent adds is one message, sent once. A line removed is not taken back. An equal line counts as
 * added where the file then holds more of them than before; after one was removed, only once the outbox has come to rest without it (the
 * agent of this book waits for that). Writing what stands there in another way adds nothing.
 */
import type { Runtime } from "../../../../src/runtime/port.ts";
import type { SeededRandom, SimWorld } from "../../../sim/mod.ts";
import { ALICE, BOB, OUTBOX } from "./support.ts";

interface Entry {
  /** Equal for equal messages. */
  readonly name: string;
  readonly isGood: boolean;
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

export class Editor {
  /** Of each good line how often it was meant, by its text. */
  readonly meant = new Map<string, number>();
  readonly meantRejections = new Map<string, number>();
  readonly #world: SimWorld;
  readonly #random: SeededRandom;
  #entries: Entry[] = [];
  #text = "";
  #count = 0;
  /** Removed since the outbox last came to rest: not to be written again before. */
  readonly #removed = new Set<string>();
  /** Removed and at rest since: may come again, as new messages. */
  readonly #gone: Entry[] = [];
  /** Lines that the outbox has surely dealt with. */
  #dealtWith = 0;

  constructor(world: SimWorld, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
  }

  /** One edit; what it leaves half done for a while is done when it settles. @param files of a process that outlives the edit */
  async edit(files: Runtime["files"]): Promise<void> {
    const random = this.#random;
    const act = random.integer(0, 9);
    if (act <= 3) return await this.#append(files);
    if (act <= 5) this.#insert();
    else if (act === 6) this.#shuffle();
    else if (act === 7) this.#removeOld();
    else if (act === 8) this.#duplicate();
    this.#render();
    await this.#write(files);
  }

  /** The outbox has come to rest: what is in the file was dealt with, what is not is forgotten. */
  rested(): void {
    for (const name of this.#removed) this.#gone.push({ name, isGood: !name.startsWith("bad") });
    this.#removed.clear();
    this.#dealtWith = this.#entries.length;
  }

  async #append(files: Runtime["files"]): Promise<void> {
    const isLines = this.#text === "" || this.#text.endsWith("\n");
    if (!isLines || this.#text.startsWith("[")) {
      this.#insert();
      this.#render();
      return await this.#write(files);
    }
    const entries = Array.from({ length: this.#random.integer(1, 4) }, () => this.#newEntry());
    for (const entry of entries) this.#add(entry, this.#entries.length);
    const text = entries.map((entry) => `${this.#renderEntry(entry, "\n")}\n`).join("");
    this.#text += text;
    const handle = await files.open(OUTBOX, "append");
    await this.#inPieces(text, (piece) => handle.write(encode(piece)));
    await handle.sync();
    await handle.close();
    await files.syncDirectory("/work/.moltcomm");
  }

  #insert(): void {
    const at = this.#random.chance(0.5) ? this.#entries.length : this.#random.integer(0, this.#entries.length);
    this.#add(this.#newEntry(), at);
  }

  #shuffle(): void {
    this.#entries.sort(() => this.#random.unit() - 0.5);
  }

  /** Only when all were dealt with: what is removed before it was seen was never meant for long. */
  #removeOld(): void {
    if (this.#dealtWith < this.#entries.length) return;
    const kept = this.#random.chance(0.2) ? [] : this.#entries.filter(() => this.#random.chance(0.6));
    for (const entry of this.#entries) if (!kept.includes(entry)) this.#removed.add(entry.name);
    this.#entries = kept;
    this.#dealtWith = kept.length;
  }

  #duplicate(): void {
    if (this.#entries.length === 0) return;
    const entry = this.#random.pick(this.#entries);
    if (!this.#removed.has(entry.name)) this.#add({ ...entry }, this.#random.integer(0, this.#entries.length));
  }

  #newEntry(): Entry {
    const again = this.#random.chance(0.2) ? this.#gone.pop() : undefined;
    if (again !== undefined && !this.#removed.has(again.name)) return again;
    const isGood = this.#random.chance(0.85);
    return { name: `${isGood ? "good" : "bad"} ${this.#count++} ${"é\n".repeat(this.#random.integer(0, 3))}x`, isGood };
  }

  #add(entry: Entry, at: number): void {
    this.#entries.splice(at, 0, entry);
    const book = entry.isGood ? this.meant : this.meantRejections;
    book.set(entry.name, (book.get(entry.name) ?? 0) + 1);
  }

  #render(): void {
    const random = this.#random;
    const newline = random.pick(["\n", "\n", "\r\n"]);
    const texts = this.#entries.map((entry) => this.#renderEntry(entry, newline));
    const isArray = random.chance(0.15) && this.#entries.every((entry) => entry.isGood);
    if (isArray) this.#text = `[${texts.join(`,${newline}`)}]${random.pick(["", newline])}`;
    else {
      const fence = random.chance(0.1) ? "```" : "";
      this.#text = [random.pick(["", "", "\uFEFF"]) + fence, ...texts, fence].filter((text) => text !== "").join(
        newline,
      );
      if (this.#text !== "" && random.chance(0.9)) this.#text += newline;
    }
  }

  #renderEntry({ name, isGood }: Entry, newline: string): string {
    // A text without meaning is written in one way only: another way is another text.
    if (!isGood) return `this is ${name.replaceAll("\n", " ")}`;
    const value = { to: name.length % 2 === 0 ? ALICE : BOB, msg: name, created_ts: 1_700_000_000_000 };
    const style = this.#random.integer(0, 5);
    if (style === 0) return JSON.stringify(value, null, 2).replaceAll("\n", newline);
    if (style === 1) {
      return JSON.stringify({ msg: value.msg, created_ts: "1700000000", note: "x", to: ` ${value.to} ` });
    }
    if (style === 2) return JSON.stringify(value).replace(/}$/, " , }");
    return JSON.stringify(value);
  }

  async #write(files: Runtime["files"]): Promise<void> {
    const isInPlace = this.#random.chance(0.5);
    const path = isInPlace ? OUTBOX : `${OUTBOX}.tmp`;
    const handle = await files.open(path, "create");
    await this.#inPieces(this.#text, (piece) => handle.write(encode(piece)));
    await handle.sync();
    await handle.close();
    if (!isInPlace) await files.rename(path, OUTBOX);
    await files.syncDirectory("/work/.moltcomm");
  }

  /** Writes a text in up to three pieces, cut anywhere, with pauses in which the outbox may look. */
  async #inPieces(text: string, write: (piece: string) => Promise<void>): Promise<void> {
    const cuts = Array.from({ length: this.#random.integer(0, 2) }, () => this.#random.integer(0, text.length)).sort((
      a,
      b,
    ) => a - b);
    let from = 0;
    for (const to of [...cuts, text.length]) {
      await write(text.slice(from, to));
      from = to;
      if (to < text.length) await this.#pause(this.#random.pick([1, 50, 2_500, 4_500]));
    }
  }

  #pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.#world.after(durationMs, () => resolve()));
  }
}
