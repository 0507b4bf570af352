import type { GatewayConfig } from "./gateway-api.ts";

/** An agent as the Monitor's contract knows it. */
export interface RosterAgent {
  readonly id: string;
  readonly name: string;
  readonly status: "online";
}

const SOLE_AGENT = "main";

/** The gateway's agents, from either shape of its configuration; empty when there is none. */
export function rosterOf(config: GatewayConfig | undefined): RosterAgent[] {
  const { entries, list } = config?.agents ?? {};
  if (entries !== undefined) return Object.entries(entries).map(([id, entry]) => agent(id, entry?.name));
  // Where no agent is named there is one all the same.
  if (list === undefined) return config === undefined ? [] : [agent(SOLE_AGENT, undefined)];
  return list.flatMap(({ id, name }) => typeof id === "string" ? [agent(id, name)] : []);
}

function agent(id: string, name: unknown): RosterAgent {
  return { id, name: typeof name === "string" && name !== "" ? name : id, status: "online" };
}
