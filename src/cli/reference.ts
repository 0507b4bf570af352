/**
 * The reference page of the command line, made from the commands' own help.
 *
 * @module
 */
import { generateHelpTextForAllCommands } from "@stricli/core";
import type { Application, CommandContext } from "@stricli/core";
import { buildApplication } from "./application.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT_CODE_TABLE } from "./exit-codes.ts";

/** The whole page as Markdown. */
export function commandReference(): string {
  const application = buildApplication({ commands: COMMANDS, words: [], formatFailure: String });
  // The generator only formats: no command is run, and none of its context is touched.
  const commands = generateHelpTextForAllCommands(application as unknown as Application<CommandContext>);
  const sections = commands.map(([route, help]) => `## ${route}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`);
  const exits = EXIT_CODE_TABLE.map(([code, meaning]) => `| ${code} | ${meaning} |\n`).join("");
  return `${INTRODUCTION}\n${sections.join("\n")}\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n${exits}`;
}

const INTRODUCTION = `# The command line

Made from the commands' own help by \`npm run docs\`; do not edit.

\`--dir\`, \`--config\`, \`--log\` and \`--log-level\` are taken by every command, behind its name or before it:
\`barnacle --dir /var/lib/barnacle status\`. Errors go to standard error as \`barnacle: …\` and a
\`hint: …\` that says what to do; with \`--log json\` as one JSON object. Colours are used on a terminal only, and not under \`NO_COLOR\`.
`;
