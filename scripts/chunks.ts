/**
 * The code of the binary in pieces: what an agent's start runs is compiled to bytecode, which is about four times as large as the source
 * it comes from; all else is carried as source, and compiled when it is first wanted.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ENTRY = "src/main.ts";
/** Names what the binary carries in place of parts of its dependencies. */
const STAND_INS = "scripts/stand-ins/tsconfig.json";

/** What `run` and `up` load by `import()` on their way to an agent with mail; what these import statically follows by itself. */
const HOT_IMPORTS: readonly string[] = [
  "src/agent.ts",
  "src/cli/actions/run.ts",
  "src/cli/actions/up.ts",
  "src/mail.ts",
  "src/status/mod.ts",
  "node_modules/ofetch/dist/index.mjs",
];

/** What bundling made. */
export interface Chunks {
  /** File names of chunks for bytecode, the entry first. */
  readonly hot: readonly string[];
  /** File names of chunks that stay source. */
  readonly cold: readonly string[];
  /** Paths of the sources that were taken in. */
  readonly sources: readonly string[];
}

export interface BundleInit {
  /** The project's root. */
  readonly root: string;
  /** Chunks are written here. */
  readonly folder: string;
  /** What chunks call each other by, in front of a file name. */
  readonly publicPath: string;
  /** `--define=` options. */
  readonly defines: readonly string[];
}

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, Output>>;
}

interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
}

/** Runs `bun build`. */
export function runBun(folder: string, words: readonly string[]): void {
  const root = join(import.meta.dirname, "..");
  const bun = join(root, "node_modules", ".bin", process.platform === "win32" ? "bun.cmd" : "bun");
  execFileSync(bun, ["build", ...words], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

/**
 * Bundles the program into chunks.
 *
 * @throws Error when something that should be hot is not there: it was renamed, or is no longer imported dynamically
 */
export function bundle(init: BundleInit): Chunks {
  const metafile = join(init.folder, "meta.json");
  runBun(init.root, [
    ENTRY,
    "--production",
    "--format=esm",
    "--target=bun",
    "--splitting",
    `--tsconfig-override=${STAND_INS}`,
    `--public-path=${init.publicPath}`,
    `--outdir=${init.folder}`,
    `--metafile=${metafile}`,
    ...init.defines,
  ]);
  const { inputs, outputs } = JSON.parse(readFileSync(metafile, "utf8")) as Metafile;
  const byName = new Map(Object.entries(outputs).map(([path, output]) => [baseName(path), output]));
  const hot = new Set<string>();
  for (const source of [ENTRY, ...HOT_IMPORTS]) {
    const start = [...byName].find(([, output]) => output.entryPoint === source)?.[0];
    if (start === undefined) throw new Error(`Build: no chunk begins with ${source}; see HOT_IMPORTS`);
    addWithImports(start, byName, hot);
  }
  const cold = [...byName.keys()].filter((name) => !hot.has(name)).sort();
  return { hot: [...hot], cold, sources: Object.keys(inputs) };
}

function addWithImports(name: string, byName: ReadonlyMap<string, Output>, found: Set<string>): void {
  const output = byName.get(name);
  if (output === undefined || found.has(name)) return;
  found.add(name);
  for (const { kind, path } of output.imports) {
    if (kind === "import-statement") addWithImports(baseName(path), byName, found);
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
