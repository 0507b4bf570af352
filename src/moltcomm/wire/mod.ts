/**
 * The wire of MoltComm v1: bytes in, messages out, and back. No I/O, no time, no memory of what was seen. Source: MoltComm v1,
 * sections 1 to 6.
 *
 * @module
 */
export { encodeFrame, FrameReader } from "./frame.ts";
export { KeyBook } from "./key-book.ts";
export { encodeNetstrings } from "./netstring.ts";
export { readPeerRecord } from "./peer-record.ts";
export { readMessage, type ReadResult } from "./read-message.ts";
export { recordSignatureInput, signatureInput } from "./signature-input.ts";
export { Signer } from "./signer.ts";
export type * from "./types.ts";
