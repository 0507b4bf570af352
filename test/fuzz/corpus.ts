/**
 * The inputs that led somewhere new, kept as regressions: a line each, with the outcome of each of its frames. They build on the pool of
 * `originals.ts`; when that or an outcome's words change, empty the file and let `main.ts --keep` fill it anew.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kept } from "./fuzzer.ts";

const FILE = join(import.meta.dirname, "corpus", "found.ndjson");

export function readCorpus(): Kept[] {
  return readFileSync(FILE, "utf8").split("\n").filter((line) => line !== "").map((line) => {
    const { outcomes, chunks_base64 } = JSON.parse(line);
    return { outcomes, chunks: chunks_base64.map((chunk: string) => Buffer.from(chunk, "base64")) };
  });
}

export function writeCorpus(kept: readonly Kept[]): void {
  const lines = kept.map(formatInput).sort();
  writeFileSync(FILE, [...new Set(lines)].map((line) => `${line}\n`).join(""));
}

/** The line of the corpus for an input. */
export function formatInput({ outcomes, chunks }: Pick<Kept, "chunks"> & Partial<Kept>): string {
  return JSON.stringify({ outcomes, chunks_base64: chunks.map((chunk) => Buffer.from(chunk).toString("base64")) });
}
