/** The node's endpoints, for the commands of this host. @module */
import { errorAnswer, type PeerAnswer, peersAnswer, pingAnswer, type PingRequest, pingRequest } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError, toBarnacleError } from "../errors.ts";
import { jsonAnswer, type Route } from "../http/mod.ts";
import type { PeerView } from "./types.ts";

const PING_REQUEST_BYTES_MAX = 1_024;

/** What the endpoints ask of the node. */
export interface NodeEndpoints {
  peers(): readonly PeerView[];
  /** @param peer a node id, or a contact's name @throws `CONTACT_UNKNOWN`, `TIMED_OUT` and the network's codes */
  ping(peer: string): Promise<{ readonly nodeId: string; readonly roundTripMs: number }>;
}

/** `GET /mail/peers`, `POST /mail/ping`. */
export function nodeRoutes(node: NodeEndpoints): Route[] {
  return [peersRoute(node), pingRoute(node) as Route];
}

function peersRoute(node: NodeEndpoints): Route {
  return {
    method: "GET",
    path: "/mail/peers",
    summary: "The MoltComm nodes this host knows",
    access: "token",
    answers: {
      200: { description: "Connected ones first", schema: peersAnswer },
      401: { description: "A token is missing or wrong", schema: errorAnswer },
    },
    handle: () => jsonAnswer(200, { peers: node.peers().map(peerAnswerOf) }),
  };
}

function pingRoute(node: NodeEndpoints): Route<PingRequest> {
  return {
    method: "POST",
    path: "/mail/ping",
    summary: "Ask a peer for a sign of life and measure the round trip",
    access: "token",
    body: { schema: pingRequest, bytesMax: PING_REQUEST_BYTES_MAX },
    answers: {
      200: { description: "It answered", schema: pingAnswer },
      401: { description: "A token is missing or wrong", schema: errorAnswer },
      404: { description: "No such contact, or no address is known", schema: errorAnswer },
      502: { description: "The peer could not be reached, or did not answer in time", schema: errorAnswer },
    },
    handle: async ({ body }) => {
      try {
        const { nodeId, roundTripMs } = await node.ping(body.peer);
        return jsonAnswer(200, { node_id: nodeId, round_trip_ms: roundTripMs });
      } catch (thrown) {
        throw isBarnacleError(thrown, "CONTACT_UNKNOWN") ? thrown : noAnswer(body.peer, thrown);
      }
    },
  };
}

function noAnswer(peer: string, cause: unknown): BarnacleError {
  const { code, value, hint } = toBarnacleError(cause, "Ping");
  return new BarnacleError({
    code: "REMOTE_FAILURE",
    action: `Ping ${JSON.stringify(peer)}`,
    value: value ?? code,
    wanted: "an answer",
    ...(hint === undefined ? {} : { hint }),
    retryable: true,
    cause,
  });
}

function peerAnswerOf(peer: PeerView): PeerAnswer {
  return {
    node_id: peer.nodeId,
    addresses: [...peer.addresses],
    agent: peer.agent ?? null,
    connected: peer.connected,
    last_handshake: peer.lastHandshakeAtMs === null ? null : new Date(peer.lastHandshakeAtMs).toISOString(),
    record_expires: new Date(peer.recordExpiresAtMs).toISOString(),
  };
}
