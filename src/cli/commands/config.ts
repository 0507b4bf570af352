import { buildRouteMap } from "@stricli/core";
import { commonFlags, composeDocs, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import type { Invocation } from "../context.ts";
import { dictionary } from "../dictionary.ts";

export interface ConfigShowFlags extends CommonFlags {
  readonly json: boolean | undefined;
}

const checkCommand = defineCommand<CommonFlags>({
  help: {
    brief: "Check the configuration, and start nothing",
    examples: [
      ["config check", "What this directory's file and the environment give"],
      ["config check --config new.json", "A file that is not in use yet"],
    ],
  },
  parameters: { flags: commonFlags() },
  load: () => import("../actions/config-check.ts"),
});

const showCommand = defineCommand<ConfigShowFlags>({
  help: {
    brief: "Show each value of the configuration and where it came from",
    details:
      "Flags win over the environment, the environment over the file, the file over the defaults. Secrets are masked.",
    examples: [["config show", "As a table"], ["config show --json", "For a script"]],
  },
  parameters: { flags: { json: switchFlag("Print JSON"), ...commonFlags() } },
  load: () => import("../actions/config-show.ts"),
});

export const configRoutes = buildRouteMap<"check" | "show", Invocation>({
  routes: dictionary({ check: checkCommand, show: showCommand }),
  docs: composeDocs({
    brief: "Check or show the configuration",
    examples: [["config check", "Is it right?"], ["config show", "What is in force, and why?"]],
  }),
});
