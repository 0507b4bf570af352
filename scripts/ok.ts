/**
 * The one gate: formatter, linters, types, generated pages, the binary, then every test under Node and under Bun.
 * Tests that fail run once more, alone, and are named at the end either way.
 *
 *     npm test                  all of it
 *     npm run check             what needs no test run
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Failure, readBunReport, readVitestReport, type TestReport } from "./test-reports.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PATH = [join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
const scratch = mkdtempSync(join(tmpdir(), "barnacle-ok-"));

interface Step {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
}

/** A step of tests: its report is read, and files that failed run once more. */
interface TestStep extends Step {
  readonly report: () => TestReport;
  /** The words that run some files only, one after the other. */
  readonly alone: (files: readonly string[]) => readonly string[];
}

/** How a step ended. */
interface Outcome {
  readonly step: Step;
  readonly ok: boolean;
  readonly passed: number;
  readonly skipped: number;
  /** Tests that failed at last. */
  readonly failures: readonly Failure[];
  /** Tests that failed and then passed alone. */
  readonly unsteady: readonly Failure[];
}

/**
 * Tests of real processes have time limits, and a busy machine can exceed any. So what failed runs once more when nothing else
 * does, and is told of by name also when it passes then. Where more than so many files fail, it is no matter of time.
 */
const FILES_AGAIN_MAX = 5;

const vitestReport = join(scratch, "vitest.json");
const bunReport = join(scratch, "bun.xml");

const STATIC_STEPS: readonly Step[] = [
  { name: "format", command: "deno", words: ["fmt", "--check", "--quiet"] },
  { name: "lint", command: "deno", words: ["lint", "--quiet"] },
  {
    name: "promises",
    command: "oxlint",
    words: ["--quiet", "--type-aware", "-D", "typescript/no-floating-promises", "src", "scripts"],
  },
  { name: "types", command: "tsc", words: ["--project", "."] },
  { name: "configuration pages", command: "tsx", words: ["scripts/config-docs.ts", "--check"] },
  { name: "command pages", command: "tsx", words: ["scripts/cli-docs.ts", "--check"] },
];

/** These start processes and wait for them, for minutes in all: what runs the test is nothing to those, so they run once. */
const NODE_ONLY = ["test/nat/**", "test/interop/{binary,node,relay-*}.test.ts", "test/e2e/{binary,deno,node}.test.ts"];
const BUN_ONLY = ["test/e2e/bun.test.ts"];

/** Many tests start processes and wait for them: as many files at once as there are cores would leave the cores idle. */
const WORKERS = availableParallelism() + 1;

const BUILD: Step = { name: "build", command: "tsx", words: ["scripts/build.ts"] };

/** Ends what hangs. No test asserts how long something takes: on a machine that is ten times as slow all pass. */
const TIMEOUT_MS = 60_000;

const VITEST_OPTIONS = [
  `--testTimeout=${TIMEOUT_MS}`,
  `--hookTimeout=${TIMEOUT_MS}`,
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${vitestReport}`,
];
const BUN_OPTIONS = [`--timeout=${TIMEOUT_MS}`, "--reporter=junit", `--reporter-outfile=${bunReport}`];

const TEST_STEPS: readonly TestStep[] = [
  {
    name: "tests on Node",
    command: "vitest",
    words: ["run", `--maxWorkers=${WORKERS}`, ...BUN_ONLY.map((glob) => `--exclude=${glob}`), ...VITEST_OPTIONS],
    report: () => readVitestReport(vitestReport, ROOT),
    alone: (files) => ["run", "--maxWorkers=1", ...VITEST_OPTIONS, ...files],
  },
  {
    name: "tests on Bun",
    command: "bun",
    words: [
      "test",
      `--parallel=${WORKERS}`,
      ...NODE_ONLY.flatMap((glob) => ["--path-ignore-patterns", glob]),
      ...BUN_OPTIONS,
    ],
    report: () => readBunReport(bunReport),
    alone: (files) => ["test", ...BUN_OPTIONS, ...files.map((file) => `./${file}`)],
  },
];

function run({ name, command, words }: Step): boolean {
  process.stdout.write(`\n== ${name}\n`);
  const startedMs = performance.now();
  const { status } = spawnSync(command, words, {
    cwd: ROOT,
    env: { ...process.env, PATH },
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`== ${name}: ${status === 0 ? "ok" : "failed"} (${seconds} s)\n`);
  return status === 0;
}

function outcomeOf(step: Step): Outcome {
  return { step, ok: run(step), passed: 0, skipped: 0, failures: [], unsteady: [] };
}

function outcomeOfTests(step: TestStep): Outcome {
  const ok = run(step);
  const report = reportOf(step);
  if (ok || report.failures.length === 0) return { step, ok, ...report, unsteady: [] };
  const files = [...new Set(report.failures.map(({ file }) => file))];
  if (files.length > FILES_AGAIN_MAX) return { step, ok, ...report, unsteady: [] };
  const okAlone = run({ ...step, name: `${step.name}, what failed again`, words: step.alone(files) });
  const { failures } = reportOf(step);
  const names = new Set(failures.map(nameOf));
  const unsteady = okAlone ? report.failures : report.failures.filter((failure) => !names.has(nameOf(failure)));
  return { step, ok: okAlone, passed: report.passed + unsteady.length, skipped: report.skipped, failures, unsteady };
}

/** A runner that died left no report; its step has failed already. */
function reportOf(step: TestStep): TestReport {
  try {
    return step.report();
  } catch {
    return { passed: 0, skipped: 0, failures: [] };
  }
}

function nameOf({ file, test }: Failure): string {
  return `${file}: ${test}`;
}

function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function main(words: readonly string[]): number {
  const onlyStatic = words.includes("--only-static");
  const outcomes = STATIC_STEPS.map(outcomeOf);
  if (!onlyStatic) outcomes.push(outcomeOf(BUILD), ...TEST_STEPS.map(outcomeOfTests));
  const sum = (count: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const unsteady = outcomes.flatMap(({ step, unsteady }) =>
    unsteady.map((test) => `${step.name}: ${nameOf(test)}: ${test.message}`)
  );
  const failed = outcomes.filter(({ ok }) => !ok).flatMap(({ step, failures }) => [
    step.name,
    ...failures.map((failure) => `${step.name}: ${nameOf(failure)}: ${failure.message}`),
  ]);
  process.stdout.write(listed("unsteady (failed among the others, passed alone):", unsteady));
  process.stdout.write(listed("failed:", failed));
  if (failed.length === 0) process.stdout.write("\nall ok\n");
  if (!onlyStatic) {
    const counts = [sum(({ passed }) => passed), sum(({ failures }) => failures.length), sum(({ skipped }) => skipped)];
    process.stdout.write(`${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped\n`);
  }
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} finally {
  rmSync(scratch, { recursive: true });
}
