import { BarnacleError, isBarnacleError } from "../../errors.ts";
import { prepareForMail, removePreparation, type Step, type StepOutcome } from "../../mailbox/commands.ts";
import { workDirectoryPaths } from "../../store/mod.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { InitFlags } from "../commands/init.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { findGatewayAgent, prepareInstructions, readsNoFile, removeInstructions } from "../mail/instructions.ts";
import { identityKeeper, withDirectoryLock } from "../mail/identity.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText, paint, safeJson, type Tone, wantsColour } from "../terminal.ts";

export default async function init(this: Invocation, flags: InitFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const components = { ...runtime, identity: identityKeeper(runtime, loaded) };
  const agent = await findGatewayAgent(runtime, loaded);
  const steps = flags.remove
    ? await withoutAgent(runtime, loaded, async () => [
      ...await removeInstructions(runtime, loaded, agent),
      ...await removePreparation(components, loaded.directory),
    ])
    : [
      ...await prepareForMail(components, loaded.directory, { withoutHeartbeat: readsNoFile(agent) }),
      ...await prepareInstructions(runtime, loaded, agent, { hasConsent: flags.yes === true }),
    ];
  if (steps.some(({ outcome }) => outcome === "failed")) this.process.exitCode = EXIT.failed;
  if (flags.json) {
    const rows = steps.map((step) => {
      const { path, outcome, note } = step;
      return { path, outcome, note, hint: hintOf(step) ?? null };
    });
    standardOutput.write(`${safeJson({ steps: rows })}\n`);
    return;
  }
  const colour = wantsColour(standardOutput, runtime.process.environment());
  standardOutput.write(formatSteps(steps, colour) + (flags.remove ? removalEnd(steps) : preparationEnd(steps)));
}

/** Where no agent ever ran none can be running, and looking for one would leave a trace. */
async function withoutAgent<Result>(
  runtime: Runtime,
  loaded: LoadedConfig,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    await runtime.files.stat(workDirectoryPaths(loaded.directory).stateDirectory);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return await act();
    throw thrown;
  }
  try {
    return await withDirectoryLock(runtime, loaded, act);
  } catch (thrown) {
    throw isBarnacleError(thrown, "LOCK_HELD") ? agentRuns(loaded.directory, thrown) : thrown;
  }
}

function agentRuns(directory: string, cause: unknown): BarnacleError {
  return new BarnacleError({
    code: "LOCK_HELD",
    action: `Take out of ${JSON.stringify(directory)} what init put in`,
    value: "an agent that runs there",
    wanted: "none",
    hint: "stop the agent, then run barnacle init --remove again",
    cause,
  });
}

const TONES: Readonly<Record<StepOutcome, Tone>> = {
  made: "good",
  changed: "good",
  there: "faint",
  removed: "good",
  left: "warning",
  failed: "bad",
};
const OUTCOME_WIDTH = 9;

function formatSteps(steps: readonly Step[], colour: boolean): string {
  const width = Math.max(0, ...steps.map(({ path }) => path.length)) + 2;
  return steps.map((step) => {
    const { path, outcome, note } = step;
    const head = paint(outcome, TONES[outcome], colour) + " ".repeat(OUTCOME_WIDTH - outcome.length);
    const hint = hintOf(step);
    const advice = hint === undefined ? "" : `${" ".repeat(OUTCOME_WIDTH + width)}-> ${escapeText(hint)}\n`;
    return `${head}${path.padEnd(width)}${escapeText(note)}\n${advice}`;
  }).join("");
}

function hintOf({ error, hint }: Step): string | undefined {
  return error?.hint ?? hint;
}

function preparationEnd(steps: readonly Step[]): string {
  if (steps.some(({ outcome }) => outcome === "failed")) {
    return "not ready: mend what failed, then run barnacle init again\n";
  }
  const isNew = steps.some(({ outcome }) => outcome === "made" || outcome === "changed");
  return isNew
    ? "ready: barnacle run starts the agent, barnacle id shows the invitation to pass on\n"
    : "ready, nothing changed\n";
}

function removalEnd(steps: readonly Step[]): string {
  return steps.length === 0 ? "nothing to take out\n" : "";
}
