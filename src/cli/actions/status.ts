import { toBarnacleError } from "../../errors.ts";
import type { AgentClient } from "../agent-client.ts";
import type { StatusFlags } from "../commands/status.ts";
import { loadConfiguration } from "../configuration.ts";
import type { CliContext, Invocation } from "../context.ts";
import { agentClient, hubClient } from "../endpoint.ts";
import { failureStyle } from "../failure-style.ts";
import { formatFailure, usageError } from "../failure.ts";
import { formatFleet, formatHostStatus } from "../status-view.ts";
import { safeJson, wantsColour } from "../terminal.ts";
import { redrawUntilSignal } from "../watch.ts";

export default async function status(this: Invocation, flags: StatusFlags): Promise<void> {
  const { standardOutput } = this.cli.runtime.process;
  if (!flags.watch) {
    standardOutput.write(await show(this.cli, flags));
    return;
  }
  if (!standardOutput.isTerminal || flags.json) {
    const got = flags.json ? "--json" : "a standard output that is no terminal";
    throw usageError("Watch the status", got, "a terminal to redraw", "ask again and again with --json instead");
  }
  const showAnything = async () => {
    try {
      return await show(this.cli, flags);
    } catch (thrown) {
      // Whoever watches wants to see it come back.
      return formatFailure(toBarnacleError(thrown, "Ask for the status"), failureStyle(this.cli, this.words));
    }
  };
  await redrawUntilSignal(this.cli.runtime, showAnything);
}

async function show(cli: CliContext, flags: StatusFlags): Promise<string> {
  const loaded = await loadConfiguration(cli, flags);
  const client = flags.hub === undefined
    ? await agentClient(cli.runtime, loaded)
    : await hubClient(cli.runtime, loaded, flags.hub);
  try {
    return await ask(cli, flags, client);
  } finally {
    client.close();
  }
}

async function ask({ runtime }: CliContext, flags: StatusFlags, client: AgentClient): Promise<string> {
  const { standardOutput } = runtime.process;
  const view = {
    nowMs: runtime.clock.wallMs(),
    widthMax: standardOutput.columns,
    colour: wantsColour(standardOutput, runtime.process.environment()),
  };
  if (flags.hub === undefined) {
    const answer = await client.status();
    return flags.json ? `${safeJson(answer)}\n` : formatHostStatus(answer, client.peer.baseUrl, view);
  }
  const answer = await client.instances();
  return flags.json ? `${safeJson(answer)}\n` : formatFleet(answer, client.peer.baseUrl, view);
}
