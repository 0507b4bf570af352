/**
 * The configuration for a command in the work directory of an agent whose mail another directory's daemon carries: the daemon's, as that
 * agent has it.
 *
 * @module
 */
import { readCarrier } from "../carried-by.ts";
import { type LoadedConfig, loadedForAgent } from "../config/mod.ts";
import { resolvePath, statIfThere } from "../store/mod.ts";
import type { CommonFlags } from "./command.ts";
import { type FlagSettings, loadOwnConfiguration } from "./configuration.ts";
import type { CliContext } from "./context.ts";

/** Loads it; as any other where the directory is its own master. @throws as `loadOwnConfiguration` */
export async function loadCarried(cli: CliContext, flags: CommonFlags, settings: FlagSettings): Promise<LoadedConfig> {
  const { files, process } = cli.runtime;
  const directory = resolvePath(process.workingDirectory(), flags.dir ?? ".");
  const word = flags.config === undefined ? await readCarrier(files, directory) : undefined;
  // A daemon that moved away, or gave the agent up, has no say any more.
  if (word === undefined || await statIfThere(files, word.configFile) === undefined) {
    return await loadOwnConfiguration(cli, flags, settings);
  }
  const { agentId, configFile, directory: hostDirectory, identity } = word;
  const loaded = await loadOwnConfiguration(cli, { ...flags, config: configFile }, settings, hostDirectory);
  // The word lies in the agent's directory, whatever the way there is called.
  const agent = loaded.config.agents.others.find(({ id }) => id === agentId);
  if (agent === undefined) return await loadOwnConfiguration(cli, flags, settings);
  return {
    ...await loadedForAgent(loaded, agent),
    directory,
    carriedBy: { directory: hostDirectory, agentId, identity },
  };
}
