/**
 * The plugin of an OpenClaw gateway: tells Barnacle which gateway and agents are here, gives the agents mail as tools and instructions,
 * wakes them, and takes the statuses of other instances.
 *
 * `register` runs several times, in other processes too, so it only says what there is; what acts begins with the gateway.
 *
 * @module
 */
import { PLUGIN_ID } from "../facts/mod.ts";
import type { GatewayApi, GatewayContext, GatewayEvent } from "./gateway-api.ts";
import { jsonRoute } from "./json-route.ts";
import { heartbeatText } from "./prompt.ts";
import { Pusher } from "./pusher.ts";
import type { Receiver } from "./receiver.ts";
import { rosterOf } from "./roster.ts";
import { readSettings, type Settings } from "./settings.ts";
import { registerTools } from "./tools.ts";
import { versionOf } from "./version.ts";
import { wakeAgent } from "./wake.ts";

/** Put in by the build. */
declare const BARNACLE_VERSION: string;

export default {
  id: PLUGIN_ID,
  name: "Barnacle",
  description: "Mail between agents, waking, and status: the gateway's side of the Barnacle of this host.",
  register(api: GatewayApi): void {
    const settings = readSettings(api.pluginConfig);
    const { keyFile } = settings;
    registerPushing(api, settings);
    api.on("heartbeat_prompt_contribution", (event, context) => contribution(api, settings, event, context));
    api.registerHttpRoute({
      path: "/barnacle/health",
      auth: "plugin",
      match: "exact",
      handler: jsonRoute(
        keyFile,
        "GET",
        () => ({ status: 200, body: { plugin_version: BARNACLE_VERSION, version: versionOf(api) } }),
      ),
    });
    api.registerHttpRoute({
      path: "/barnacle/wake",
      auth: "plugin",
      match: "exact",
      handler: jsonRoute(keyFile, "POST", (body) => wakeAgent(api, body)),
    });
    const receiver = settings.isReceiver ? registerReceiver(api, settings) : undefined;
    registerTools(
      api,
      settings,
      receiver === undefined ? {} : { fleet_status: async (input) => (await receiver()).describeFleet(input) },
    );
  },
};

function registerPushing(api: GatewayApi, settings: Settings): void {
  const pusher = new Pusher({
    fetch: (...call) => fetch(...call),
    metadata: () => ({
      version: versionOf(api),
      plugin_version: BARNACLE_VERSION,
      agents: rosterOf(api.runtime.config?.current?.() ?? api.config),
    }),
    debug: (text) => api.logger?.debug?.(`${PLUGIN_ID}: ${text}`),
  }, settings);
  // The service is started anew when the roster changes, while the gateway's start is told once.
  api.registerService({
    id: PLUGIN_ID,
    reload: { configPrefixes: ["agents"] },
    start: () => pusher.start(),
    stop: () => void pusher.stop(undefined),
  });
  api.on("gateway_start", () => pusher.start());
  api.on("gateway_stop", ({ reason }) => pusher.stop(typeof reason === "string" ? reason : "gateway stopping"));
}

function contribution(api: GatewayApi, settings: Settings, event: GatewayEvent, context: GatewayContext) {
  const agentId = event.agentId ?? context.agentId;
  if (typeof agentId !== "string") return undefined;
  const workDirectory = settings.workDirectories[agentId];
  return workDirectory === undefined ? undefined : { appendContext: heartbeatText(api, { agentId, workDirectory }) };
}

/** The receiver's code is read in when somebody publishes. */
function registerReceiver(api: GatewayApi, settings: Settings): () => Promise<Receiver> {
  let receiver: Promise<Receiver> | undefined;
  const load = () =>
    receiver ??= import("./receiver.ts").then(({ openReceiver }) =>
      openReceiver({ ...settings, debug: (text) => api.logger?.debug?.(`${PLUGIN_ID}: ${text}`) })
    );
  api.registerHttpRoute({
    path: "/openclaw/status",
    auth: "plugin",
    match: "exact",
    handler: async (request, response) => await (await load()).handle(request, response),
  });
  api.on("gateway_stop", async () => await (await receiver)?.close());
  return load;
}
