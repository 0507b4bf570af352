/**
 * How the agent of a gateway learns of its mail, where it reads no `HEARTBEAT.md`: by the plugin, else by its heartbeat's scratch and a
 * skill. Source: the gateway notes, sections 2 and 6.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import {
  absoluteSection,
  attemptStep,
  mendSection,
  rememberScratch,
  type Step,
  takeSectionOut,
} from "../../mailbox/commands.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import {
  editGatewayScratch,
  managedSkillPaths,
  managedSkillText,
  placeManagedSkill,
  removeManagedSkill,
} from "../../openclaw/instructions/mod.ts";
import {
  findGateways,
  formatVersion,
  type Gateway,
  hasPluginEntry,
  type MailSight,
  sightOf,
} from "../../openclaw/mod.ts";
import { findTarget, isObstacle, type Target } from "../../openclaw/waking/mod.ts";
import type { Runtime } from "../../runtime/port.ts";

/** The agent of a gateway that works in the work directory; `undefined` where none does. */
export async function findGatewayAgent(runtime: Runtime, loaded: LoadedConfig): Promise<Target | undefined> {
  const { carriedBy, directory, config: { gateway: { find, stateDirectories }, waking: { agentId } } } = loaded;
  if (!find) return undefined;
  const client = runtime.http.client({});
  try {
    const parts = { ...runtime, fetch: client.fetch };
    const { gateways } = await findGateways(parts, { stateDirectories }, new AbortController().signal);
    const found = findTarget(gateways, { directory, agentId, id: carriedBy?.agentId, hasKey: false });
    return isObstacle(found) ? undefined : found;
  } finally {
    client.close();
  }
}

/** Whether the agent reads no `HEARTBEAT.md`, as far as is known: one that is made in vain would be fought over with OpenClaw's doctor. */
export function readsNoFile(agent: Target | undefined): boolean {
  return agent !== undefined && agent.gateway.generation !== "heartbeat-file";
}

/**
 * Tells the agent in the gateway, where it reads no file and the plugin does not tell it.
 *
 * @param options.hasConsent without it nothing of the gateway's is changed, and what would be is said
 * @returns what was done, the gateway that was found first
 */
export async function prepareInstructions(
  runtime: Runtime,
  loaded: LoadedConfig,
  agent: Target | undefined,
  { hasConsent }: { readonly hasConsent: boolean },
): Promise<Step[]> {
  if (agent === undefined) return [];
  const { directory } = loaded;
  const { agentId, gateway } = agent;
  const sight = sightOfTarget(agent, directory);
  const found: Step[] = [{ path: "OpenClaw", outcome: "there", note: describe(agent) }, ...sandboxStep(sight)];
  if (!readsNoFile(agent)) return found;
  if (await hasPluginEntry(runtime.files, gateway)) {
    const note = "tells the agent at each heartbeat, and brings its skill";
    // What an init before the plugin put in would tell the agent everything twice.
    const before = hasConsent ? await removeInstructions(runtime, loaded, agent) : [];
    return [...found, { path: "plugin", outcome: "there", note }, ...before];
  }
  const { file } = managedSkillPaths(gateway.stateDirectory);
  if (!hasConsent) {
    const note = "is not touched without --yes; barnacle openclaw install is the other way";
    return [
      ...found,
      {
        path: "scratch",
        outcome: "left",
        note: `the heartbeat's scratch of ${agentId} would get the section about mail; it ${note}`,
      },
      { path: "skill", outcome: "left", note: `would be written to ${file}` },
    ];
  }
  return [
    ...found,
    await attemptStep("scratch", () => placeInScratch(runtime, agent, directory, sight)),
    await attemptStep("skill", () => placeSkill(runtime, agent, directory, sight)),
  ];
}

/** What an agent sees of the mail in the work directory. */
function sightOfTarget({ agentId, gateway }: Target, directory: string): MailSight {
  const mailDirectory = mailDirectoryPath(directory);
  const found = gateway.agents.find(({ id }) => id === agentId);
  return found === undefined ? { kind: "host", mailDirectory } : sightOf(found, mailDirectory);
}

function sandboxStep({ kind, mailDirectory, obstacle }: MailSight): Step[] {
  if (obstacle !== undefined) return [{ path: "sandbox", outcome: "left", note: obstacle.why, hint: obstacle.hint }];
  if (kind === "host") return [];
  const note = kind === "tools" ? "the plugin's tools are in it" : `the agent sees its mail there as ${mailDirectory}`;
  return [{ path: "sandbox", outcome: "there", note }];
}

/** Takes out of the gateway what {@link prepareInstructions} put in, and nothing else. */
export async function removeInstructions(
  runtime: Runtime,
  { directory }: LoadedConfig,
  agent: Target | undefined,
): Promise<Step[]> {
  if (agent === undefined || !readsNoFile(agent)) return [];
  // First of all: what is taken out is not to be put back.
  await rememberScratch(runtime, directory, undefined);
  const { agentId, gateway: { state, stateDirectory } } = agent;
  const skill = await attemptStep("skill", async () => {
    const isRemoved = await removeManagedSkill(runtime, stateDirectory, managedSkillText(agentId, directory));
    return { path: "skill", outcome: isRemoved ? "removed" : "there", note: isRemoved ? "as init wrote it" : ABSENT };
  });
  const scratch: Step = state === "running" ? await attemptStep("scratch", () => takeFromScratch(runtime, agent)) : {
    path: "scratch",
    outcome: "left",
    note: "the gateway does not run; with it running, init --remove looks into it",
  };
  // Where there was no skill of ours nothing was put in, and a gateway at rest is no news.
  const isNews = scratch.outcome !== "left" || skill.note !== ABSENT;
  return [...(isNews ? [scratch] : []), skill].filter(({ note }) => note !== ABSENT);
}

/** Marks a step that is not worth a line. */
const ABSENT = "";

async function placeInScratch(
  runtime: Runtime,
  agent: Target,
  directory: string,
  { mailDirectory }: MailSight,
): Promise<Step> {
  const section = absoluteSection(mailDirectory);
  const edited = await editGatewayScratch(runtime, agent, (text) => mendSection(text ?? "", nameOf(agent), section));
  const { agentId, gateway: { stateDirectory } } = agent;
  await rememberScratch(runtime, directory, { stateDirectory, agentId });
  return edited === "changed"
    ? { path: "scratch", outcome: "changed", note: `${nameOf(agent)} has the section about mail` }
    : { path: "scratch", outcome: "there", note: `${nameOf(agent)} has the section about mail` };
}

async function takeFromScratch(runtime: Runtime, agent: Target): Promise<Step> {
  const edited = await editGatewayScratch(runtime, agent, (text) => {
    if (text === undefined) return undefined;
    const rest = takeSectionOut(text, nameOf(agent));
    // A scratch of nothing would have each heartbeat skipped; without one they run.
    return rest !== text && rest.trim() === "" ? undefined : rest;
  });
  return {
    path: "scratch",
    outcome: edited === "changed" ? "changed" : "there",
    note: edited === "changed" ? "the section about mail was taken out" : ABSENT,
  };
}

async function placeSkill(
  runtime: Runtime,
  { agentId, gateway }: Target,
  directory: string,
  { mailDirectory }: MailSight,
): Promise<Step> {
  const { stateDirectory } = gateway;
  const { file } = managedSkillPaths(stateDirectory);
  const placed = await placeManagedSkill(runtime, stateDirectory, managedSkillText(agentId, directory, mailDirectory));
  if (placed === "foreign") {
    const note = `${file} is somebody else's, or another directory's`;
    return { path: "skill", outcome: "left", note, hint: "barnacle openclaw install brings one for every agent" };
  }
  return { path: "skill", outcome: placed === "unchanged" ? "there" : placed, note: `how mail works, in ${file}` };
}

function describe({ agentId, gateway }: Target): string {
  const version = gateway.version === undefined ? "of unknown version" : formatVersion(gateway.version);
  return `${agentId} works here: ${nameOfGateway(gateway)}, ${version}, ${gateway.state}`;
}

function nameOfGateway({ baseUrl, profile, stateDirectory }: Gateway): string {
  return `${profile === undefined ? "the gateway" : `the gateway "${profile}"`} of ${stateDirectory} at ${baseUrl}`;
}

function nameOf({ agentId }: Target): string {
  return `the heartbeat's scratch of ${agentId}`;
}
