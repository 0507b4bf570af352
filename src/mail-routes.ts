/**
 * The endpoints about mail, for the commands of this host. They stand apart from mail itself, which is loaded after the agent answers.
 *
 * @module
 */
import {
  type ArchiveAnswer,
  archiveAnswer,
  errorAnswer,
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
  401: { description: "A token is missing or wrong", schema: errorAnswer },
  503: { description: "The agent is starting", schema: errorAnswer },
};

/**
 * `GET /mail/peers`, `POST /mail/ping`, `POST /mail/archive`.
 *
 * @param find mail, `undefined` while it is not there yet
 */
export function mailRoutes(find: () => MailActs | undefined): Route[] {
  const mail = (): MailActs => find() ?? notYet();
  return [peersRoute(mail), pingRoute(mail) as Route, archiveRoute(mail)];
}

function peersRoute(mail: () => MailActs): Route {
  return {
    method: "GET",
    path: "/mail/peers",
    summary: "The MoltComm nodes this host knows",
    access: "token",
    answers: { 200: { description: "Connected ones first", schema: peersAnswer }, ...REFUSED },
    handle: () => jsonAnswer(200, mail().peers()),
  };
}

function pingRoute(mail: () => MailActs): Route<PingRequest> {
  return {
    method: "POST",
    path: "/mail/ping",
    summary: "Ask a peer for a sign of life and measure the round trip",
    access: "token",
    body: { schema: pingRequest, bytesMax: PING_REQUEST_BYTES_MAX },
    answers: {
      200: { description: "It answered", schema: pingAnswer },
      404: { description: "No contact has this name", schema: errorAnswer },
      502: { description: "The peer could not be reached, or did not answer in time", schema: errorAnswer },
      ...REFUSED,
    },
    handle: async ({ body }) => jsonAnswer(200, await mail().ping(body.peer)),
  };
}

function archiveRoute(mail: () => MailActs): Route {
  return {
    method: "POST",
    path: "/mail/archive",
    summary: "Move an inbox that was read to its end aside",
    access: "token",
    answers: {
      200: { description: "The archived file's name, or why the inbox was left where it is", schema: archiveAnswer },
      ...REFUSED,
    },
    handle: async () => jsonAnswer(200, await mail().archive()),
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
