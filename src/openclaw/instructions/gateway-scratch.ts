/**
 * The scratch of an agent's heartbeat, reached as the gateway's operator.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import type { Files, Process } from "../../runtime/port.ts";
import { readGatewayToken } from "../gateway-token.ts";
import type { Gateway } from "../types.ts";
import { type SessionComponents, withGatewaySession } from "./gateway-session.ts";
import { editScratch, type ScratchEdited } from "./scratch.ts";

/** What reaching it takes. */
export interface ScratchComponents extends SessionComponents {
  readonly files: Pick<Files, "read">;
  readonly process: Pick<Process, "environment">;
}

/** Whose it is. */
export interface ScratchOwner {
  readonly gateway: Gateway;
  readonly agentId: string;
}

/**
 * Changes it by compare and swap, in a session of its own.
 *
 * @param edit as {@link editScratch} takes it
 * @throws `UNAVAILABLE` when the gateway does not run, `UNAUTHORIZED` when its token is not known here, and what
 *   {@link withGatewaySession} and {@link editScratch} throw
 */
export async function editGatewayScratch(
  components: ScratchComponents,
  { agentId, gateway }: ScratchOwner,
  edit: (text: string | undefined) => string | undefined,
): Promise<ScratchEdited> {
  if (gateway.state !== "running") {
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: `Reach the gateway at ${gateway.baseUrl}`,
      value: `one that is ${gateway.state}`,
      wanted: "one that runs",
      hint: "start it, then run this again",
    });
  }
  const token = await readGatewayToken(components, gateway);
  if (token === undefined) {
    throw new BarnacleError({
      code: "UNAUTHORIZED",
      action: `Reach the gateway at ${gateway.baseUrl}`,
      value: "no token of it (gateway.auth.token, OPENCLAW_GATEWAY_TOKEN)",
      wanted: "the operator's token",
      hint: "set OPENCLAW_GATEWAY_TOKEN for this command, or install the plugin, which needs none",
    });
  }
  return await withGatewaySession(components, gateway, token, (call) => editScratch(call, agentId, edit));
}

/** The scratch as it is, `undefined` where there is none; changes nothing. @throws as {@link editGatewayScratch} */
export async function readGatewayScratch(
  components: ScratchComponents,
  owner: ScratchOwner,
): Promise<string | undefined> {
  let found: string | undefined;
  await editGatewayScratch(components, owner, (text) => found = text);
  return found;
}
