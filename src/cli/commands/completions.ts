import { anyText, commonFlags, defineCommand } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import { usageError } from "../failure.ts";
import { SHELLS } from "../shells.ts";
import type { Shell } from "../shells.ts";

function parseShell(input: string): Shell {
  const shell = SHELLS.find((known) => known === input);
  if (shell !== undefined) return shell;
  throw usageError("Read the shell's name", JSON.stringify(input), `one of ${SHELLS.join(", ")}`);
}

export const completionsCommand = defineCommand<CommonFlags, [Shell]>({
  help: {
    brief: "Print the completion script of a shell",
    examples: [
      ["completions bash > ~/.local/share/bash-completion/completions/barnacle", "For bash, from its next start on"],
      ["completions zsh > ~/.zfunc/_barnacle", "For zsh, with ~/.zfunc in fpath"],
      ["completions fish > ~/.config/fish/completions/barnacle.fish", "For fish"],
    ],
  },
  parameters: {
    flags: commonFlags({ hidden: true }),
    positional: {
      kind: "tuple",
      parameters: [{
        parse: parseShell,
        proposeCompletions: () => SHELLS,
        brief: SHELLS.join(", "),
        placeholder: "SHELL",
      }],
    },
  },
  load: () => import("../actions/completions.ts"),
});

/** What the scripts call; kept out of the help. */
export const completeCommand = defineCommand<CommonFlags, string[]>({
  help: {
    brief: "Propose completions for a command line, one a line: word, tab, what it is",
    examples: [["complete -- hub keys re", "What the shells' scripts do"]],
  },
  parameters: {
    flags: commonFlags({ hidden: true }),
    positional: {
      kind: "array",
      parameter: { parse: anyText, brief: "The words so far, the last one unfinished", placeholder: "WORD" },
    },
  },
  load: () => import("../actions/complete.ts"),
});
