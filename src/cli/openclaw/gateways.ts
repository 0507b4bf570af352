/**
 * The gateways that the commands are about.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import { mailDirectoryPath } from "../../mailbox/mod.ts";
import {
  describeVacant,
  findGateways,
  type Gateway,
  type GatewayAgent,
  type MailSight,
  readConfiguration,
  sightOf,
  type VacantPlace,
} from "../../openclaw/mod.ts";
import { findTarget, isObstacle } from "../../openclaw/waking/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { joinPath, workDirectoryPaths } from "../../store/mod.ts";
import { usageError } from "../failure.ts";
import type { PluginFiles } from "./plugin-files.ts";

/** What there is of OpenClaw on this host. */
export interface HostGateways {
  /** Those of this host itself. */
  readonly gateways: readonly Gateway[];
  /** State directories without one. */
  readonly vacant: readonly VacantPlace[];
}

export async function hostGateways(runtime: Runtime, loaded: LoadedConfig): Promise<HostGateways> {
  const client = runtime.http.client({});
  try {
    const { stateDirectories } = loaded.config.gateway;
    const found = await findGateways(
      { ...runtime, fetch: client.fetch },
      { stateDirectories },
      new AbortController().signal,
    );
    return { gateways: found.gateways.filter(({ mode }) => mode === "local"), vacant: found.vacant };
  } finally {
    client.close();
  }
}

/**
 * The gateway of a profile; without one the only gateway, or the default one.
 *
 * @throws `USAGE` when there is none, or none of this profile
 */
export async function chosenGateway(
  runtime: Runtime,
  loaded: LoadedConfig,
  profile: string | undefined,
): Promise<Gateway> {
  const { gateways, vacant } = await hostGateways(runtime, loaded);
  const found = profile === undefined
    ? gateways.find(({ isNamed }) => isNamed) ?? gateways.find((gateway) => gateway.profile === undefined) ??
      gateways[0]
    : gateways.find((gateway) => gateway.profile === profile);
  if (found !== undefined) return found;
  const names = gateways.map((gateway) => gateway.profile ?? "the default one").join(", ");
  throw usageError(
    "Find the OpenClaw gateway",
    profile === undefined
      ? ["none for this user", ...vacant.map(describeVacant)].join("; ")
      : `no profile ${JSON.stringify(profile)}`,
    names === "" ? "one that was set up" : names,
    "run this as the user whose gateway it is, or set OPENCLAW_STATE_DIR or gateway.stateDirectories",
  );
}

/** What an agent sees of its mail: of the work directory's, where that is its own, else of its workspace's. */
export function sightOfAgent(gateway: Gateway, agent: GatewayAgent, loaded: LoadedConfig): MailSight {
  const { directory, config: { waking: { agentId } } } = loaded;
  const target = findTarget([gateway], { directory, agentId, hasKey: false });
  const isOurs = !isObstacle(target) && target.agentId === agent.id;
  return sightOf(agent, mailDirectoryPath(isOurs ? directory : agent.workspace));
}

/** A gateway's configuration as it is now. @throws `USAGE` when it cannot be read */
export async function currentConfiguration(
  runtime: Runtime,
  gateway: Gateway,
): Promise<Readonly<Record<string, unknown>>> {
  const { config, problem } = await readConfiguration(runtime.files, gateway.configPath);
  if (problem !== undefined) {
    throw usageError("Read the gateway's configuration", problem, "one that OpenClaw can read");
  }
  return config;
}

/** Where the plugin is put for a work directory, and what is beside it. */
export function pluginPlaces(directory: string) {
  const { stateDirectory } = workDirectoryPaths(directory);
  return {
    plugin: joinPath(stateDirectory, "openclaw-plugin"),
    keyFile: joinPath(stateDirectory, "openclaw.key"),
    receivedFile: joinPath(stateDirectory, "openclaw-received.json"),
  };
}

/** The version that a plugin's files say. */
export function pluginVersion(plugin: PluginFiles): string {
  return String((JSON.parse(plugin["package.json"] ?? "{}") as Readonly<Record<string, unknown>>)["version"]);
}

/**
 * Which directory each agent's mail lies in: the agent that works in the work directory has it, and the other agents whose mail the daemon
 * carries have theirs; where none works in the work directory, the default one of the rest has it.
 */
export function workDirectoriesOf(
  { agents }: Gateway,
  { config, directory }: Pick<LoadedConfig, "config" | "directory">,
): Record<string, string> {
  const others = config.agents.others.flatMap(({ directory: theirs, id }) => {
    const found = agents.find(({ workspace }) => workspace === theirs) ?? agents.find((agent) => agent.id === id);
    return found === undefined ? [] : [[found.id, theirs] as const];
  });
  const taken = new Set(others.map(([id]) => id));
  const free = agents.filter(({ id }) => !taken.has(id));
  const own = free.find(({ workspace }) => workspace === directory) ?? free.find(({ isDefault }) => isDefault) ??
    free[0];
  const ownId = own?.id ?? (agents.length === 0 ? "main" : undefined);
  return Object.fromEntries([...(ownId === undefined ? [] : [[ownId, directory] as const]), ...others]);
}
