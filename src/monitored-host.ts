/**
 * Whether this process is the Monitor of its host, and the name by which the host is measured and found.
 *
 * @module
 */
import type { Config } from "./config/mod.ts";
import { NAME_CHARACTERS_MAX } from "./limits.ts";
import type { Runtime } from "./runtime/port.ts";

/** The hub in this process, if there is one. */
type OwnHub = { readonly url: string } | undefined;
type Host = Pick<Runtime["process"], "hostFacts">;

/** Whether the agent is to be the host's Monitor: one that is not told so has somebody to report to. */
export function isMonitor({ monitor: { backendUrl, enabled } }: Config, ownHub: OwnHub): boolean {
  return enabled === "on" || (enabled === "auto" && (backendUrl !== undefined || ownHub !== undefined));
}

/** The name under which a backend knows this host. */
export function hostIdentifier({ monitor }: Config, process: Host): string {
  return monitor.identifier ?? (process.hostFacts().hostName.slice(0, NAME_CHARACTERS_MAX) || "localhost");
}

/**
 * The tag `host`, by which a hub shows the host's telemetry with this agent.
 *
 * The host's own name goes only to whom our Monitor tells it anyway: the receiver that is its backend too.
 */
export function hostTag(config: Config, process: Host, ownHub: OwnHub): Readonly<Record<string, string>> {
  const { monitor: { backendUrl, identifier }, openclaw } = config;
  if (identifier !== undefined) return { host: identifier };
  const [backend, receiver] = [backendUrl ?? ownHub?.url, openclaw.baseUrl ?? ownHub?.url];
  const isOne = backend !== undefined && receiver !== undefined &&
    new URL(backend).origin === new URL(receiver).origin;
  return isOne && isMonitor(config, ownHub) ? { host: hostIdentifier(config, process) } : {};
}
