/**
 * What a gateway's configuration says of the gateway itself: its port, its mode, its webhooks.
 *
 * @module
 */
import { Secret } from "../log/mod.ts";
import { substitute } from "./configuration.ts";
import type { StatePlace } from "./places.ts";
import { isRecord, portOf, recordOf, textOf } from "./record.ts";
import type { Gateway, GatewayHooks, Generation, Unknown } from "./types.ts";

/** Looks a variable up as the gateway would. */
export type LookUp = (name: string) => string | undefined;

const DEFAULT_PORT = 18_789;
const DEVELOPMENT_PORT = 19_001;
const DEFAULT_HOOKS_PATH = "/hooks";
/** From 2026.8.1 on a named profile has a port of its own: FNV-1a (32 bits) of its name, in this range. */
const PROFILE_PORTS = { first: 20_000, count: 40_000 } as const;
const FNV_OFFSET = 2_166_136_261;
const FNV_PRIME = 16_777_619;

/** The port by configuration, environment and defaults. */
export function readPort(
  config: Readonly<Record<string, unknown>>,
  environmentPort: string | undefined,
  { profile }: StatePlace,
  generation: Generation | undefined,
): Pick<Gateway, "port" | "portFrom"> {
  const given = portOf(Number(/^(?:.*:)?(\d{1,5})$/.exec(environmentPort ?? "")?.[1]));
  if (given !== undefined) return { port: given, portFrom: "environment" };
  const configured = portOf(recordOf(config["gateway"])["port"]);
  if (configured !== undefined) return { port: configured, portFrom: "configuration" };
  if (profile === undefined) return { port: DEFAULT_PORT, portFrom: "default" };
  if (generation !== "heartbeat-file") return { port: profilePort(profile), portFrom: "default" };
  return { port: profile === "dev" ? DEVELOPMENT_PORT : DEFAULT_PORT, portFrom: "default" };
}

function profilePort(profile: string): number {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(profile)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  return PROFILE_PORTS.first + hash % PROFILE_PORTS.count;
}

/** Whether the gateway serves here over TLS, or is another host's. */
export function readWay(
  config: Readonly<Record<string, unknown>>,
): { readonly scheme: "http" | "https" } & Pick<Gateway, "mode"> {
  const gateway = recordOf(config["gateway"]);
  return {
    scheme: recordOf(gateway["tls"])["enabled"] === true ? "https" : "http",
    mode: gateway["mode"] === "remote" ? "remote" : "local",
  };
}

/** The webhooks; what keeps them from being used goes into `unknown`. */
export function readHooks(
  config: Readonly<Record<string, unknown>>,
  baseUrl: string,
  lookUp: LookUp,
  unknown: Unknown[],
): GatewayHooks {
  const hooks = recordOf(config["hooks"]);
  const isEnabled = hooks["enabled"] === true;
  const path = `/${textOf(hooks["path"]) ?? DEFAULT_HOOKS_PATH}`.replace(/^\/+/, "/").replace(/\/+$/, "");
  const token = readToken(hooks["token"], lookUp);
  if (isEnabled && token === undefined) {
    unknown.push({ what: "hook token", why: whyNoToken(hooks["token"]) });
  }
  const { allowedAgentIds: ids } = hooks;
  return {
    isEnabled,
    url: `${baseUrl}${path}`,
    token,
    allowedAgentIds: Array.isArray(ids) && !ids.includes("*") ? ids.filter((id) => typeof id === "string") : undefined,
  };
}

function readToken(value: unknown, lookUp: LookUp): Secret | undefined {
  const text = textOf(value);
  const token = text === undefined ? undefined : substitute(text, lookUp);
  return token === undefined || token === "" ? undefined : new Secret(token);
}

function whyNoToken(value: unknown): string {
  if (textOf(value) !== undefined) return "hooks.token names a variable whose value is known to the gateway only";
  return isRecord(value) ? "hooks.token is no text" : "hooks.token is not set";
}
