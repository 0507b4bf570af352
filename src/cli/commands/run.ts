import { commonFlags, defineCommand, textFlag, textsFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface RunFlags extends CommonFlags {
  readonly http: string | undefined;
  readonly listen: string | undefined;
  readonly bootstrap: readonly string[] | undefined;
  readonly advertise: readonly string[] | undefined;
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
      [
        "run --listen tcp://0.0.0.0:9001 --bootstrap tcp://203.0.113.10:9001",
        "Reachable for other hosts' agents, and connected to one of them",
      ],
      ["run --log json --log-level debug", "Every event as a line of JSON"],
    ],
  },
  parameters: {
    flags: {
      http: textFlag("Listen here; port 0 takes a free one [default = 127.0.0.1:7410]", "HOST:PORT"),
      listen: textFlag(
        "Other nodes connect here; port 0 takes a free one [default = tcp://127.0.0.1:9001]",
        "tcp://HOST:PORT",
      ),
      bootstrap: textsFlag("Connect to this node and learn of others from it; may be repeated", "ADDRESS"),
      advertise: textsFlag("Tell other nodes this address instead of the one listened on; may be repeated", "ADDRESS"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/run.ts"),
});
