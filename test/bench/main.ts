/**
 * The bench: every figure beside its baseline from the same run.
 *
 *     npm run build && npm run bench                 print the tables
 *     npm run bench -- --write                       and put them into docs/numbers.md
 *     npm run bench -- --only start,size --quick     some parts, few measurements
 *     npm run bench -- mail                          all parts whose names begin with mail-; so with relay and sealed
 *     npm run bench -- --binary FILE                 another binary than this host's in dist/
 *
 * Linux only: memory and processor time come from /proc. Measurements of one thing and its baseline alternate, so that what else
 * happens on the machine meets both.
 */
import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { benchAgents } from "./agents.ts";
import { benchHub, benchInstances } from "./hub.ts";
import { benchIdle } from "./idle.ts";
import { benchFlood } from "./mail-flood.ts";
import { benchInbox } from "./mail-inbox.ts";
import { benchMemory } from "./mail-memory.ts";
import { benchSideBySide } from "./mail-rounds.ts";
import { benchRuntimes } from "./mail-runtimes.ts";
import { benchSealed } from "./mail-sealed.ts";
import { benchMonitor } from "./monitor.ts";
import { benchIdleNodes } from "./relay-idle.ts";
import { benchRelayMailbox } from "./relay-mailbox.ts";
import { benchRestart } from "./relay-restart.ts";
import { benchRelay } from "./relay.ts";
import { benchSize } from "./size.ts";
import { benchStart } from "./start.ts";
import { benchStatus } from "./status.ts";
import { renderSection, type Section, writePart } from "./tables.ts";
import { benchWatch } from "./watch.ts";
import { ROOT, Workshop } from "./workshop.ts";

const PARTS: Readonly<Record<string, (workshop: Workshop) => Promise<Section | readonly Section[]>>> = {
  start: benchStart,
  idle: benchIdle,
  size: benchSize,
  status: benchStatus,
  hub: benchHub,
  instances: benchInstances,
  watch: benchWatch,
  "mail-carry": benchSideBySide,
  "mail-runtimes": benchRuntimes,
  "mail-inbox": benchInbox,
  "mail-memory": benchMemory,
  "mail-flood": benchFlood,
  "relay-frames": benchRelay,
  "relay-idle": benchIdleNodes,
  "relay-restart": benchRestart,
  "relay-mailbox": benchRelayMailbox,
  agents: benchAgents,
  "sealed-512": (workshop) => benchSealed(workshop, 512),
  "sealed-64": (workshop) => benchSealed(workshop, 64),
  monitor: benchMonitor,
};
/** Several parts by one name. */
const GROUPS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ["mail", "relay", "sealed"].map((
    group,
  ) => [group, Object.keys(PARTS).filter((name) => name.startsWith(`${group}-`))]),
);
const PAGE = join(ROOT, "docs", "numbers.md");

interface Arguments {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly write: boolean;
  readonly binary: string;
}

/** @throws RangeError for a part that does not exist, TypeError for an option that does not */
function readArguments(words: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      binary: { type: "string", default: join(ROOT, "dist", `barnacle-${process.platform}-${process.arch}`) },
    },
  });
  const named = [...values.only === undefined ? [] : [values.only], ...positionals].flatMap((names) =>
    names.split(",").flatMap((name) => GROUPS[name] ?? [name])
  );
  const only = named.length === 0 ? Object.keys(PARTS) : [...new Set(named)];
  const unknown = only.find((name) => !(name in PARTS));
  if (unknown !== undefined) {
    throw new RangeError(
      `Bench: no part "${unknown}", known: ${[...Object.keys(GROUPS), ...Object.keys(PARTS)].join(", ")}`,
    );
  }
  return { ...values, only };
}

function describeMachine(init: Arguments): string {
  const version = execFileSync(init.binary, ["version"], { encoding: "utf8" }).trim().split("\n")[0];
  const bun = execFileSync(join(ROOT, "node_modules", ".bin", "bun"), ["--version"], { encoding: "utf8" }).trim();
  const processors = cpus();
  return `Barnacle ${version}, Bun ${bun}; ${processors.length} × ${processors[0]?.model.trim()}, Linux, load ${
    loadavg()[0]?.toFixed(1)
  } before` +
    `${
      init.quick ? "; a quick run, not to be quoted" : ""
    }. Medians, in parentheses the smallest and the largest value; ` +
    "a ratio is Barnacle over the baseline.";
}

async function main(init: Arguments): Promise<void> {
  const workshop = new Workshop(init);
  await workshop.open();
  try {
    publish(init, "machine", `${describeMachine(init)}\n`);
    for (const name of init.only) {
      const made = await PARTS[name]?.(workshop) ?? [];
      for (const section of [made].flat()) publish(init, section.name, renderSection(section));
    }
  } finally {
    await workshop.close();
  }
}

function publish(init: Arguments, name: string, text: string): void {
  process.stdout.write(`${text}\n`);
  if (init.write) writePart(PAGE, name, text);
}

try {
  await main(readArguments(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
