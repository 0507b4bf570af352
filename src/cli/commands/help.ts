import { anyText, commonFlags, defineCommand } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export const helpCommand = defineCommand<CommonFlags, string[]>({
  help: {
    brief: "Show the help of a command, or the exit codes",
    examples: [
      ["help hub keys", "The same as barnacle hub keys --help"],
      ["help exit-codes", "What each exit code means"],
    ],
  },
  parameters: {
    flags: commonFlags({ hidden: true }),
    positional: {
      kind: "array",
      parameter: {
        parse: anyText,
        proposeCompletions: () => ["exit-codes"],
        brief: "The command, or exit-codes",
        placeholder: "TOPIC",
      },
    },
  },
  load: () => import("../actions/help.ts"),
});
