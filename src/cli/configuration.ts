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
 * Loads the configuration for a command.
 *
 * @throws `CONFIG_INVALID`, `CONFIG_UNKNOWN_KEY`, `SECRET_UNREADABLE`
 */
export async function loadConfiguration(
  cli: CliContext,
  flags: CommonFlags,
  settings: FlagSettings = {},
): Promise<LoadedConfig> {
  const { files, process } = cli.runtime;
  return await loadConfig({ files, process }, {
    directory: flags.dir ?? ".",
    configFile: flags.config,
    flags: { "log.format": flags.log, "log.level": flags.logLevel, ...settings },
    flagNames: FLAG_NAMES,
    environment: process.environment(),
  });
}
