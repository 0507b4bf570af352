/**
 * The other agents of a gateway, and how the configuration takes them in.
 *
 * @module
 */
import { loadConfig, type LoadedConfig } from "../../config/mod.ts";
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import { CONFIG_BYTES_MAX } from "../../limits.ts";
import { attemptStep, type Step } from "../../mailbox/commands.ts";
import type { Target } from "../../openclaw/waking/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { baseName, joinPath, replaceFile } from "../../store/mod.ts";
import { appendToList } from "./append-json.ts";

/** An entry of `agents.others`. */
interface Entry {
  readonly id: string;
  readonly directory: string;
}

const SETTING = ["agents", "others"] as const;

/** The gateway's other agents whose mail nobody carries yet. */
export function proposeAgents(loaded: LoadedConfig, target: Target): Step[] {
  return agentsWithoutMail(loaded, target).map((entry) => ({
    path: "agents",
    outcome: "left",
    note: `${entry.id} of this gateway has no mail yet; agents.others in barnacle.json takes it in: ${
      JSON.stringify(entry)
    }`,
    hint: "barnacle init --agents writes that",
  }));
}

/** Writes them into the configuration file, or makes one; whatever else is in it stays, comments too. */
export async function takeInAgents(runtime: Runtime, loaded: LoadedConfig, target: Target | undefined): Promise<Step> {
  const entries = target === undefined ? [] : agentsWithoutMail(loaded, target);
  if (entries.length === 0) {
    return { path: "agents", outcome: "there", note: "no agent of a gateway here is without mail" };
  }
  const file = loaded.file ?? joinPath(loaded.directory, "barnacle.json");
  return await attemptStep(baseName(file), async () => {
    checkOrigin(loaded);
    const before = await readIfThere(runtime, file);
    const text = await appendToList(before ?? "{\n}\n", SETTING, entries);
    await checkEdited(runtime, loaded, file, text);
    await replaceFile(runtime, file, new TextEncoder().encode(text), {
      keepOwner: true,
      onlyIf: async () => await readIfThere(runtime, file) === before || changedMeanwhile(file),
    });
    const ids = entries.map(({ id }) => id).join(", ");
    return {
      path: baseName(file),
      outcome: before === undefined ? "made" : "changed",
      note: `agents.others has ${ids} now; a daemon that runs takes them in when it starts again`,
    };
  });
}

function agentsWithoutMail({ carriedBy, config: { agents: { others } } }: LoadedConfig, target: Target): Entry[] {
  if (carriedBy !== undefined) return [];
  const carried = new Set(others.flatMap(({ directory, id }) => [directory, id]));
  return target.gateway.agents
    .filter(({ id, workspace }) => id !== target.agentId && !carried.has(id) && !carried.has(workspace))
    .map(({ id, workspace }) => ({ id, directory: workspace }));
}

/** What is written into the file counts only where nothing stronger is given. */
function checkOrigin({ origins }: LoadedConfig): void {
  const origin = origins.get(SETTING.join("."));
  if (origin?.kind !== "environment") return;
  throw new BarnacleError({
    code: "CONFIG_INVALID",
    action: "Write agents.others",
    value: `a value in the environment, ${origin.name}`,
    wanted: "the one of the file",
    hint: "add the agents there, or take it out of the environment",
  });
}

/** @throws `CONFIG_INVALID` when the daemon would not start with it */
async function checkEdited(runtime: Runtime, loaded: LoadedConfig, file: string, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const { files, process } = runtime;
  const read = (path: string, bytesMax: number) => path === file ? Promise.resolve(bytes) : files.read(path, bytesMax);
  await loadConfig({ files: { read }, process }, {
    directory: loaded.directory,
    configFile: file,
    flags: {},
    environment: process.environment(),
  });
}

async function readIfThere({ files }: Runtime, path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await files.read(path, CONFIG_BYTES_MAX));
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
}

function changedMeanwhile(file: string): never {
  throw new BarnacleError({
    code: "IO_ERROR",
    action: `Write ${JSON.stringify(file)}`,
    value: "a file that somebody else changes at the same time",
    hint: "run it again",
    retryable: true,
  });
}
