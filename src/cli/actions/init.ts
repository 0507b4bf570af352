import { carrierPath } from "../../carried-by.ts";
import { type LoadedConfig, loadedForAgent } from "../../config/mod.ts";
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import {
  attemptStep,
  prepareForMail,
  removePreparation,
  removeUnreadSection,
  type Step,
  type StepOutcome,
} from "../../mailbox/commands.ts";
import type { Target } from "../../openclaw/waking/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { statIfThere, workDirectoryPaths } from "../../store/mod.ts";
import type { InitFlags } from "../commands/init.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { identityKeeper, withDirectoryLock } from "../mail/identity.ts";
import { findGatewayAgent, prepareInstructions, readsNoFile, removeInstructions } from "../mail/instructions.ts";
import { proposeAgents, takeInAgents } from "../mail/other-agents.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { escapeText, paint, safeJson, type Tone, wantsColour } from "../terminal.ts";

export default async function init(this: Invocation, flags: InitFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  if (flags.remove === true && flags.agents === true) {
    throw usageError("Make ready", "--remove and --agents", "one of them");
  }
  let loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const agent = await findGatewayAgent(runtime, loaded);
  const taken = flags.agents === true ? [await takeInAgents(runtime, loaded, agent)] : [];
  if (taken.some(isDone)) loaded = await loadConfiguration(this.cli, flags);
  const { directory, config: { agents: { others } } } = loaded;
  const steps = [...taken, ...await stepsOf(runtime, loaded, agent, flags)];
  // In the directory of another agent only that one is meant.
  for (const other of loaded.carriedBy === undefined ? others : []) {
    const { identity, id: agentId } = other;
    const theirs = { ...await loadedForAgent(loaded, other), carriedBy: { directory, agentId, identity } };
    steps.push(...await stepsOfOther(runtime, theirs, flags));
  }
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

/** @param agent of a gateway, which works in the directory */
async function stepsOf(
  runtime: Runtime,
  loaded: LoadedConfig,
  agent: Target | undefined,
  flags: InitFlags,
): Promise<Step[]> {
  const components = { ...runtime, identity: identityKeeper(runtime, loaded) };
  if (flags.remove) {
    return await withoutAgent(runtime, loaded, async () => [
      ...await removeInstructions(runtime, loaded, agent),
      ...await removePreparation(components, loaded.directory),
    ]);
  }
  return [
    ...await prepareForMail(components, loaded.directory, { withoutHeartbeat: readsNoFile(agent) }),
    // OpenClaw's doctor would warn of the file for ever, or carry the section over a second time.
    ...(flags.yes === true && agent?.gateway.generation === "scratch"
      ? await removeUnreadSection(components, loaded.directory)
      : []),
    ...await prepareInstructions(runtime, loaded, agent, { hasConsent: flags.yes === true }),
    ...(agent === undefined ? [] : proposeAgents(loaded, agent)),
  ];
}

/** The same in the directory of another agent, each step with its id. One that is not there yet is none of a failure. */
async function stepsOfOther(runtime: Runtime, loaded: LoadedConfig, flags: InitFlags): Promise<Step[]> {
  const { carriedBy, directory } = loaded;
  const name = carriedBy?.agentId ?? "";
  if (await statIfThere(runtime.files, directory) === undefined) {
    const note = `${directory} is not there yet: run init again when it is`;
    return flags.remove ? [] : [{ path: `${name}: .`, outcome: "left", note }];
  }
  const steps: Step[] = [];
  const step = await attemptStep(".", async () => {
    steps.push(...await stepsOf(runtime, loaded, await findGatewayAgent(runtime, loaded), flags));
    const word = carrierPath(directory);
    if (flags.remove && await statIfThere(runtime.files, word) !== undefined) await runtime.files.remove(word);
    return { path: ".", outcome: "there", note: "" };
  });
  if (step.outcome === "failed") steps.push(step);
  return steps.map((one) => ({ ...one, path: `${name}: ${one.path}` }));
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
  return steps.some(isDone)
    ? "ready: barnacle run starts the agent, barnacle id shows the invitation to pass on\n"
    : "ready, nothing changed\n";
}

function isDone({ outcome }: Step): boolean {
  return outcome === "made" || outcome === "changed";
}

function removalEnd(steps: readonly Step[]): string {
  return steps.length === 0 ? "nothing to take out\n" : "";
}
