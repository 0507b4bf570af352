/**
 * The endpoints about mail, for the commands of this host. They stand apart from mail itself, which is loaded after the agent answers.
 *
 * @module
 */
import {
  type ArchiveAnswer,
  archiveAnswer,
  errorAnswer,
  type MailQuery,
  mailQuery,
  type PeersAnswer,
  peersAnswer,
  type PingAnswer,
  pingAnswer,
  type PingRequest,
  pingRequest,
} from "./contract/mod.ts";
import { BarnacleError } from "./errors.ts";
import { jsonAnswer, type Route, type RouteAnswer } from "./http/mod.ts";

const PING_REQUEST_BYTES_MAX = 1_024;

/** What the endpoints ask of mail. */
export interface MailActs {
  peers(): PeersAnswer;
  /** @param peer a node id, or a contact's name @throws `CONTACT_UNKNOWN`, `REMOTE_FAILURE` */
  ping(peer: string): Promise<PingAnswer>;
  archive(): Promise<ArchiveAnswer>;
}

const REFUSED: Readonly<Record<number, RouteAnswer>> = {
  404: { description: "No agent of this host has this id", schema: errorAnswer },
  401: { description: "A token is missing or wrong", schema: errorAnswer },
  503: { description: "The agent is starting", schema: errorAnswer },
};

/**
 * `GET /mail/peers`, `POST /mail/ping`, `POST /mail/archive`; of another agent of this host with `?agent=ID`.
 *
 * @param find an agent's mail, the daemon's own without an id; `undefined` while it is not there yet
 */
export function mailRoutes(find: (agentId: string | undefined) => MailActs | undefined): Route[] {
  const mail = ({ agent }: MailQuery): MailActs => find(agent) ?? notYet();
  return [peersRoute(mail) as Route, pingRoute(mail) as Route, archiveRoute(mail) as Route];
}

type FindMail = (query: MailQuery) => MailActs;

function peersRoute(mail: FindMail): Route<unknown, MailQuery> {
  return {
    method: "GET",
    path: "/mail/peers",
    summary: "The MoltComm nodes this host knows",
    access: "token",
    query: mailQuery,
    answers: { 200: { description: "Connected ones first", schema: peersAnswer }, ...REFUSED },
    handle: ({ query }) => jsonAnswer(200, mail(query).peers()),
  };
}

function pingRoute(mail: FindMail): Route<PingRequest, MailQuery> {
  return {
    method: "POST",
    path: "/mail/ping",
    summary: "Ask a peer for a sign of life and measure the round trip",
    access: "token",
    query: mailQuery,
    body: { schema: pingRequest, bytesMax: PING_REQUEST_BYTES_MAX },
    answers: {
      200: { description: "It answered", schema: pingAnswer },
      ...REFUSED,
      404: { description: "No contact has this name, or no agent of this host this id", schema: errorAnswer },
      502: { description: "The peer could not be reached, or did not answer in time", schema: errorAnswer },
    },
    handle: async ({ body, query }) => jsonAnswer(200, await mail(query).ping(body.peer)),
  };
}

function archiveRoute(mail: FindMail): Route<unknown, MailQuery> {
  return {
    method: "POST",
    path: "/mail/archive",
    summary: "Move an inbox that was read to its end aside",
    access: "token",
    query: mailQuery,
    answers: {
      200: { description: "The archived file's name, or why the inbox was left where it is", schema: archiveAnswer },
      ...REFUSED,
    },
    handle: async ({ query }) => jsonAnswer(200, await mail(query).archive()),
  };
}

function notYet(): never {
  throw new BarnacleError({
    code: "UNAVAILABLE",
    action: "Ask about mail",
    value: "an agent that is starting",
    retryable: true,
    retryAfterMs: 1_000,
  });
}
