import { proposeCompletions } from "@stricli/core";
import type { Application } from "@stricli/core";
import { buildApplication } from "../application.ts";
import { GLOBAL_FLAGS } from "../arguments.ts";
import type { CommonFlags } from "../command.ts";
import { COMMANDS } from "../commands.ts";
import type { Invocation } from "../context.ts";
import { followRoutes } from "../routes.ts";

export default async function complete(this: Invocation, _flags: CommonFlags, ...line: string[]): Promise<void> {
  const { standardOutput } = this.cli.runtime.process;
  for (const [word, brief] of await proposals(this, line)) standardOutput.write(`${word}\t${brief}\n`);
}

async function proposals(invocation: Invocation, line: readonly string[]): Promise<(readonly [string, string])[]> {
  const rest = skipGlobalFlags(line);
  const partial = rest.at(-1);
  if (partial === undefined) return [];
  // Behind -- stands another program's command line, which the shell knows better.
  if (rest.slice(0, -1).includes("--")) return [];
  if (rest.length === 1 && partial.startsWith("-")) {
    const flags = [...GLOBAL_FLAGS, "--help", "--version"].filter((flag) => flag.startsWith(partial));
    return flags.map((flag) => [flag, "before any command"]);
  }
  const application = buildApplication({ commands: COMMANDS, words: rest, formatFailure: String });
  const found = await proposeCompletions(application, rest, invocation);
  const shown = new Map(found.map(({ completion, brief }) => [completion, brief]));
  for (const [word, brief] of commandsUnder(application, rest.slice(0, -1))) {
    if (word.startsWith(partial)) shown.set(word, brief);
  }
  // A flag is proposed to whoever began one; among commands and file names they would only be noise.
  return [...shown].filter(([word]) => partial.startsWith("-") || !word.startsWith("-"));
}

/** The commands of the group that the words lead to. The parser proposes none for a group that is itself a command. */
function commandsUnder(application: Application<Invocation>, words: readonly string[]): (readonly [string, string])[] {
  const { path, target } = followRoutes(application.root, words);
  if (path.length < words.length || !("getAllEntries" in target)) return [];
  return target.getAllEntries().filter(({ hidden }) => !hidden)
    .map((entry) => [entry.name["convert-camel-to-kebab"], entry.target.brief]);
}

/**
 * What is left behind global flags and their values; nothing while such a value is being typed: it is a file or a known
 * word.
 */
function skipGlobalFlags(line: readonly string[]): readonly string[] {
  let at = 0;
  while (at < line.length - 1) {
    const [name = ""] = (line[at] ?? "").split("=", 1);
    if (!GLOBAL_FLAGS.includes(name)) break;
    at += line[at]?.includes("=") ? 1 : 2;
  }
  return line.slice(at);
}
