/**
 * How commands are declared: what all of them take, and help that always ends in examples.
 *
 * @module
 */
import { buildCommand } from "@stricli/core";
import type { Command, FlagParametersForType, TypedCommandParameters } from "@stricli/core";
import type { LogLevel } from "../log/mod.ts";
import type { Invocation } from "./context.ts";
import { dictionary } from "./dictionary.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./log-flags.ts";

/** What every command takes. Absent flags are `undefined`. */
export interface CommonFlags {
  readonly dir: string | undefined;
  readonly config: string | undefined;
  readonly log: "json" | "text" | undefined;
  readonly logLevel: LogLevel | undefined;
}

/** One example: the command line without the program's name, and what it is good for. */
export type Example = readonly [commandLine: string, purpose: string];

/** Words of a command's help. */
export interface CommandHelp {
  readonly brief: string;
  /** Whole paragraphs; the brief is not repeated. */
  readonly details?: string;
  readonly examples: readonly Example[];
}

/** Takes any text as it is; the configuration's schema or the command checks it. */
export const anyText = (input: string): string => input;

/** A flag whose value is text. */
export function textFlag(brief: string, placeholder: string) {
  return { kind: "parsed", parse: anyText, optional: true, brief, placeholder } as const;
}

/** A flag whose value is text, and which may be given several times. */
export function textsFlag(brief: string, placeholder: string) {
  return { kind: "parsed", parse: anyText, optional: true, variadic: true, brief, placeholder } as const;
}

/** A flag that is there or not. */
export function switchFlag(brief: string) {
  return { kind: "boolean", optional: true, withNegated: false, brief } as const;
}

/**
 * The flags of {@link CommonFlags}.
 *
 * @param options.hidden keeps them out of the help of commands that read no configuration
 */
export function commonFlags(
  options: { readonly hidden?: boolean } = {},
): FlagParametersForType<CommonFlags, Invocation> {
  const hidden = options.hidden ?? false;
  return {
    dir: { ...textFlag("Work directory [default = the current one]", "DIR"), hidden },
    config: { ...textFlag("Configuration file [default = barnacle.json in the work directory]", "FILE"), hidden },
    log: {
      kind: "enum",
      values: LOG_FORMATS,
      optional: true,
      hidden,
      brief: "Form of events and errors on standard error [default = text on a terminal, else json]",
    },
    logLevel: {
      kind: "enum",
      values: LOG_LEVELS,
      optional: true,
      hidden,
      brief: "Least level of events that are logged [default = info]",
    },
  };
}

/** The long text of a help page: brief, details, examples. */
function composeHelp(help: CommandHelp): string {
  const examples = help.examples.map(([line, purpose]) => `  ${purpose}:\n    ${`barnacle ${line}`.trim()}`);
  const details = help.details === undefined ? "" : `\n\n${help.details.split("\n").map(wrapLine).join("\n")}`;
  return `${help.brief}${details}\n\nEXAMPLES\n${examples.join("\n")}`;
}

/** The words of a command as the parser wants them. The long text is made only when it is shown: most starts never show it. */
export function composeDocs(help: CommandHelp): { readonly brief: string; readonly fullDescription: string } {
  return {
    brief: help.brief,
    get fullDescription() {
      return composeHelp(help);
    },
  };
}

/** Widest line of prose in help: what most terminals have. */
const HELP_COLUMNS = 80;

/** Breaks a paragraph at spaces; an indented line is laid out already. */
function wrapLine(paragraph: string): string {
  if (paragraph.startsWith(" ")) return paragraph;
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > HELP_COLUMNS) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** What a command's action is: run with the parsed flags and arguments, it resolves when the command is done. */
export type Action<Flags, Words extends readonly unknown[]> = (
  this: Invocation,
  flags: Flags,
  ...words: Words
) => Promise<void>;

/** A command whose action is loaded only when it is run. */
export function defineCommand<
  const Flags extends Readonly<Partial<Record<keyof Flags, unknown>>>,
  const Words extends readonly unknown[] = [],
>(init: {
  readonly help: CommandHelp;
  readonly parameters: NoInfer<TypedCommandParameters<Flags, Words, Invocation>>;
  readonly load: () => Promise<{ readonly default: Action<Flags, Words> }>;
}): Command<Invocation> {
  return buildCommand<Flags, Words, Invocation>({
    loader: init.load,
    parameters: { ...init.parameters, flags: dictionary(init.parameters.flags ?? {}) } as typeof init.parameters,
    docs: composeDocs(init.help),
  });
}
