/**
 * Reads the configuration of a gateway as the gateway itself would, without changing anything.
 *
 * @module
 */
import { BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import type { Files } from "../runtime/port.ts";
import { parentPath, resolvePath } from "../store/mod.ts";
import { parseJson5 } from "./json5.ts";
import { isRecord, recordOf } from "./record.ts";

/** What was read. */
export interface ReadConfiguration {
  /** An object; empty where nothing could be read. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Why nothing, or not all of it, could be read. */
  readonly problem: string | undefined;
  /** There is no such file; then there is a problem too. */
  readonly isMissing: boolean;
  /** Every file that was looked at, so that a change of any can be noticed. */
  readonly files: readonly string[];
}

/** OpenClaw's own limit of an included file; the root one is written by hand too. */
const CONFIG_BYTES_MAX = 2 * 1024 * 1024;
const INCLUDE_DEPTH_MAX = 10;
const INCLUDES_MAX = 64;
const INCLUDE = "$include";

/** Reads the file with what it includes. A fault is told, not thrown. */
export async function readConfiguration(files: Pick<Files, "read">, path: string): Promise<ReadConfiguration> {
  const reader = new ConfigurationReader(files, parentPath(path));
  try {
    const config = await reader.read(path, 0);
    const found = { isMissing: false, files: reader.paths };
    if (isRecord(config)) return { config, problem: undefined, ...found };
    return { config: {}, problem: `${path} holds no object`, ...found };
  } catch (thrown) {
    return {
      config: {},
      problem: describe(reader.paths.at(-1) ?? path, thrown),
      isMissing: reader.paths.length === 1 && isNotThere(thrown),
      files: reader.paths,
    };
  }
}

function describe(path: string, thrown: unknown): string {
  if (isNotThere(thrown)) return `there is no ${path}`;
  const { code, message } = toBarnacleError(thrown, `Read ${path}`);
  return code === "CONFIG_INVALID" ? message : `${path} cannot be read (${code})`;
}

function isNotThere(thrown: unknown): boolean {
  return isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY");
}

class ConfigurationReader {
  readonly paths: string[] = [];
  readonly #files: Pick<Files, "read">;
  readonly #root: string;

  constructor(files: Pick<Files, "read">, root: string) {
    this.#files = files;
    this.#root = root;
  }

  async read(path: string, depth: number): Promise<unknown> {
    if (depth > INCLUDE_DEPTH_MAX || this.paths.length >= INCLUDES_MAX) {
      throw refuse(path, "too many files included in each other", `at most ${INCLUDE_DEPTH_MAX} levels`);
    }
    this.paths.push(path);
    const bytes = await this.#files.read(path, CONFIG_BYTES_MAX);
    return await this.#include(parse(path, bytes), path, depth);
  }

  /** Puts included files in their places. Source: OpenClaw's configuration reference, "Config includes". */
  async #include(value: unknown, path: string, depth: number): Promise<unknown> {
    if (Array.isArray(value)) return await Promise.all(value.map((item) => this.#include(item, path, depth)));
    if (!isRecord(value)) return value;
    const { [INCLUDE]: include, ...own } = value;
    const result: Record<string, unknown> = Object.create(null);
    for (const [key, member] of Object.entries(own)) result[key] = await this.#include(member, path, depth);
    if (include === undefined) return result;
    let merged: unknown = {};
    for (const name of Array.isArray(include) ? include : [include]) {
      merged = merge(merged, await this.read(this.#resolve(name, path), depth + 1));
    }
    return merge(merged, result);
  }

  #resolve(name: unknown, path: string): string {
    const resolved = typeof name === "string" ? normalize(resolvePath(parentPath(path), name)) : "";
    if (resolved.startsWith(normalize(`${this.#root}/`))) return resolved;
    throw refuse(path, `an ${INCLUDE} that leads out of its directory`, `a file below ${this.#root}`);
  }
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    try {
      // What OpenClaw wrote itself is plain JSON.
      return JSON.parse(text);
    } catch {
      return parseJson5(text);
    }
  } catch (thrown) {
    const { value, wanted } = toBarnacleError(thrown, "Read");
    throw refuse(
      path,
      isBarnacleError(thrown) ? value ?? "something else" : "bytes that are no UTF-8",
      wanted ?? "JSON5",
    );
  }
}

function refuse(path: string, value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "CONFIG_INVALID", action: `Read ${path}`, value, wanted });
}

/** Objects are merged member by member; of anything else the later counts. */
function merge(earlier: unknown, later: unknown): unknown {
  if (!isRecord(earlier) || !isRecord(later)) return later;
  const merged: Record<string, unknown> = Object.assign(Object.create(null), earlier);
  for (const [key, value] of Object.entries(later)) merged[key] = key in merged ? merge(merged[key], value) : value;
  return merged;
}

/** Folds `.` and `..`: a file outside must not be reached by its spelling. Symbolic links are whoever's who made them. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === ".." && parts.length > 1) parts.pop();
    else if (part !== "." && (part !== "" || parts.length === 0)) parts.push(part);
  }
  return path.endsWith("/") ? `${parts.join("/")}/` : parts.join("/");
}

const REFERENCE = /\$(\$?)\{([A-Z_][A-Z0-9_]*)\}/g;

/**
 * Puts the values of variables in place of `${NAME}`, as a gateway does.
 *
 * @returns `undefined` when one of them is not known here
 */
export function substitute(text: string, lookUp: (name: string) => string | undefined): string | undefined {
  let isWhole = true;
  const substituted = text.replace(REFERENCE, (reference: string, escape: string, name: string) => {
    if (escape !== "") return reference.slice(1);
    const value = lookUp(name);
    isWhole &&= value !== undefined;
    return value ?? "";
  });
  return isWhole ? substituted : undefined;
}

const DOTENV_BYTES_MAX = 64 * 1024;

/**
 * The variables a gateway knows, as far as they can be known from outside: ours, those of its `.env`, and of its configuration's `env`; the
 * first counts.
 */
export async function readVariables(
  files: Pick<Files, "read">,
  places: {
    readonly environment: Readonly<Record<string, string | undefined>>;
    readonly stateDirectory: string;
    readonly config: Readonly<Record<string, unknown>>;
  },
): Promise<(name: string) => string | undefined> {
  const { $include: _include, vars, ...inline } = recordOf(places.config["env"]);
  const configured = { ...inline, ...recordOf(vars) };
  const dotenv = await readDotenv(files, `${places.stateDirectory}/.env`);
  return (name) => {
    const value = configured[name];
    return places.environment[name] ?? dotenv.get(name) ?? (typeof value === "string" ? value : undefined);
  };
}

async function readDotenv(files: Pick<Files, "read">, path: string): Promise<ReadonlyMap<string, string>> {
  try {
    const text = new TextDecoder().decode(await files.read(path, DOTENV_BYTES_MAX));
    const lines = text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t]*$/gm);
    return new Map([...lines].map(([, name = "", value = ""]) => [name, value.replace(/^(["'])(.*)\1$/, "$2")]));
  } catch (thrown) {
    if (isBarnacleError(thrown)) return new Map();
    throw thrown;
  }
}
