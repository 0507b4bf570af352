/**
 * The one gate: formatter, linters, types, generated pages, the binary, then every test under Node and under Bun.
 *
 *     npm test                  all of it
 *     npm run check             what needs no test run
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const PATH = [join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter);
const scratch = mkdtempSync(join(tmpdir(), "barnacle-ok-"));

interface Step {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
  /** Reads how many tests passed and failed from what the step left. */
  readonly count?: () => Counts;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

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

/** These start processes and wait for them, for a minute each: what runs the test is nothing to those, so it runs once. */
const NODE_ONLY = ["test/nat/**", "test/interop/{binary,node,relay-*}.test.ts"].flatMap((glob) => [
  "--path-ignore-patterns",
  glob,
]);

/** Many tests start processes and wait for them: as many files at once as there are cores would leave the cores idle. */
const WORKERS = availableParallelism() + 1;

const TEST_STEPS: readonly Step[] = [
  { name: "build", command: "tsx", words: ["scripts/build.ts"] },
  {
    name: "tests on Node",
    command: "vitest",
    // Many tests start processes and wait for them: as many at once as there are cores would leave the cores idle.
    words: [
      "run",
      `--maxWorkers=${availableParallelism() + 1}`,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${vitestReport}`,
    ],
    count: countVitest,
  },
  {
    name: "tests on Bun",
    command: "bun",
    words: ["test", `--parallel=${WORKERS}`, ...NODE_ONLY, "--reporter=junit", `--reporter-outfile=${bunReport}`],
    count: countBun,
  },
];

function countVitest(): Counts {
  const report = JSON.parse(readFileSync(vitestReport, "utf8")) as Record<string, number>;
  return {
    passed: report["numPassedTests"] ?? 0,
    failed: report["numFailedTests"] ?? 0,
    skipped: report["numPendingTests"] ?? 0,
  };
}

function countBun(): Counts {
  const total = readFileSync(bunReport, "utf8").match(/<testsuites[^>]*>/)?.[0] ?? "";
  const read = (name: string) => Number(total.match(new RegExp(`${name}="(\\d+)"`))?.[1] ?? 0);
  return {
    passed: read("tests") - read("failures") - read("skipped"),
    failed: read("failures"),
    skipped: read("skipped"),
  };
}

function runStep(step: Step): boolean {
  process.stdout.write(`\n== ${step.name}\n`);
  const startedMs = performance.now();
  const { status } = spawnSync(step.command, step.words, {
    cwd: ROOT,
    env: { ...process.env, PATH },
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`== ${step.name}: ${status === 0 ? "ok" : "failed"} (${seconds} s)\n`);
  return status === 0;
}

function main(words: readonly string[]): number {
  const steps = words.includes("--only-static") ? STATIC_STEPS : [...STATIC_STEPS, ...TEST_STEPS];
  const failed = steps.filter((step) => !runStep(step));
  const counted = steps.flatMap((step) => {
    try {
      return step.count === undefined ? [] : [step.count()];
    } catch {
      // A runner that died left no report; its step has failed already.
      return [];
    }
  });
  const sum = (key: keyof Counts) => counted.reduce((total, counts) => total + counts[key], 0);
  process.stdout.write(
    failed.length === 0 ? "\nall ok\n" : `\nfailed: ${failed.map((step) => step.name).join(", ")}\n`,
  );
  if (counted.length > 0) {
    process.stdout.write(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped\n`);
  }
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} finally {
  rmSync(scratch, { recursive: true });
}
