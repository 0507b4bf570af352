/**
 * The command line before it is parsed: flags that every command takes may also stand before the command.
 *
 * @module
 */
import { usageError } from "./failure.ts";

/** The flags that may stand before the command; all take a value. */
export const GLOBAL_FLAGS: readonly string[] = ["--dir", "--config", "--log", "--log-level"];

/** The flags of the program itself; they take none. */
const PROGRAM_FLAGS: readonly string[] = ["--help", "-h", "--version"];

/**
 * Moves global flags from before the command to behind it, where the command's own parser finds them:
 * `--dir /data exec -- make` becomes `exec --dir /data -- make`.
 *
 * @returns the words to parse; no word at all when there is no command and no flag of the program
 * @throws `USAGE` for a flag before the command that is not global, or one without its value
 */
export function moveGlobalFlags(words: readonly string[]): string[] {
  const moved: string[] = [];
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? "";
    if (!word.startsWith("-") || PROGRAM_FLAGS.includes(word)) break;
    const [name = ""] = word.split("=", 1);
    if (!GLOBAL_FLAGS.includes(name)) throw misplacedFlag(word);
    const taken = word.includes("=") ? 1 : 2;
    if (at + taken > words.length) throw usageError(`Read ${name}`, "nothing after it", "its value");
    moved.push(...words.slice(at, at + taken));
    at += taken;
  }
  const rest = words.slice(at);
  if (rest.length === 0) {
    if (moved.length > 0) throw usageError("Read the command line", "flags only", "a command", COMMANDS_HINT);
    return [];
  }
  const escape = rest.indexOf("--");
  return escape === -1 ? [...rest, ...moved] : [...rest.slice(0, escape), ...moved, ...rest.slice(escape)];
}

const COMMANDS_HINT = "barnacle --help lists the commands";

function misplacedFlag(word: string): Error {
  if (word === "--") return usageError("Read the command line", "-- before any command", "a command", COMMANDS_HINT);
  return usageError(
    `Read the flag ${word}`,
    "a flag before the command",
    `one of ${GLOBAL_FLAGS.join(", ")}`,
    "flags of a command stand behind its name: barnacle run --http 127.0.0.1:7410",
  );
}

/** The value of a flag anywhere before `--`, last one first; for what must be known before anything is parsed. */
export function peekFlag(words: readonly string[], name: string): string | undefined {
  const escape = words.indexOf("--");
  const scope = escape === -1 ? words : words.slice(0, escape);
  for (let at = scope.length - 1; at >= 0; at--) {
    const word = scope[at] ?? "";
    if (word === name) return scope[at + 1];
    if (word.startsWith(`${name}=`)) return word.slice(name.length + 1);
  }
  return undefined;
}
