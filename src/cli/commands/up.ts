import { commonFlags, defineCommand, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface UpFlags extends CommonFlags {
  readonly http: string | undefined;
  readonly listen: string | undefined;
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
    ],
  },
  parameters: {
    flags: {
      http: textFlag("The agent listens here; port 0 takes a free one [default = 127.0.0.1:7410]", "HOST:PORT"),
      listen: textFlag("The hub listens here; port 0 takes a free one [default = 127.0.0.1:7411]", "HOST:PORT"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/up.ts"),
});
