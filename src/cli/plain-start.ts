/**
 * The start of an agent by plain words, without the parser: loading it, building the application and having it read takes some 3 ms,
 * a tenth of a start. Plain are words that leave nothing to judge; all others are the parser's. A test holds both to one reading.
 *
 * @module
 */
import type { RunFlags } from "./commands/run.ts";
import type { UpFlags } from "./commands/up.ts";
import type { CliContext } from "./context.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log-flags.ts";

/** A flag that takes a value, and what it is called in the command's flags. */
interface PlainFlag {
  readonly name: string;
  /** It may be given several times. */
  readonly isList?: boolean;
  /** It takes one of these alone. */
  readonly values?: readonly string[];
}

const COMMON_FLAGS = {
  "--dir": { name: "dir" },
  "--config": { name: "config" },
  "--log": { name: "log", values: LOG_FORMATS },
  "--log-level": { name: "logLevel", values: LOG_LEVELS },
  "--http": { name: "http" },
  "--bootstrap": { name: "bootstrap", isList: true },
  "--advertise": { name: "advertise", isList: true },
} as const;

const RUN_FLAGS = new Map<string, PlainFlag>(Object.entries({ ...COMMON_FLAGS, "--listen": { name: "listen" } }));
const UP_FLAGS = new Map<string, PlainFlag>(
  Object.entries({ ...COMMON_FLAGS, "--listen": { name: "listen", isList: true } }),
);

/** A command that starts an agent, and its flags. */
export type PlainStart =
  | { readonly command: "run"; readonly flags: RunFlags }
  | { readonly command: "up"; readonly flags: UpFlags };

/** @returns the start that the words ask for; `undefined` where they ask for none or are not plain */
export function readPlainStart(words: readonly string[]): PlainStart | undefined {
  const [command, ...rest] = words;
  if (command === "run") {
    const flags = readFlags<RunFlags>(rest, RUN_FLAGS);
    return flags && { command, flags };
  }
  if (command === "up") {
    const flags = readFlags<UpFlags>(rest, UP_FLAGS);
    return flags && { command, flags };
  }
  return undefined;
}

/** Runs the agent to its end. @throws what the command throws */
export async function runPlainStart(cli: CliContext, start: PlainStart): Promise<void> {
  if (start.command === "run") return await (await import("./actions/run.ts")).default.call({ cli }, start.flags);
  return await (await import("./actions/up.ts")).default.call({ cli }, start.flags);
}

/** Flags that are known, each with a value behind it that cannot be a flag itself. */
function readFlags<Flags>(words: readonly string[], known: ReadonlyMap<string, PlainFlag>): Flags | undefined {
  const read: Record<string, string | readonly string[]> = {};
  for (let at = 0; at < words.length; at += 2) {
    const [word = "", value = ""] = words.slice(at, at + 2);
    const flag = known.get(word);
    if (flag === undefined || value === "" || value.startsWith("-")) return undefined;
    if (flag.values?.includes(value) === false) return undefined;
    const before = read[flag.name];
    if (flag.isList === true) read[flag.name] = [...(before ?? []), value];
    else if (before === undefined) read[flag.name] = value;
    else return undefined;
  }
  // Each flag of the table has the name and the kind of value that the command gives it.
  return read as Flags;
}
