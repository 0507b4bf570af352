import { loadConfig } from "../config/mod.ts";
import type { LoadedConfig } from "../config/mod.ts";
import type { CommonFlags } from "./command.ts";
import type { CliContext } from "./context.ts";

/** How the flags that set something are written, by the setting's path. */
const FLAG_NAMES = {
  "http.listen": "--http",
  "hub.listen": "--listen",
  "relay.listen": "--listen",
  "relay.advertise": "--advertise",
  "relay.access": "--access",
  "relay.httpListen": "--http",
  "monitor.port": "--monitor-port",
  "monitor.configFile": "--monitor-config",
  "moltcomm.listen": "--listen",
  "moltcomm.bootstrap": "--bootstrap",
  "moltcomm.advertise": "--advertise",
  "log.format": "--log",
  "log.level": "--log-level",
} as const;

/** What a command's own flags set, by the setting's path. */
export type FlagSettings = { readonly [Path in keyof typeof FLAG_NAMES]?: string | readonly string[] | undefined };

/**
 * Loads the configuration for a command: in the work directory of an agent whose mail another directory's daemon carries, that daemon's.
 *
 * @throws `CONFIG_INVALID`, `CONFIG_UNKNOWN_KEY`, `SECRET_UNREADABLE`
 */
export async function loadConfiguration(
  cli: CliContext,
  flags: CommonFlags,
  settings: FlagSettings = {},
): Promise<LoadedConfig> {
  const { loadCarried } = await import("./carried.ts");
  return await loadCarried(cli, flags, settings);
}

/**
 * Loads the configuration of the work directory itself.
 *
 * @param hostDirectory the work directory of the daemon whose configuration it is, where that is another one
 * @throws as `loadConfiguration`
 */
export async function loadOwnConfiguration(
  cli: CliContext,
  flags: CommonFlags,
  settings: FlagSettings = {},
  hostDirectory?: string,
): Promise<LoadedConfig> {
  const { files, process } = cli.runtime;
  return await loadConfig({ files, process }, {
    directory: flags.dir ?? ".",
    configFile: flags.config,
    flags: { "log.format": flags.log, "log.level": flags.logLevel, ...settings },
    flagNames: FLAG_NAMES,
    environment: process.environment(),
    hostDirectory,
  });
}
