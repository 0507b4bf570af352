/**
 * What a gateway's files and answers say, in the form in which OpenClaw's plugin tells it to a Monitor. Source: the Monitor's contract,
 * "The bridge".
 *
 * @module
 */
import type { OpenClawMetadataPush } from "../contract/mod.ts";
import type { Gateway } from "./types.ts";
import { formatVersion } from "./version.ts";

const AGENT_STATES = { running: "online", starting: "online", stopped: "offline", unknown: "unknown" } as const;

/** The gateway that speaks for this host: the one that is named, else the first that runs, else the first. */
export function chooseGateway(gateways: readonly Gateway[]): Gateway | undefined {
  return gateways.find(({ isNamed }) => isNamed) ?? gateways.find(({ state }) => state === "running") ?? gateways[0];
}

/** The metadata of a gateway; what is not known is left out. */
export function metadataOf(gateway: Gateway): OpenClawMetadataPush {
  const { agents, state, version } = gateway;
  return {
    ...(version === undefined ? {} : { version: formatVersion(version) }),
    agents: agents.map(({ id, name }) => ({ id, name, status: AGENT_STATES[state] })),
  };
}
