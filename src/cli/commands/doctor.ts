import { anyText, commonFlags, defineCommand, switchFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";

export interface DoctorFlags extends CommonFlags {
  readonly hub: string | undefined;
  readonly json: boolean | undefined;
}

export const doctorCommand = defineCommand<DoctorFlags>({
  help: {
    brief: "Check everything the agent needs, and say what to do",
    details:
      "Checked are the configuration, the work directory and its disk, key files, the registration file, the addresses to listen " +
      "on, whoever the agent would talk to (reachable, trusted, speaking the protocol), and the clock. Nothing is changed. " +
      "Exit code 0 when nothing failed, 1 otherwise.",
    examples: [
      ["doctor", "Before the first start, or when something is odd"],
      ["doctor --hub https://hub.example.net", "Also whether this hub can be asked"],
      ["doctor --json", "For a script"],
    ],
  },
  parameters: {
    flags: {
      hub: { kind: "parsed", parse: anyText, optional: true, placeholder: "URL", brief: "Also check this hub" },
      json: switchFlag("Print JSON"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/doctor.ts"),
});
