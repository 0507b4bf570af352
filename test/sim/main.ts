/**
 * `npm run sim -- --seeds N [--seed S]`: fleets in N simulated worlds, from the seeds S, S + 1, ... (default: 100 from
 * 1). A world that fails is told with what was wrong and how to replay it; the exit code is 1 when any did.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { describeOptions, runFleet } from "./fleet/mod.ts";

const HOUR_MS = 3_600_000;
const SHOWN_MAX = 10;

interface Totals {
  passed: number;
  failed: number;
  simulatedMs: number;
  hubKills: number;
  verifiedKills: number;
}

function readArguments(): { readonly seeds: number; readonly first: number } {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, seed: { type: "string" } },
  });
  const seeds = Number(values.seeds ?? (values.seed === undefined ? "100" : "1"));
  const first = Number(values.seed ?? "1");
  if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(first) || first < 0) {
    throw new RangeError(`Cannot run --seeds ${values.seeds} --seed ${values.seed}: both want whole numbers`);
  }
  return { seeds, first };
}

async function runSeed(seed: number, totals: Totals): Promise<void> {
  const startedAtMs = performance.now();
  const problems: string[] = [];
  try {
    const { fleet, simulatedMs, traceHash } = await runFleet({
      seed,
      onOptions: (options) => console.log(`seed ${seed} ${describeOptions(options)}`),
    });
    totals.simulatedMs += simulatedMs;
    totals.hubKills += fleet.record.hubKills;
    totals.verifiedKills += fleet.record.verifiedKills;
    for (const { checker, atMs, what } of fleet.record.violations.slice(0, SHOWN_MAX)) {
      problems.push(`${checker} at ${(atMs / 1_000).toFixed(3)} s: ${what}`);
    }
    const tookMs = Math.round(performance.now() - startedAtMs);
    console.log(`  trace ${traceHash}, ${(simulatedMs / HOUR_MS).toFixed(2)} h in ${tookMs} ms`);
  } catch (thrown) {
    problems.push(thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown));
  }
  if (problems.length === 0) {
    totals.passed++;
    return;
  }
  totals.failed++;
  for (const problem of problems) console.log(`  ${problem}`);
  console.log(`FAILED seed ${seed}; replay it: npm run sim -- --seed ${seed}`);
}

const { seeds, first } = readArguments();
const totals: Totals = { passed: 0, failed: 0, simulatedMs: 0, hubKills: 0, verifiedKills: 0 };
for (let seed = first; seed < first + seeds; seed++) await runSeed(seed, totals);
const hours = (totals.simulatedMs / HOUR_MS).toFixed(1);
console.log(`${hours} simulated hours; ${totals.verifiedKills} of ${totals.hubKills} hub kills looked into`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 ? 0 : 1;
