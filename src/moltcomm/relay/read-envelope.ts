/**
 * The full parse of a frame's envelope, for the frames that the scanner leaves to it, and the meaning that the scanner must agree with.
 *
 * @module
 */
import { isObject, isText } from "../wire/shape.ts";

/** What a relay looks at. Source: MoltComm v1, section 3. */
export interface Envelope {
  /** Empty when it is missing, null or empty: the frame is for whoever is at this end of the connection. */
  readonly to: string;
  readonly from: string;
  readonly t: string;
  /** To name the frame in an answer; empty when it is no text. */
  readonly id: string;
}

/** A byte-order mark is kept, and so refused, as everywhere else in the protocol. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `undefined` when the body is not one JSON object in UTF-8 with a `from`, a `t` and, where it is there, a `to` that are texts. */
export function readEnvelope(body: Uint8Array): Envelope | undefined {
  const value = parse(body);
  if (!isObject(value)) return undefined;
  const { from, t, id } = value;
  const to = value["to"] ?? "";
  if (!isText(to) || !isText(from) || !isText(t)) return undefined;
  return { to, from, t, id: isText(id) ? id : "" };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    // Neither a position nor an excerpt goes back to a stranger.
    return undefined;
  }
}
