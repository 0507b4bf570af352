import { isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import type { OpenClawUninstallFlags } from "../commands/openclaw.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { changesToUninstall } from "../openclaw/changes.ts";
import { applyChanges } from "../openclaw/gateway-command.ts";
import { chosenGateway, currentConfiguration, pluginPlaces } from "../openclaw/gateways.ts";
import { readPlugin, removePlugin } from "../openclaw/plugin-files.ts";
import { escapeText } from "../terminal.ts";

const OPENCLAW = "openclaw";

export default async function uninstall(this: Invocation, flags: OpenClawUninstallFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  const plugin = await readPlugin(await this.cli.plugin());
  const gateway = await chosenGateway(runtime, loaded, flags.profile);
  const places = pluginPlaces(loaded.directory);
  const changes = changesToUninstall(await currentConfiguration(runtime, gateway), places.plugin);
  standardOutput.write(
    `the gateway of ${escapeText(gateway.stateDirectory)} (${gateway.state})\n` +
      changes.map((change) => `  ${change.act} ${change.path} in ${escapeText(gateway.configPath)}\n`).join("") +
      `  remove ${escapeText(places.plugin)}, its key and what its receiver kept\n`,
  );
  if (flags.yes !== true) {
    standardOutput.write("nothing was changed: give --yes to do it\n");
    return;
  }
  await applyChanges(runtime.process, flags.openclaw ?? OPENCLAW, gateway, changes);
  await removePlugin(runtime.files, places.plugin, plugin);
  for (const file of [places.keyFile, places.receivedFile]) await removeIfThere(runtime.files, file);
  standardOutput.write("uninstalled\n");
}

async function removeIfThere(files: Pick<Files, "remove">, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) throw thrown;
  }
}
