/**
 * Reads HTTP/1.1 messages out of bytes that come in any pieces.
 *
 * After a message it stops, and keeps what came beyond, until it is told to go on: a server answers one request after
 * the other.
 *
 * @module
 */
import { type Framing, type Head, parseHead } from "./head.ts";

/** What a reader tells. */
export interface MessageSink {
  /** @returns how the body is framed; `undefined` refuses the message */
  onHead(head: Head): Framing | undefined;
  onBody(data: Uint8Array<ArrayBuffer>): void;
  onComplete(): void;
  /** Nothing more is read. */
  onMalformed(): void;
}

type State =
  | "head"
  | "length"
  | "chunkSize"
  | "chunk"
  | "chunkEnd"
  | "trailer"
  | "untilClose"
  | "complete"
  | "malformed";

const HEAD_BYTES_MAX = 16 * 1024;
const LINE_BYTES_MAX = 1024;
const LINE_FEED = 10;
const CHUNK_SIZE = /^([0-9a-f]{1,12})\s*(;.*)?$/i;

export class MessageReader {
  readonly #sink: MessageSink;
  #state: State = "head";
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #leftBytes = 0;

  constructor(sink: MessageSink) {
    this.#sink = sink;
  }

  /** Bytes that wait for the next message. */
  get waitingBytes(): number {
    return this.#buffer.length;
  }

  push(data: Uint8Array<ArrayBuffer>): void {
    this.#buffer = this.#buffer.length === 0 ? data : concat(this.#buffer, data);
    this.#read();
  }

  /** Goes on to the next message. */
  next(): void {
    if (this.#state !== "complete") return;
    this.#state = "head";
    this.#read();
  }

  /**
   * No more bytes will come. @returns whether that is no loss: between messages, or as the end of a body without a
   * length
   */
  end(): boolean {
    if (this.#state === "untilClose") {
      this.#complete();
      return true;
    }
    return this.#state === "complete" || (this.#state === "head" && this.#buffer.length === 0);
  }

  #read(): void {
    for (;;) {
      const { length } = this.#buffer;
      const before = this.#state;
      this.#step();
      if (this.#state === before && this.#buffer.length === length) return;
    }
  }

  #step(): void {
    switch (this.#state) {
      case "head":
        return this.#readHead();
      case "length":
      case "chunk":
        return this.#readCounted();
      case "chunkSize":
        return this.#readChunkSize();
      case "chunkEnd":
        return this.#readChunkEnd();
      case "trailer":
        return this.#readTrailer();
      case "untilClose":
        return this.#readRest();
      case "complete":
      case "malformed":
        return;
    }
  }

  #readHead(): void {
    const end = findHeadEnd(this.#buffer);
    if (end === -1) {
      if (this.#buffer.length > HEAD_BYTES_MAX) this.#refuse();
      return;
    }
    const head = end > HEAD_BYTES_MAX ? undefined : parseHead(textOf(this.#take(end)));
    if (head === undefined) return this.#refuse();
    this.#take(4);
    const framing = this.#sink.onHead(head);
    if (framing === undefined) return this.#refuse();
    if (framing.kind === "none") this.#complete();
    else if (framing.kind === "length") {
      this.#leftBytes = framing.lengthBytes;
      this.#state = "length";
    } else this.#state = framing.kind === "chunked" ? "chunkSize" : "untilClose";
  }

  #readCounted(): void {
    if (this.#buffer.length === 0) return;
    const data = this.#take(Math.min(this.#leftBytes, this.#buffer.length));
    this.#leftBytes -= data.length;
    this.#sink.onBody(data);
    if (this.#leftBytes > 0) return;
    if (this.#state === "length") this.#complete();
    else this.#state = "chunkEnd";
  }

  #readChunkSize(): void {
    const line = this.#takeLine();
    if (line === undefined) return;
    const digits = CHUNK_SIZE.exec(line)?.[1];
    if (digits === undefined) return this.#refuse();
    this.#leftBytes = Number.parseInt(digits, 16);
    this.#state = this.#leftBytes === 0 ? "trailer" : "chunk";
  }

  #readChunkEnd(): void {
    const line = this.#takeLine();
    if (line === "") this.#state = "chunkSize";
    else if (line !== undefined) this.#refuse();
  }

  #readTrailer(): void {
    if (this.#takeLine() === "") this.#complete();
  }

  #readRest(): void {
    if (this.#buffer.length > 0) this.#sink.onBody(this.#take(this.#buffer.length));
  }

  #complete(): void {
    this.#state = "complete";
    this.#sink.onComplete();
  }

  #refuse(): void {
    this.#state = "malformed";
    this.#buffer = new Uint8Array(0);
    this.#sink.onMalformed();
  }

  #takeLine(): string | undefined {
    const end = this.#buffer.indexOf(LINE_FEED);
    if (end === -1 || end > LINE_BYTES_MAX) {
      if (this.#buffer.length > LINE_BYTES_MAX) this.#refuse();
      return undefined;
    }
    return textOf(this.#take(end + 1)).trimEnd();
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}

function findHeadEnd(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(LINE_FEED, 3); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at - 1] === 13 && bytes[at - 2] === LINE_FEED && bytes[at - 3] === 13) return at - 3;
  }
  return -1;
}

function textOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
