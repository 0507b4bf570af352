import { run } from "@stricli/core";
import { buildApplication } from "../application.ts";
import type { CommonFlags } from "../command.ts";
import { COMMANDS } from "../commands.ts";
import type { Invocation } from "../context.ts";
import { formatExitCodes } from "../exit-codes.ts";
import { failureStyle } from "../failure-style.ts";
import { formatFailure } from "../failure.ts";

export default async function help(this: Invocation, _flags: CommonFlags, ...topic: string[]): Promise<void> {
  if (topic.length === 1 && topic[0] === "exit-codes") {
    this.process.stdout.write(`EXIT CODES\n${formatExitCodes()}`);
    return;
  }
  const words = [...topic, "--help"];
  const application = buildApplication({
    commands: COMMANDS,
    words,
    formatFailure: (thrown) => formatFailure(thrown, failureStyle(this.cli, this.words)),
  });
  await run(application, words, { ...this, words });
}
