/**
 * Fuzzes the wire of MoltComm: structure-aware and raw, guided by what is reached (on Node, by block coverage; elsewhere, by outcomes).
 *
 *     tsx test/fuzz/main.ts -- --frames 1000000 [--seed 1] [--keep]     or with bun in the place of tsx
 *
 * Ends with exit code 1 at the first thing that is not as it must be, after printing the line that makes it a regression
 * in corpus/found.ndjson. `--keep` adds what led somewhere new to that file.
 */
import { parseArgs } from "node:util";
import { formatInput, readCorpus, writeCorpus } from "./corpus.ts";
import { BlockCoverage } from "./coverage.ts";
import { Finding, Fuzzer } from "./fuzzer.ts";

const REPORT_EVERY_MS = 10_000;
const WARM_UP_FRAMES = 200_000;
const GROWTH_BYTES_MAX = 256 * 1_048_576;
const MIB = 1_048_576;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== "--"),
  options: {
    frames: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
  },
});

function report(fuzzer: Fuzzer, startedMs: number): void {
  const perSecond = Math.round(fuzzer.frames / ((performance.now() - startedMs) / 1_000));
  const resident = Math.round(process.memoryUsage().rss / MIB);
  console.log(
    `${fuzzer.frames} frames, ${perSecond}/s, ${fuzzer.outcomeCount} outcomes, ${fuzzer.kept.length} inputs kept, ` +
      `${fuzzer.reached.size} characters of source reached, ${resident} MiB`,
  );
}

async function main(): Promise<void> {
  const framesWanted = Number(values.frames);
  const fuzzer = new Fuzzer({ seed: Number(values.seed), coverage: await BlockCoverage.start() });
  console.log(`seed ${values.seed}, ${framesWanted} frames`);
  const startedMs = performance.now();
  let reportedMs = startedMs;
  let warmBytes: number | undefined;
  fuzzer.replay(readCorpus());
  while (fuzzer.frames < framesWanted) {
    fuzzer.runBatch();
    const residentBytes = process.memoryUsage.rss();
    if (fuzzer.frames > WARM_UP_FRAMES) warmBytes ??= residentBytes;
    if (residentBytes > (warmBytes ?? residentBytes) + GROWTH_BYTES_MAX) {
      throw new Error(`Broken: memory is bounded, yet grew from ${warmBytes} to ${residentBytes} bytes`);
    }
    if (performance.now() - reportedMs < REPORT_EVERY_MS) continue;
    report(fuzzer, startedMs);
    reportedMs = performance.now();
  }
  report(fuzzer, startedMs);
  if (values.keep) writeCorpus(fuzzer.kept);
}

try {
  await main();
} catch (thrown) {
  console.error(thrown instanceof Finding ? `${formatInput(thrown.input)}\n${String(thrown.cause)}` : thrown);
  process.exitCode = 1;
}
