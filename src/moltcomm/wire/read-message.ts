/**
 * From the body of a frame to a message whose shape is checked. Source: MoltComm v1, sections 3 to 5.
 *
 * @module
 */
import { isMessageType, readBody } from "./read-body.ts";
import { type Fields, isInteger, isObject, isText } from "./shape.ts";
import type { Message, Refused } from "./types.ts";

/** What was read, or why nothing was. */
export type ReadResult = { readonly message: Message } | { readonly refused: Refused };

const VERSION = 1;
/** Longest id that is repeated in an answer: an answer costs its sender no more than the question did. */
const ANSWERED_ID_CHARACTERS_MAX = 256;
const NODE_ID_REGEXP = /^ed25519:[A-Za-z0-9_-]{43}$/;

/** A byte-order mark is kept, and so refused: not every JSON parser skips it. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one message: UTF-8, JSON, the envelope, the body. Unknown fields are ignored at every level; of a key that stands twice the last
 * one counts. Neither keys, signatures nor times are checked. Never throws.
 *
 * @param body the body of one frame
 */
export function readMessage(body: Uint8Array): ReadResult {
  const value = parse(body);
  if (!isObject(value)) return { refused: { code: "BAD_FRAME", detail: "the frame is not one JSON object in UTF-8" } };
  return readEnvelope(value);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    // No position and no excerpt go back to a stranger.
    return undefined;
  }
}

function readEnvelope(fields: Fields): ReadResult {
  const { v, t, id, from, pub, ts, body, sig } = fields;
  if (!isInteger(v)) return refuse("BAD_FRAME", "v is no integer", fields);
  if (v !== VERSION) return refuse("UNSUPPORTED", "v is not 1", fields);
  if (!isText(t)) return refuse("BAD_FRAME", "t is no well-formed string", fields);
  if (!isText(id)) return refuse("BAD_FRAME", "id is no well-formed string", fields);
  if (!isText(from)) return refuse("BAD_FRAME", "from is no well-formed string", fields);
  if (!isText(pub)) return refuse("BAD_FRAME", "pub is no well-formed string", fields);
  if (!isInteger(ts)) return refuse("BAD_FRAME", "ts is no integer of at most 53 bits", fields);
  if (!isText(sig)) return refuse("BAD_FRAME", "sig is no well-formed string", fields);
  if (!isObject(body)) return refuse("BAD_FRAME", "body is no object", fields);
  // The signature cannot tell an empty recipient from none.
  const to = fields["to"] ?? "";
  if (!isText(to)) return refuse("BAD_FRAME", "to is no well-formed string", fields);
  if (!isMessageType(t)) return refuse("UNSUPPORTED", "t is no known type", fields);
  if (t === "DIRECT" && to === "") return refuse("BAD_FRAME", "to is missing, and DIRECT requires it", fields);
  const checked = readBody(t, body);
  if (checked === undefined) return refuse("BAD_FRAME", `body is not that of ${t}`, fields);
  const message = to === ""
    ? { t, id, from, pub, ts, body: checked, sig }
    : { t, id, from, pub, to, ts, body: checked, sig };
  // `readBody` gives the body of this very type, which the compiler cannot follow.
  return { message: message as Message };
}

function refuse(code: Refused["code"], detail: string, { id, from }: Fields): ReadResult {
  return {
    refused: {
      code,
      detail,
      ...(isText(id) && id.length <= ANSWERED_ID_CHARACTERS_MAX ? { id } : {}),
      ...(isText(from) && NODE_ID_REGEXP.test(from) ? { from } : {}),
    },
  };
}
