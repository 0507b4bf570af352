/** What is written in a conversation that is disturbed, and how what arrived is judged. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** Once the trouble is over, everything must have arrived within so long without progress. */
const STALL_MS_MAX = 60_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A small generator (mulberry32): the moments of a run are the same for the same seed, as far as the machine allows. */
export function drawer(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Counts the lines of a file that is growing; a missing one has none. */
export class LineCount {
  readonly #path: string;
  #offset = 0;
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async now(): Promise<number> {
    try {
      for await (const chunk of createReadStream(this.#path, { start: this.#offset })) {
        const bytes = chunk as Buffer;
        for (const byte of bytes) if (byte === 10) this.#count += 1;
        this.#offset += bytes.length;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    return this.#count;
  }
}

/** The text of a message, longer than what is told of it. */
export function textOf(index: number): string {
  return `message ${index} ${"x".repeat(180)}`;
}

/** Everything that is wrong with an inbox that `messages` of `textOf` went to, a line each. */
export async function findFaults(inbox: string, messages: number): Promise<string[]> {
  const faults: string[] = [];
  const seen = new Uint8Array(messages);
  let lineNumber = 0;
  let last = -1;
  for await (const line of createInterface({ input: createReadStream(inbox) })) {
    lineNumber += 1;
    const { seq, msg } = JSON.parse(line) as { readonly seq: number; readonly msg: string };
    const index = Number(/^message (\d+) /.exec(msg)?.[1] ?? -1);
    if (seq !== lineNumber) faults.push(`line ${lineNumber} has seq ${seq}`);
    if (index < 0 || index >= messages) faults.push(`line ${lineNumber} was never sent: ${msg.slice(0, 40)}`);
    else if (seen[index] === 1) faults.push(`message ${index} is there twice, again at line ${lineNumber}`);
    else seen[index] = 1;
    if (index <= last) faults.push(`message ${index} stands behind message ${last}`);
    last = index;
  }
  const lost = seen.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
  if (lost > 0) faults.push(`${lost} messages are missing, the first is ${seen.indexOf(0)}`);
  return faults;
}

/** Waits until everything has arrived. @throws Error when nothing more arrives */
export async function settle(arrived: { now(): Promise<number> }, messages: number): Promise<void> {
  let last = -1;
  let stalledMs = 0;
  for (;;) {
    const now = await arrived.now();
    if (now >= messages) return;
    stalledMs = now === last ? stalledMs + 200 : 0;
    if (stalledMs > STALL_MS_MAX) throw new Error(`Stuck with ${now} of ${messages} arrived`);
    last = now;
    await pause(200);
  }
}
