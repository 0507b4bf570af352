/**
 * `npm run sim -- --seeds N [--seed S] [--world status|mail|relay]`: fleets in N simulated worlds of each kind, from the seeds
 * S, S + 1, ... (default: 100 from 1, of all kinds). A world that fails is told with what was wrong and how to replay
 * it; the exit code is 1 when any did.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { describeOptions, runFleet, type Violation } from "./fleet/mod.ts";
import { describeMailOptions, runMailFleet } from "./mail/mod.ts";
import { describeRelayOptions, runRelayFleet } from "./relay/mod.ts";

const HOUR_MS = 3_600_000;
const SHOWN_MAX = 10;

interface World {
  readonly violations: readonly Violation[];
  readonly simulatedMs: number;
  readonly traceHash: string;
}

/** One kind of world. */
interface Kind {
  /** @param onOptions told what the seed has drawn, before anything runs */
  run(seed: number, onOptions: (text: string) => void): Promise<World>;
  /** What all worlds together came to. */
  summary(): string;
}

function statusKind(): Kind {
  let hubKills = 0;
  let verifiedKills = 0;
  return {
    run: async (seed, onOptions) => {
      const { fleet, ...outcome } = await runFleet({
        seed,
        onOptions: (options) => onOptions(describeOptions(options)),
      });
      hubKills += fleet.record.hubKills;
      verifiedKills += fleet.record.verifiedKills;
      return { ...outcome, violations: fleet.record.violations };
    },
    summary: () => `${verifiedKills} of ${hubKills} hub kills looked into`,
  };
}

function mailKind(): Kind {
  let delivered = 0;
  let acknowledged = 0;
  let crashes = 0;
  return {
    run: async (seed, onOptions) => {
      const { fleet, ...outcome } = await runMailFleet({
        seed,
        onOptions: (options) => onOptions(describeMailOptions(options)),
      });
      delivered += fleet.record.delivered;
      acknowledged += fleet.record.acknowledged;
      crashes += fleet.record.crashes;
      return { ...outcome, violations: fleet.record.violations };
    },
    summary: () => `${delivered} messages delivered, ${acknowledged} acknowledgements, ${crashes} nodes killed`,
  };
}

function relayKind(): Kind {
  let delivered = 0;
  let sealed = 0;
  let plain = 0;
  let longestMs = 0;
  return {
    run: async (seed, onOptions) => {
      const { fleet, ...outcome } = await runRelayFleet({
        seed,
        onOptions: (options) => onOptions(describeRelayOptions(options)),
      });
      delivered += fleet.record.delivered;
      sealed += fleet.sealedMessages;
      plain += fleet.plainMessages;
      longestMs = Math.max(longestMs, fleet.presence.longestMs);
      return { ...outcome, violations: fleet.record.violations };
    },
    summary: () =>
      `${delivered} messages delivered, attempts ${sealed} sealed and ${plain} plain, found again after ${longestMs} ms at most`,
  };
}

const KINDS = { status: statusKind, mail: mailKind, relay: relayKind };
type KindName = keyof typeof KINDS;
const KIND_NAMES = Object.keys(KINDS) as KindName[];

function readArguments(): { readonly seeds: number; readonly first: number; readonly names: readonly KindName[] } {
  const { values } = parseArgs({
    options: { seeds: { type: "string" }, seed: { type: "string" }, world: { type: "string" } },
  });
  const seeds = Number(values.seeds ?? (values.seed === undefined ? "100" : "1"));
  const first = Number(values.seed ?? "1");
  if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(first) || first < 0) {
    throw new RangeError(`Cannot run --seeds ${values.seeds} --seed ${values.seed}: both want whole numbers`);
  }
  const { world } = values;
  if (world === undefined) return { seeds, first, names: KIND_NAMES };
  const names = KIND_NAMES.filter((name) => name === world);
  if (names.length === 0) throw new RangeError(`Cannot run --world ${world}: wanted ${KIND_NAMES.join(", ")}`);
  return { seeds, first, names };
}

/** @returns simulated milliseconds; `undefined` when something was wrong */
async function runSeed(name: KindName, kind: Kind, seed: number): Promise<number | undefined> {
  const startedAtMs = performance.now();
  const problems: string[] = [];
  let simulatedMs = 0;
  try {
    const world = await kind.run(seed, (options) => console.log(`${name} seed ${seed} ${options}`));
    ({ simulatedMs } = world);
    for (const { checker, atMs, what } of world.violations.slice(0, SHOWN_MAX)) {
      problems.push(`${checker} at ${(atMs / 1_000).toFixed(3)} s: ${what}`);
    }
    const tookMs = Math.round(performance.now() - startedAtMs);
    console.log(`  trace ${world.traceHash}, ${(simulatedMs / HOUR_MS).toFixed(2)} h in ${tookMs} ms`);
  } catch (thrown) {
    problems.push(thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown));
  }
  if (problems.length === 0) return simulatedMs;
  for (const problem of problems) console.log(`  ${problem}`);
  console.log(`FAILED seed ${seed}; replay it: npm run sim -- --world ${name} --seed ${seed}`);
  return undefined;
}

async function runKind(name: KindName, { seeds, first }: { readonly seeds: number; readonly first: number }) {
  const kind = KINDS[name]();
  let failed = 0;
  let simulatedMs = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const passedMs = await runSeed(name, kind, seed);
    if (passedMs === undefined) failed++;
    else simulatedMs += passedMs;
  }
  console.log(`${name}: ${(simulatedMs / HOUR_MS).toFixed(1)} simulated hours; ${kind.summary()}`);
  console.log(`${name}: ${seeds - failed} passed, ${failed} failed`);
  return failed;
}

const { names, ...range } = readArguments();
let failed = 0;
for (const name of names) failed += await runKind(name, range);
process.exitCode = failed === 0 ? 0 : 1;
