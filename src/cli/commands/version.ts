import { commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface VersionFlags extends CommonFlags {
  readonly verbose: boolean | undefined;
}

export const versionCommand = defineCommand<VersionFlags>({
  help: {
    brief: "Show the version",
    examples: [["version", "The version alone"], ["version --verbose", "With commit, target, runtime and licences"]],
  },
  parameters: {
    flags: {
      verbose: switchFlag("Also show commit, target, runtime and the licences of what is inside"),
      ...commonFlags({ hidden: true }),
    },
  },
  load: () => import("../actions/version.ts"),
});
