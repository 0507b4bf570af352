import { commonFlags, defineCommand, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface RunFlags extends CommonFlags {
  readonly http: string | undefined;
}

export const runCommand = defineCommand<RunFlags>({
  help: {
    brief: "Run the agent of this host",
    details:
      "The agent gathers what the work on this host reports, answers GET /status and /capabilities, and publishes the host's " +
      "status to the receiver at OPENCLAW_BASE_URL, when that is set. SIGTERM and SIGINT stop it gracefully.",
    examples: [
      ["run", "Listen on 127.0.0.1:7410, state in the current directory"],
      ["run --dir /var/lib/barnacle --http 127.0.0.1:0", "Another work directory, any free port"],
      ["run --log json --log-level debug", "Every event as a line of JSON"],
    ],
  },
  parameters: {
    flags: {
      http: textFlag("Listen here; port 0 takes a free one [default = 127.0.0.1:7410]", "HOST:PORT"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/run.ts"),
});
