/**
 * All commands as one application of the parser, its words and its help.
 *
 * @module
 */
import { buildApplication as buildParserApplication, buildRouteMap } from "@stricli/core";
import type { Application, Command, RouteMap } from "@stricli/core";
import { composeDocs } from "./command.ts";
import type { CommandHelp } from "./command.ts";
import type { Invocation } from "./context.ts";
import { dictionary } from "./dictionary.ts";
import { exitCodeOf, formatExitCodes } from "./exit-codes.ts";
import { helpFlag } from "./help-flag.ts";
import { followRoutes } from "./routes.ts";
import { buildTexts } from "./texts.ts";

/** The program's name in help and messages. */
const PROGRAM_NAME = "barnacle";

const HELP: CommandHelp = {
  brief: "Makes the AI agents of this host discoverable, reachable and observable while they sleep",
  get details() {
    return "Flags of every command may also stand before it: --dir, --config, --log, --log-level.\n\n" +
      `EXIT CODES\n${formatExitCodes().trimEnd()}`;
  },
  examples: [
    ["up", "Agent and hub, to see it work"],
    ["--dir /var/lib/barnacle run", "The agent alone, with its state in a directory of its own"],
    ["status", "How this host is"],
    ["run --help", "What a command takes"],
  ],
};

/** Commands and groups of commands by their names. */
export type Commands = Readonly<Record<string, Command<Invocation> | RouteMap<Invocation>>>;

/** @param only this command alone, if it is one */
function buildRoot(commands: Commands, only: string | undefined): RouteMap<Invocation> {
  const entries = Object.entries(commands);
  const asked = entries.filter(([name]) => name === only);
  return buildRouteMap<string, Invocation>({
    routes: dictionary(Object.fromEntries(asked.length > 0 ? asked : entries)),
    docs: Object.assign(composeDocs(HELP), { hideRoute: { complete: true } }),
  });
}

/** What the application needs to speak. */
export interface ApplicationInit {
  /** What it offers; a start knows of less than all. */
  readonly commands: Commands;
  /** The arguments as they are parsed, to point to the right help. */
  readonly words: readonly string[];
  /** A failure as the text to print. */
  readonly formatFailure: (thrown: unknown) => string;
  /** Leaves out the commands that the words do not name: the parser takes its time over each. Default `false`. */
  readonly onlyNamed?: boolean;
}

/** Builds the application. Cheap: the commands' actions are loaded only when they are run. */
export function buildApplication(init: ApplicationInit): Application<Invocation> {
  const root = buildRoot(init.commands, init.onlyNamed === true ? init.words[0] : undefined);
  const command = [PROGRAM_NAME, ...followRoutes(root, init.words).path].join(" ");
  return buildParserApplication<Invocation>(
    root,
    {
      name: PROGRAM_NAME,
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      localization: { text: buildTexts({ command, formatFailure: init.formatFailure }) },
      determineExitCode: exitCodeOf,
    },
    { help: helpFlag(init.words) },
  );
}
