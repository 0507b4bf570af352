import { anyText, commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface StatusFlags extends CommonFlags {
  /** The empty string: `--hub` without a URL. */
  readonly hub: string | undefined;
  readonly json: boolean | undefined;
  readonly watch: boolean | undefined;
}

export const statusCommand = defineCommand<StatusFlags>({
  help: {
    brief: "Show the status of this host, or with --hub of the fleet",
    details:
      "Without --hub the running agent of the work directory is asked. With --hub and no URL: the hub beside that agent, else " +
      "the receiver it publishes to, else the hub address of the configuration.",
    examples: [
      ["status", "This host"],
      ["status --hub", "The fleet, as the hub nearest at hand knows it"],
      ["status --hub https://hub.example.net --json", "The fleet, for a script"],
      ["status --watch", "Redrawn every 2 seconds until SIGINT"],
    ],
  },
  parameters: {
    flags: {
      hub: {
        kind: "parsed",
        parse: anyText,
        optional: true,
        inferEmpty: true,
        placeholder: "URL",
        brief: "Ask a hub for all its instances",
      },
      json: switchFlag("Print what was answered as JSON"),
      watch: switchFlag("Redraw every 2 seconds, on a terminal"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/status.ts"),
});
