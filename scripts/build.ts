/**
 * Builds the standalone binaries into `dist/`, with their SHA-256 sums.
 *
 *     npm run build        this host's binary
 *     npm run build:all    every target
 *
 * The result depends on the commit and the locked dependencies only: twice from one commit gives the same sums.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundle, runBun } from "./chunks.ts";
import { collectLicences } from "./licences.ts";
import { buildPlugin } from "./plugin.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** Where Bun mounts what a binary carries; a chunk is found at once by its whole path, in a millisecond less of each start. */
const EMBEDDED_ROOT = "/$bunfs/root/";
const EMBEDDED_ROOT_WINDOWS = "B:/~BUN/root/";

/** The gateway plugin as a module, which a binary reads in only when it is wanted. */
const PLUGIN_MODULE = "openclaw-plugin.js";

/** Every target, by the name its binary carries, with Bun's name for it. */
export const TARGETS: Readonly<Record<string, string>> = {
  "linux-x64": "bun-linux-x64",
  "linux-arm64": "bun-linux-arm64",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "macos-x64": "bun-darwin-x64",
  "macos-arm64": "bun-darwin-arm64",
  "windows-x64": "bun-windows-x64",
};

const OS_NAMES: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" };

function hostTarget(): string {
  const target = `${OS_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  if (process.platform !== "linux") return target;
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return report.header.glibcVersionRuntime === undefined ? `${target}-musl` : target;
}

function currentCommit(): string {
  const git = (...words: string[]) => execFileSync("git", words, { cwd: ROOT, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "-changed";
    return git("rev-parse", "HEAD") + changed;
  } catch {
    // An unpacked source archive has no history.
    return "unknown";
  }
}

/** The packages that the bundler really takes in. */
function bundledPackages(): string[] {
  const names = inFolder((folder) =>
    bundle({ root: ROOT, folder, publicPath: "./", defines: [] }).sources.flatMap((path) =>
      path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []
    )
  );
  return [...new Set(names)].sort();
}

/** Hands out a folder that is gone afterwards. */
function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "barnacle-build-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What goes into every binary beside the code. */
interface Contents {
  readonly commit: string;
  readonly licences: string;
  /** The gateway plugin's module. */
  readonly plugin: string;
}

function buildTarget(target: string, { commit, licences, plugin }: Contents): string {
  const bunTarget = TARGETS[target];
  if (bunTarget === undefined) {
    throw new RangeError(`Build: no target "${target}", known: ${Object.keys(TARGETS).join(", ")}`);
  }
  const isWindows = target.startsWith("windows");
  const file = join("dist", `barnacle-${target}${isWindows ? ".exe" : ""}`);
  inFolder((folder) => {
    const publicPath = isWindows ? EMBEDDED_ROOT_WINDOWS : EMBEDDED_ROOT;
    const chunks = bundle({
      root: ROOT,
      folder,
      publicPath,
      defines: [
        `--define=BARNACLE_COMMIT=${JSON.stringify(commit)}`,
        `--define=BARNACLE_TARGET=${JSON.stringify(target)}`,
        `--define=BARNACLE_LICENCES=${JSON.stringify(licences)}`,
        `--define=BARNACLE_PLUGIN_MODULE=${JSON.stringify(`${publicPath}${PLUGIN_MODULE}`)}`,
      ],
    });
    writeFileSync(join(folder, PLUGIN_MODULE), plugin);
    runBun(folder, [
      ...chunks.hot,
      ...chunks.cold.map((name) => `--asset=${name}`),
      `--asset=${PLUGIN_MODULE}`,
      `--external=${publicPath}*`,
      "--production",
      "--format=esm",
      "--compile",
      "--bytecode",
      // Code is compiled to machine code when it has run 20 times as often as by default. So a start compiles next to
      // nothing, which spares 3.5 MiB; an agent under load is as fast, measured over its first 30,000 requests.
      "--compile-jit-policy=20",
      `--target=${bunTarget}`,
      // The work directory belongs to agents: nothing found there may change how the binary runs.
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      `--outfile=${join(ROOT, file)}`,
    ]);
  });
  return file;
}

function writeSums(): void {
  const names = readdirSync(join(ROOT, "dist")).filter((name) => name.startsWith("barnacle-")).sort();
  const lines = names.map((name) => {
    const sum = createHash("sha256").update(readFileSync(join(ROOT, "dist", name))).digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(ROOT, "dist", "SHA256SUMS"), lines.join(""));
  process.stdout.write(lines.join(""));
}

function main(words: readonly string[]): void {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const targets = words.includes("--all") ? Object.keys(TARGETS) : [hostTarget()];
  const files = gzipSync(JSON.stringify(buildPlugin(ROOT)), { level: 9 }).toString("base64");
  const plugin = `export default "${files}";\n`;
  writeFileSync(join(ROOT, "dist", PLUGIN_MODULE), plugin);
  const contents = { commit: currentCommit(), licences: collectLicences(ROOT, bundledPackages()), plugin };
  for (const target of targets) process.stdout.write(`built ${buildTarget(target, contents)}\n`);
  writeSums();
}

main(process.argv.slice(2));
