/**
 * The token by which a gateway knows its operator, for the one thing that its webhooks cannot do.
 *
 * @module
 */
import { Secret } from "../log/mod.ts";
import type { Files, Process } from "../runtime/port.ts";
import { readConfiguration, readVariables, substitute } from "./configuration.ts";
import { PLUGIN_ID } from "./facts/mod.ts";
import { variableOf } from "./places.ts";
import { recordOf, textOf } from "./record.ts";
import type { Gateway } from "./types.ts";

/** The token of the configuration, else of the environment; `undefined` when it is known to the gateway alone. */
export async function readGatewayToken(
  { files, process }: { readonly files: Pick<Files, "read">; readonly process: Pick<Process, "environment"> },
  { configPath, stateDirectory }: Gateway,
): Promise<Secret | undefined> {
  const environment = process.environment();
  const { config } = await readConfiguration(files, configPath);
  const configured = textOf(recordOf(recordOf(config["gateway"])["auth"])["token"]);
  const lookUp = await readVariables(files, { environment, stateDirectory, config });
  const token = configured === undefined
    ? variableOf(environment, "OPENCLAW_GATEWAY_TOKEN")
    : substitute(configured, lookUp);
  return token === undefined || token === "" ? undefined : new Secret(token);
}

/** Whether the configuration names our plugin. */
export async function hasPluginEntry(files: Pick<Files, "read">, { configPath }: Gateway): Promise<boolean> {
  const { config } = await readConfiguration(files, configPath);
  const entry = recordOf(recordOf(config["plugins"])["entries"])[PLUGIN_ID];
  return entry !== undefined && recordOf(entry)["enabled"] !== false;
}
