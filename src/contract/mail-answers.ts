/**
 * What the agent answers when it is asked about its mail.
 *
 * @module
 */
import * as z from "zod/mini";
import { NAME_CHARACTERS_MAX } from "../limits.ts";
import { count, nodeId, timestamp } from "./primitives.ts";
import { wakingAnswer } from "./watched-answers.ts";

/** A relay at which this host is found, or could be. */
const relayAnswer = z.lazy(() =>
  z.looseObject({
    address: z.string(),
    /** Who answers there, or must; `null` while nobody is known. */
    node_id: z.nullable(nodeId),
    /** A manifest says who must answer there. */
    pinned: z.boolean(),
    /** `registered`: others are told that they reach this host there. `waiting`: it failed, and is tried again. `spare`: not in use. */
    state: z.enum(["registered", "connecting", "waiting", "spare"]),
    round_trip_ms: z.nullable(z.number().check(z.minimum(0))),
  })
);
export type RelayAnswer = z.infer<typeof relayAnswer>;

/** The mail of this host in `GET /status`: who it is, what waits in either direction, and what keeps it from working, if anything. */
export const mailAnswer = z.lazy(() =>
  z.looseObject({
    node_id: nodeId,
    /** Where other nodes connect; `null` while the node does not listen. */
    address: z.nullable(z.string()),
    peers: count,
    connections: count,
    /** Absent in answers of releases that knew no relays. */
    relays: z.optional(z.array(relayAnswer)),
    /** Whether this host can be dialled, as far as is known. */
    reachable: z.optional(z.enum(["yes", "no", "unknown"])),
    inbox: z.looseObject({
      last_seq: count,
      /** What the agent has read, by its own cursor. */
      cursor: count,
      unread: count,
      /** Why no message can be taken now; `null` when all is well. */
      problem: z.nullable(z.string()),
    }),
    /** Messages of this process's life, but `queued` and `kept`, which outlive it. */
    outbox: z.looseObject({
      queued: count,
      /** Of these, how many relays keep for recipients that are away; absent in answers of releases that did not know. */
      kept: z.optional(count),
      in_flight: count,
      delivered: count,
      failed: count,
      /** Why nothing can be sent now; `null` when all is well. */
      problem: z.nullable(z.string()),
    }),
  })
);
export type MailAnswer = z.infer<typeof mailAnswer>;

/** One of the other agents whose mail this host's daemon carries, in `GET /status`. */
export const agentMailAnswer = z.lazy(() =>
  z.looseObject({
    id: z.string(),
    directory: z.string(),
    identity: z.enum(["own", "shared"]),
    /** `null` while its mail has not started. */
    mail: z.nullable(mailAnswer),
    /** `null` while there is no gateway, or nobody is to be woken. */
    waking: z.nullable(wakingAnswer),
    /** Why its mail does not work; `null` when all is well. */
    problem: z.nullable(z.string()),
  })
);
export type AgentMailAnswer = z.infer<typeof agentMailAnswer>;

/** Which agent's mail a question is about, where the daemon carries that of several; without it the daemon's own. */
export const mailQuery = z.lazy(() =>
  z.object({ agent: z.optional(z.string().check(z.minLength(1), z.maxLength(NAME_CHARACTERS_MAX))) })
);
export type MailQuery = z.infer<typeof mailQuery>;

/** One peer of `GET /mail/peers`. */
const peerAnswer = z.lazy(() =>
  z.looseObject({
    node_id: nodeId,
    addresses: z.array(z.string()),
    agent: z.nullable(z.string()),
    /** Whether it says that it takes sealed messages; absent in answers of releases that knew nothing of them. */
    sealing: z.optional(z.boolean()),
    connected: z.boolean(),
    /** The relay over which mail to it goes now; `null` when it goes directly, or not at all. */
    relay: z.optional(z.nullable(z.string())),
    last_handshake: z.nullable(timestamp),
    record_expires: timestamp,
  })
);
export type PeerAnswer = z.infer<typeof peerAnswer>;

/** `GET /mail/peers`. */
export const peersAnswer = z.lazy(() =>
  z.looseObject({ peers: z.array(peerAnswer), relays: z.optional(z.array(relayAnswer)) })
);
export type PeersAnswer = z.infer<typeof peersAnswer>;

/** `POST /mail/ping`. `peer` is a node id or a contact's name. */
export const pingRequest = z.lazy(() =>
  z.strictObject({ peer: z.string().check(z.minLength(1), z.maxLength(NAME_CHARACTERS_MAX)) })
);
export type PingRequest = z.infer<typeof pingRequest>;

/** The answer to `POST /mail/ping`. */
export const pingAnswer = z.lazy(() =>
  z.looseObject({ node_id: nodeId, round_trip_ms: z.number().check(z.minimum(0)) })
);
export type PingAnswer = z.infer<typeof pingAnswer>;

/** The answer to `POST /mail/archive`: the archived file's name, or why nothing was archived. */
export const archiveAnswer = z.lazy(() =>
  z.looseObject({ archived: z.nullable(z.string()), reason: z.optional(z.string()) })
);
export type ArchiveAnswer = z.infer<typeof archiveAnswer>;
