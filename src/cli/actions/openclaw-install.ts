import type { LoadedConfig } from "../../config/mod.ts";
import { encodeBase64Url } from "../../contract/mod.ts";
import { type Gateway, isOlderVersion, isUntried, TRIED_VERSIONS } from "../../openclaw/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { replaceFile, statIfThere } from "../../store/mod.ts";
import type { OpenClawInstallFlags } from "../commands/openclaw.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { readEndpointFile } from "../endpoint.ts";
import { usageError } from "../failure.ts";
import { ensureStateDirectory } from "../mail/identity.ts";
import { requireWorkDirectory } from "../mail/work-directory.ts";
import { changesToInstall } from "../openclaw/changes.ts";
import { applyChanges } from "../openclaw/gateway-command.ts";
import {
  chosenGateway,
  currentConfiguration,
  pluginPlaces,
  pluginVersion,
  workDirectoriesOf,
} from "../openclaw/gateways.ts";
import { readPlugin, writePlugin } from "../openclaw/plugin-files.ts";
import { escapeText } from "../terminal.ts";

const KEY_BYTES = 32;
const OPENCLAW = "openclaw";

export default async function install(this: Invocation, flags: OpenClawInstallFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  await requireWorkDirectory(runtime.files, loaded.directory);
  const plugin = await readPlugin(await this.cli.plugin());
  const gateway = await chosenGateway(runtime, loaded, flags.profile);
  requireRecent(gateway);
  const places = pluginPlaces(loaded.directory);
  const pluginConfig = await pluginConfigOf(runtime, loaded, gateway, flags);
  const changes = changesToInstall(await currentConfiguration(runtime, gateway), places.plugin, pluginConfig);
  standardOutput.write(
    `the gateway of ${escapeText(gateway.stateDirectory)} (${gateway.state})\n` +
      `  put the plugin ${pluginVersion(plugin)} into ${escapeText(places.plugin)}, its key into ${
        escapeText(places.keyFile)
      }\n` +
      changes.map((change) => `  ${change.act} ${change.path} in ${escapeText(gateway.configPath)}\n`).join("") +
      caution(gateway),
  );
  if (flags.yes !== true) {
    standardOutput.write("nothing was changed: give --yes to do it\n");
    return;
  }
  await ensureStateDirectory(runtime, loaded);
  await makeKey(runtime, places.keyFile);
  await writePlugin(runtime, places.plugin, plugin);
  await applyChanges(runtime.process, flags.openclaw ?? OPENCLAW, gateway, changes);
  standardOutput.write("installed; barnacle openclaw status shows whether the gateway has loaded it\n");
}

/** @throws `USAGE` for a gateway that would not load the plugin */
function requireRecent({ version }: Gateway): void {
  const [oldest] = TRIED_VERSIONS;
  if (version === undefined || isOlderVersion(version.number, oldest) !== true) return;
  throw usageError(
    "Install the plugin",
    `OpenClaw ${version.number}`,
    `${oldest} or newer`,
    "update OpenClaw; until then HEARTBEAT.md tells its agents, and the webhook wakes them",
  );
}

function caution({ version }: Gateway): string {
  if (version === undefined || !isUntried(version.number)) return "";
  return `  the plugin was tried in ${
    TRIED_VERSIONS.join(" and ")
  }, not in ${version.number}: openclaw status shows whether it answers\n`;
}

async function pluginConfigOf(runtime: Runtime, loaded: LoadedConfig, gateway: Gateway, flags: OpenClawInstallFlags) {
  const { http, monitor } = loaded.config;
  const { keyFile, receivedFile } = pluginPlaces(loaded.directory);
  const endpoint = await readEndpointFile(runtime.files, loaded.directory);
  const token = http.token?.reveal();
  return {
    ...(flags.monitor === true
      ? { monitorUrl: `http://127.0.0.1:${monitor.port}` }
      : { barnacleUrl: endpoint?.http ?? `http://${http.listen}` }),
    ...(token === undefined || flags.monitor === true ? {} : { token }),
    ...(flags.command === undefined ? {} : { command: flags.command }),
    workDirectories: workDirectoriesOf(gateway, loaded),
    keyFile,
    ...(flags.receiver === true ? { receiver: true, receivedFile } : {}),
  };
}

/** A key that is there stays: others may use it already. */
async function makeKey(runtime: Runtime, keyFile: string): Promise<void> {
  if (await statIfThere(runtime.files, keyFile) !== undefined) return;
  const key = encodeBase64Url(runtime.random.bytes(KEY_BYTES));
  await replaceFile(runtime, keyFile, new TextEncoder().encode(`${key}\n`), { mode: 0o600 });
}
