/**
 * What a recipient's `ERROR` means for an attempt. Source: MoltComm v1, section 5; section 11, readings 4 and 7.
 *
 * @module
 */
import { DETAIL_CHARACTERS_MAX } from "./bounds.ts";
import type { RequestFailure } from "./requests.ts";
import type { ErrorBody, ProtocolErrorCode } from "./wire/types.ts";

const CODES: Readonly<Record<ProtocolErrorCode, true>> = {
  BAD_SIG: true,
  BAD_FRAME: true,
  UNSUPPORTED: true,
  RATE_LIMIT: true,
  REPLAY: true,
  BAD_TS: true,
  NOT_FOR_ME: true,
  UNREACHABLE: true,
  KEPT: true,
};

function isKnown(code: string): code is ProtocolErrorCode {
  return Object.hasOwn(CODES, code);
}

/** The failure that an error of the relay on the way is: it is not the recipient's word, whatever it says. */
export function outcomeOfRelaysError(body: ErrorBody): RequestFailure {
  const { reason, detail } = outcomeOfError(body);
  const said = `the relay: ${detail}`.slice(0, DETAIL_CHARACTERS_MAX);
  return { outcome: "failed", reason, byRecipient: false, detail: said };
}

/** The failure that an error of the asked node is. Its words are cut to a length, and are a stranger's all the same. */
export function outcomeOfError({ code, detail = "" }: ErrorBody): RequestFailure {
  if (isKnown(code)) {
    return { outcome: "failed", reason: code, byRecipient: true, detail: detail.slice(0, DETAIL_CHARACTERS_MAX) };
  }
  const text = `${code.slice(0, DETAIL_CHARACTERS_MAX)}: ${detail}`.slice(0, DETAIL_CHARACTERS_MAX);
  return { outcome: "failed", reason: "UNKNOWN_CODE", byRecipient: true, detail: text };
}
