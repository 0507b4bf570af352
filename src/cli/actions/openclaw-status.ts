import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { ANSWER_BYTES_MAX } from "../../limits.ts";
import {
  describeVacant,
  formatVersion,
  type Gateway,
  type GatewayAgent,
  readConfiguration,
} from "../../openclaw/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import type { OpenClawStatusFlags } from "../commands/openclaw.ts";
import { loadConfiguration } from "../configuration.ts";
import type { Invocation } from "../context.ts";
import { callHttp } from "../http-call.ts";
import { installedEntry } from "../openclaw/changes.ts";
import { hostGateways, pluginPlaces, sightOfAgent } from "../openclaw/gateways.ts";
import { installedVersion } from "../openclaw/plugin-files.ts";
import { type Cell, formatPairs } from "../table.ts";
import { escapeText, safeJson, wantsColour } from "../terminal.ts";

const PATIENCE_MS = 3_000;
const KEY_BYTES_MAX = 4_096;

/** The plugin in a gateway: in its configuration, and whether it answers. */
interface PluginState {
  readonly configured: boolean;
  readonly enabled: boolean;
  /** What is put down for the work directory. */
  readonly files: string | null;
  /** The version that answers in the gateway; `null` when none does. */
  readonly answers: string | null;
}

export default async function status(this: Invocation, flags: OpenClawStatusFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  const loaded = await loadConfiguration(this.cli, flags);
  const { gateways, vacant } = await hostGateways(runtime, loaded);
  const rows = await Promise.all(
    gateways.map(async (gateway) => ({ gateway, loaded, plugin: await pluginState(runtime, loaded, gateway) })),
  );
  if (flags.json) {
    const places = vacant.map(({ configPath, isNamed, stateDirectory }) => ({
      state_directory: stateDirectory,
      configuration: configPath,
      named: isNamed,
    }));
    standardOutput.write(`${safeJson({ gateways: rows.map(rowJson), vacant: places })}\n`);
    return;
  }
  if (rows.length === 0) standardOutput.write("no OpenClaw gateway was found for this user\n");
  const colour = wantsColour(standardOutput, runtime.process.environment());
  for (const row of rows) {
    standardOutput.write(`${formatRow(row, { widthMax: standardOutput.columns, colour })}${formatObstacles(row)}\n`);
  }
  for (const place of vacant) standardOutput.write(`${escapeText(describeVacant(place))}\n`);
}

interface Row {
  readonly gateway: Gateway;
  readonly loaded: LoadedConfig;
  readonly plugin: PluginState;
}

function rowJson({ gateway, loaded, plugin }: Row) {
  const { agents, baseUrl, generation, hooks, profile, state, stateDirectory, version } = gateway;
  return {
    profile: profile ?? null,
    state_directory: stateDirectory,
    state,
    url: baseUrl,
    version: version === undefined ? null : formatVersion(version),
    generation: generation ?? null,
    hooks: hooks.isEnabled,
    agents: agents.map((agent) => {
      const { id, name, workspace } = agent;
      return { id, name, workspace, sandbox: sandboxJson(gateway, agent, loaded) };
    }),
    plugin,
  };
}

/** `null` where the agent's heartbeats run on the host. */
function sandboxJson(gateway: Gateway, agent: GatewayAgent, loaded: LoadedConfig) {
  if (agent.sandbox === undefined) return null;
  const { kind, mailDirectory, obstacle } = sightOfAgent(gateway, agent, loaded);
  const { access, backend, setting } = agent.sandbox;
  return {
    setting,
    backend,
    workspace_access: access,
    mail: kind,
    mail_directory: mailDirectory,
    problem: obstacle?.why ?? null,
    hint: obstacle?.hint ?? null,
  };
}

type Pair = readonly [name: string, value: string | Cell];

/** Where an agent works, and, where it is in a sandbox, whether it sees its mail there. */
function agentPairs(gateway: Gateway, agent: GatewayAgent, loaded: LoadedConfig): Pair[] {
  const works: Pair = ["agent", `${agent.id} works in ${agent.workspace}`];
  if (agent.sandbox === undefined) return [works];
  const { kind, mailDirectory, obstacle } = sightOfAgent(gateway, agent, loaded);
  if (obstacle !== undefined) {
    const what = kind === "read-only" ? "cannot answer its mail" : "does not see its mail";
    return [works, ["sandbox", { text: `${agent.id} is in one, and ${what}`, tone: "warning" }]];
  }
  const how = kind === "tools" ? "comes to its mail by the plugin's tools" : `sees its mail as ${mailDirectory}`;
  return [works, ["sandbox", `${agent.id} is in one (${agent.sandbox.setting}), and ${how}`]];
}

/** Each in full, however narrow the terminal is. */
function formatObstacles({ gateway, loaded }: Row): string {
  return gateway.agents.flatMap((agent) => {
    const { obstacle } = sightOfAgent(gateway, agent, loaded);
    return obstacle === undefined ? [] : [`${escapeText(obstacle.why)}\n  -> ${escapeText(obstacle.hint)}\n`];
  }).join("");
}

function formatRow(
  { gateway, loaded, plugin }: Row,
  view: { readonly widthMax: number | undefined; readonly colour: boolean },
): string {
  const { agents, baseUrl, hooks, profile, state, stateDirectory, version } = gateway;
  return formatPairs([
    ["gateway", `${profile ?? "default"}, ${state} at ${baseUrl}`],
    ["version", version === undefined ? "unknown" : formatVersion(version)],
    ["state", stateDirectory],
    ...agents.flatMap((agent) => agentPairs(gateway, agent, loaded)),
    ["hooks", hooks.isEnabled ? "enabled" : "disabled"],
    ["plugin", describePlugin(plugin, state)],
  ], view);
}

function describePlugin({ answers, configured, enabled, files }: PluginState, state: Gateway["state"]) {
  if (answers !== null) return { text: `version ${answers} answers`, tone: "good" } as const;
  if (!configured) return { text: "not installed: barnacle openclaw install", tone: "faint" } as const;
  if (!enabled) return { text: "disabled in the gateway's configuration", tone: "warning" } as const;
  if (files !== null && state === "stopped") return { text: `version ${files}, once the gateway runs` } as const;
  return {
    text: files === null ? "configured, but its files are gone" : `version ${files} does not answer`,
    tone: "bad",
  } as const;
}

async function pluginState(runtime: Runtime, loaded: LoadedConfig, gateway: Gateway): Promise<PluginState> {
  const { config } = await readConfiguration(runtime.files, gateway.configPath);
  const entry = installedEntry(config);
  const places = pluginPlaces(loaded.directory);
  return {
    configured: entry !== undefined,
    enabled: entry?.["enabled"] === true,
    files: await installedVersion(runtime.files, places.plugin) ?? null,
    answers: entry === undefined ? null : await askPlugin(runtime, gateway, places.keyFile),
  };
}

async function askPlugin(runtime: Runtime, gateway: Gateway, keyFile: string): Promise<string | null> {
  const client = runtime.http.client({});
  try {
    const token = new TextDecoder().decode(await runtime.files.read(keyFile, KEY_BYTES_MAX)).trim();
    const { status: code, text } = await callHttp({ client, clock: runtime.clock }, {
      url: `${gateway.baseUrl}/barnacle/health`,
      token,
      timeoutMs: PATIENCE_MS,
      answerBytesMax: ANSWER_BYTES_MAX,
    });
    if (code !== 200) return null;
    const answer: unknown = JSON.parse(text);
    const version = typeof answer === "object" && answer !== null && "plugin_version" in answer
      ? answer.plugin_version
      : undefined;
    return typeof version === "string" ? version : null;
  } catch (thrown) {
    // A gateway's own page under this address is HTML: the plugin is not there.
    if (thrown instanceof SyntaxError || (isBarnacleError(thrown) && thrown.code !== "INTERNAL")) return null;
    throw thrown;
  } finally {
    client.close();
  }
}
