import type { ReportAnswer, WorkReport } from "../../contract/mod.ts";
import type { ReportFlags } from "../commands/report.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { agentClient } from "../endpoint.ts";
import { usageError } from "../failure.ts";
import { escapeText, safeJson } from "../terminal.ts";

export default async function report(this: Invocation, flags: ReportFlags): Promise<void> {
  const given = reportOf(flags);
  if (Object.keys(given).length === 1) {
    throw usageError("Report", "nothing to tell", "--active, --queue, --succeeded, --failed or --leaving");
  }
  const loaded = await loadConfiguration(this.cli, flags);
  const client = await agentClient(this.cli.runtime, loaded);
  let answer: ReportAnswer;
  try {
    answer = await client.report(given);
  } finally {
    client.close();
  }
  const { standardOutput } = this.cli.runtime.process;
  if (flags.json) {
    standardOutput.write(`${safeJson(answer)}\n`);
    return;
  }
  const holding = answer.holds_for_seconds === null ? "" : `, its numbers hold for ${answer.holds_for_seconds} s`;
  standardOutput.write(`reported as ${escapeText(answer.reporter)}${holding}\n`);
}

function reportOf(flags: ReportFlags): WorkReport {
  return {
    reporter: flags.reporter,
    ...(flags.active === undefined ? {} : { active_tasks: flags.active }),
    ...(flags.queue === undefined ? {} : { queue_length: flags.queue }),
    ...(flags.succeeded === undefined ? {} : { succeeded: flags.succeeded }),
    ...(flags.failed === undefined ? {} : { failed: flags.failed }),
    ...(flags.holdsForSeconds === undefined ? {} : { holds_for_seconds: flags.holdsForSeconds }),
    ...(flags.leaving === true ? { leaving: true } : {}),
  };
}
