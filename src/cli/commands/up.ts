import { commonFlags, defineCommand, textFlag, textsFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface UpFlags extends CommonFlags {
  readonly http: string | undefined;
  readonly listen: readonly string[] | undefined;
  readonly bootstrap: readonly string[] | undefined;
  readonly advertise: readonly string[] | undefined;
}

export const upCommand = defineCommand<UpFlags>({
  help: {
    brief: "Run the agent and a hub in one process",
    details:
      "The quickest way to see everything work: the agent publishes to the hub beside it, unless OPENCLAW_BASE_URL names " +
      "another receiver. SIGTERM and SIGINT stop both gracefully.",
    examples: [
      ["up", "Agent on 127.0.0.1:7410, hub on 127.0.0.1:7411"],
      ["up --http 127.0.0.1:0 --listen 127.0.0.1:0", "Any free ports"],
      [
        "up --listen tcp://0.0.0.0:9001 --bootstrap tcp://203.0.113.10:9001",
        "Reachable for other hosts' agents, and connected to one of them",
      ],
    ],
  },
  parameters: {
    flags: {
      http: textFlag("The agent listens here; port 0 takes a free one [default = 127.0.0.1:7410]", "HOST:PORT"),
      listen: textsFlag(
        "The hub listens here [default = 127.0.0.1:7411]; with tcp:// before it, other nodes connect here " +
          "[default = tcp://127.0.0.1:9001]; port 0 takes a free one",
        "[tcp://]HOST:PORT",
      ),
      bootstrap: textsFlag("Connect to this node and learn of others from it; may be repeated", "ADDRESS"),
      advertise: textsFlag("Tell other nodes this address instead of the one listened on; may be repeated", "ADDRESS"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/up.ts"),
});
