/**
 * The messages of MoltComm v1 as values. Source: MoltComm v1, sections 3, 5 and 6.
 *
 * @module
 */

/** What a node says of itself: who it is and where it is reached, signed by itself. Times are Unix milliseconds. */
export interface PeerRecord {
  readonly peer_id: string;
  readonly addrs: readonly string[];
  readonly ts: number;
  readonly expires: number;
  readonly pub: string;
  readonly sig: string;
}

export interface HelloBody {
  readonly agent?: string;
  readonly peer: PeerRecord;
}
export interface NonceBody {
  readonly nonce: string;
}
export interface PeersBody {
  readonly n?: number;
}
export interface PeersResponseBody {
  readonly ref: string;
  /** As they came: each is checked by itself, and a wrong one spoils no other. */
  readonly peers: readonly unknown[];
}
export interface DirectBody {
  readonly msg: string;
}
export interface AckBody {
  readonly ref: string;
}
/**
 * The protocol's error codes, and our extensions: `UNREACHABLE`, and `KEPT`, by which a relay says that a frame waits in its mailbox.
 * Source: MoltComm v1, section 5; section 11, readings 7 and 11.
 */
export type ProtocolErrorCode =
  | "BAD_SIG"
  | "BAD_FRAME"
  | "UNSUPPORTED"
  | "RATE_LIMIT"
  | "REPLAY"
  | "BAD_TS"
  | "NOT_FOR_ME"
  | "UNREACHABLE"
  | "KEPT";
export interface ErrorBody {
  readonly ref?: string;
  /** A {@link ProtocolErrorCode}, or one that we do not know. */
  readonly code: string;
  readonly detail?: string;
}

/** The body of each type of message. */
export interface Bodies {
  readonly HELLO: HelloBody;
  readonly HELLO_ACK: HelloBody;
  readonly PING: NonceBody;
  readonly PONG: NonceBody;
  readonly PEERS: PeersBody;
  readonly PEERS_RES: PeersResponseBody;
  readonly DIRECT: DirectBody;
  readonly ACK: AckBody;
  readonly ERROR: ErrorBody;
}
export type MessageType = keyof Bodies;

/** An envelope whose shape has been checked, but neither its signature nor its time. `to` is absent for a missing one and for null. */
export interface MessageOf<Type extends MessageType> {
  readonly t: Type;
  readonly id: string;
  readonly from: string;
  readonly pub: string;
  readonly to?: string;
  readonly ts: number;
  readonly body: Bodies[Type];
  readonly sig: string;
}
export type Message = { readonly [Type in MessageType]: MessageOf<Type> }[MessageType];

/** A message before it is signed: what differs from one to the next. */
export interface Draft<Type extends MessageType> {
  readonly t: Type;
  readonly id: string;
  readonly to?: string;
  readonly ts: number;
  readonly body: Bodies[Type];
}

/** A frame that is no message. `id` and `from` are what could be read of it, unverified, to address the answer. */
export interface Refused {
  readonly code: "BAD_FRAME" | "UNSUPPORTED";
  /** One sentence for the far end's operator; holds nothing of the frame but names of fields. */
  readonly detail: string;
  readonly id?: string;
  readonly from?: string;
}
