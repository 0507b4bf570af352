/**
 * What an operator is told of a NATS server that cannot be used.
 *
 * @module
 */
import { BarnacleError, type ErrorCode, isBarnacleError } from "../../../errors.ts";

/** What fails without the server. */
export const USE_THE_MAILBOX = "Use the relay's mailbox";

const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  CERTIFICATE_INVALID: "if the server's authority is your own, name its certificate in relayMailbox.natsCaFile; " +
    "else check the host in relayMailbox.natsUrls and this host's clock",
  CONNECTION_REFUSED: "check that the server runs, and the port in relayMailbox.natsUrls; it is tried again",
  FORBIDDEN: "the server must allow this user $JS.API.>, _INBOX.> and the mailbox's own subjects",
  UNAUTHORIZED:
    "check relayMailbox.natsUser and natsPassword, natsToken, or natsSeed and natsJwt; they are tried again",
};

/** @param why what the connection said; `undefined` where it ended without a word */
export function whyAway(why: Error | undefined): Error {
  if (why === undefined) {
    return new BarnacleError({ code: "CONNECTION_CLOSED", action: USE_THE_MAILBOX, value: "NATS is away" });
  }
  const hint = isBarnacleError(why) ? HINTS[why.code] : undefined;
  if (!isBarnacleError(why) || hint === undefined) return why;
  const { code, message: value, retryable } = why;
  return new BarnacleError({ code, action: USE_THE_MAILBOX, value, hint, retryable, cause: why });
}
