/**
 * Whom to wake: the agent that works where the mail lies.
 *
 * @module
 */
import { chooseGateway } from "../metadata.ts";
import type { Gateway, GatewayAgent } from "../types.ts";

/** An agent of a gateway. */
export interface Target {
  readonly gateway: Gateway;
  readonly agentId: string;
  /** Nobody but the gateway's plugin says that this agent's mail lies here: it has to be asked. */
  readonly isByPlugin: boolean;
}

/** Why something is not done, and what to do about it. */
export interface Obstacle {
  readonly why: string;
  readonly hint: string;
}

/** Where mail lies and who is said to read it. */
export interface TargetInit {
  /** The work directory. */
  readonly directory: string;
  /** As configured. */
  readonly agentId?: string | undefined;
  /** What the agent is called here, where it is one of several: that counts where none works in the directory. */
  readonly id?: string | undefined;
  /** Agents whose mail lies elsewhere, and who are not meant therefore. */
  readonly otherIds?: readonly string[] | undefined;
  /** There is a key that our plugin in a gateway would know. */
  readonly hasKey: boolean;
}

const SHOWN_MAX = 3;

/** The agent to wake, or why there is none. */
export function findTarget(gateways: readonly Gateway[], init: TargetInit): Target | Obstacle {
  const { agentId, directory, hasKey, id, otherIds = [] } = init;
  const local = gateways.filter(({ mode }) => mode === "local");
  if (local.length === 0) {
    return { why: "no OpenClaw gateway is on this host", hint: "barnacle doctor says where it looks" };
  }
  const here = withoutSlash(directory);
  const byId = (wanted: string) => ({ id: one }: Named) => one === wanted.toLowerCase();
  const ways: readonly ((agent: Named) => boolean)[] = agentId !== undefined
    ? [byId(agentId)]
    : [({ workspace }) => withoutSlash(workspace) === here, ...(id === undefined ? [] : [byId(id)])];
  for (const isWanted of ways) {
    const gateway = chooseGateway(local.filter(({ agents }) => agents.some(isWanted)));
    const found = gateway?.agents.find(isWanted);
    if (gateway !== undefined && found !== undefined) return { gateway, agentId: found.id, isByPlugin: false };
  }
  if (agentId !== undefined) {
    return {
      why: `no gateway of this host has an agent ${JSON.stringify(agentId)}`,
      hint: "set waking.agentId to one that barnacle doctor names",
    };
  }
  if (id !== undefined) {
    return {
      why: `no gateway of this host has an agent ${JSON.stringify(id)}, or one that works in ${directory}`,
      hint: "give it in agents.others the id and the workspace that barnacle doctor names",
    };
  }
  const chosen = hasKey ? chooseGateway(local) : undefined;
  const free = chosen?.agents.filter((agent) => !otherIds.includes(agent.id));
  const byDefault = free?.find(({ isDefault }) => isDefault) ?? free?.[0];
  if (chosen !== undefined && byDefault !== undefined) {
    return { gateway: chosen, agentId: byDefault.id, isByPlugin: true };
  }
  const elsewhere = local.flatMap(({ agents }) => agents.map(({ id, workspace }) => `${id} works in ${workspace}`));
  return {
    why: `no agent of a gateway works in ${directory}` + (elsewhere.length === 0 ? "" : `: ${shorten(elsewhere)}`),
    hint: "where its workspace moved, run barnacle init and the agent there; or name the agent in waking.agentId",
  };
}

function shorten(names: readonly string[]): string {
  const rest = names.length - SHOWN_MAX;
  return names.slice(0, SHOWN_MAX).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

export function isObstacle(found: Target | Obstacle): found is Obstacle {
  return "why" in found;
}

type Named = Pick<GatewayAgent, "id" | "workspace">;

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
