import { anyText, commonFlags, defineCommand, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface ExecFlags extends CommonFlags {
  readonly reporter: string | undefined;
}

export const execCommand = defineCommand<ExecFlags, string[]>({
  help: {
    brief: "Run a job and report it: active while it runs, a success or failure when it ends",
    details:
      "The job's exit code is passed on, and signals reach it. Where no agent can be told, the job runs all the same.",
    examples: [
      ["exec -- make all", "One job, named after its command and process"],
      ["exec --reporter nightly-backup -- /usr/local/bin/backup --full", "A job with a name of its own"],
    ],
  },
  parameters: {
    flags: {
      reporter: textFlag(
        "Who reports; jobs that run at once need names that differ [default = COMMAND:PROCESS]",
        "NAME",
      ),
      ...commonFlags(),
    },
    positional: {
      kind: "array",
      parameter: { parse: anyText, brief: "The command and its arguments, behind --", placeholder: "COMMAND" },
    },
  },
  load: () => import("../actions/exec.ts"),
});
