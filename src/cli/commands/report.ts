import { commonFlags, defineCommand, switchFlag, textFlag } from "../command.ts";
import type { CommonFlags } from "../command.ts";
import { parseCount } from "../count.ts";

export interface ReportFlags extends CommonFlags {
  readonly reporter: string;
  readonly active: number | undefined;
  readonly queue: number | undefined;
  readonly succeeded: number | undefined;
  readonly failed: number | undefined;
  readonly holdsForSeconds: number | undefined;
  readonly leaving: boolean | undefined;
  readonly json: boolean | undefined;
}

function countFlag(brief: string, placeholder = "N") {
  return { kind: "parsed", parse: parseCount, optional: true, brief, placeholder } as const;
}

export const reportCommand = defineCommand<ReportFlags>({
  help: {
    brief: "Tell the running agent about work on this host",
    details:
      "Absolute numbers (--active, --queue) hold until the same reporter's next report, at most --holds-for-seconds. Finished " +
      "work (--succeeded, --failed) counts since the last report.",
    examples: [
      ["report --reporter worker-1 --active 2 --queue 5", "Two tasks under way, five waiting"],
      ["report --reporter worker-1 --succeeded 1", "One more is done"],
      ["report --reporter worker-1 --leaving", "No more will come: silence is no fault"],
    ],
  },
  parameters: {
    flags: {
      reporter: { ...textFlag("Who reports", "NAME"), optional: false },
      active: countFlag("Tasks under way now"),
      queue: countFlag("Tasks waiting now"),
      succeeded: countFlag("Tasks that ended well since the last report"),
      failed: countFlag("Tasks that failed since the last report"),
      holdsForSeconds: countFlag("How long the absolute numbers hold [default = 90]", "SECONDS"),
      leaving: switchFlag("This reporter goes, and will not be missed"),
      json: switchFlag("Print the agent's answer as JSON"),
      ...commonFlags(),
    },
  },
  load: () => import("../actions/report.ts"),
});
