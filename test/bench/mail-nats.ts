/**
 * As much of the NATS client protocol and the JetStream API as the bench needs. Source: docs.nats.io, "Client protocol" and "JetStream wire
 * API".
 */
import { connect, type Socket } from "node:net";

export interface NatsMessage {
  /** Of the subscription: a message out of a stream keeps the subject under which it was published. */
  readonly subscription: number;
  /** Where an answer goes; empty without one. */
  readonly reply: string;
  readonly payload: Buffer;
}

const LINE_END = "\r\n";
const NOTHING: Buffer = Buffer.alloc(0);

/** Cuts a stream into messages and the server's other words. */
export class NatsReader {
  #kept: Buffer = NOTHING;

  /** What is whole now: messages, and lines such as `PONG` or `-ERR …`. */
  push(chunk: Buffer): (NatsMessage | string)[] {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const read: (NatsMessage | string)[] = [];
    let at = 0;
    for (let end = bytes.indexOf(LINE_END, at); end !== -1; end = bytes.indexOf(LINE_END, at)) {
      const line = bytes.toString("latin1", at, end);
      const bodyAt = end + LINE_END.length;
      if (!line.startsWith("MSG ")) {
        read.push(line);
        at = bodyAt;
        continue;
      }
      const words = line.split(" ");
      const length = Number(words.at(-1));
      if (bodyAt + length + LINE_END.length > bytes.length) break;
      const reply = words.length === 5 ? words[3] ?? "" : "";
      read.push({ subscription: Number(words[2]), reply, payload: bytes.subarray(bodyAt, bodyAt + length) });
      at = bodyAt + length + LINE_END.length;
    }
    this.#kept = bytes.subarray(at);
    return read;
  }
}

/** One client's connection. */
export class NatsClient {
  readonly #socket: Socket;
  readonly #reader = new NatsReader();
  readonly #listeners: ((message: NatsMessage) => void)[] = [];
  #pongs: (() => void)[] = [];
  #asked = 0;
  #written = "";
  onLost: (why: string) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.onLost(error.message));
    socket.on("close", () => this.onLost("the server closed the connection"));
  }

  static async open(port: number): Promise<NatsClient> {
    const client = new NatsClient(connect({ port, host: "127.0.0.1", noDelay: true }));
    client.#write(`CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}${LINE_END}`);
    await client.settled();
    return client;
  }

  /** Resolves once the server has taken everything written so far. */
  settled(): Promise<void> {
    return new Promise((done, fail) => {
      this.onLost = (why) => fail(new Error(`NATS: ${why}`));
      this.#pongs.push(done);
      this.#write(`PING${LINE_END}`);
    });
  }

  subscribe(subject: string, listener: (message: NatsMessage) => void): void {
    this.#listeners.push(listener);
    this.#write(`SUB ${subject} ${this.#listeners.length - 1}${LINE_END}`);
  }

  /** @param payload ASCII */
  publish(subject: string, reply: string, payload: string): void {
    this.#write(`PUB ${subject}${reply === "" ? "" : ` ${reply}`} ${payload.length}${LINE_END}${payload}${LINE_END}`);
  }

  /** A request to JetStream. @throws Error with the server's words when it refuses */
  async ask(subject: string, request: object): Promise<void> {
    const inbox = `_INBOX.ask.${++this.#asked}`;
    const answered = new Promise<NatsMessage>((done) => this.subscribe(inbox, done));
    this.publish(subject, inbox, JSON.stringify(request));
    const { payload } = await answered;
    const { error } = JSON.parse(payload.toString("utf8")) as { readonly error?: { readonly description: string } };
    if (error !== undefined) throw new Error(`NATS ${subject}: ${error.description}`);
  }

  close(): void {
    this.onLost = () => undefined;
    this.#socket.destroy();
  }

  /** What is written in one go leaves in one piece. */
  #write(text: string): void {
    if (this.#written === "") queueMicrotask(() => this.#flush());
    this.#written += text;
  }

  #flush(): void {
    const text = this.#written;
    this.#written = "";
    this.#socket.write(text, "latin1");
  }

  #take(chunk: Buffer): void {
    for (const read of this.#reader.push(chunk)) {
      if (typeof read !== "string") this.#listeners[read.subscription]?.(read);
      else if (read === "PING") this.#write(`PONG${LINE_END}`);
      else if (read === "PONG") this.#pongs.shift()?.();
      else if (read.startsWith("-ERR")) this.onLost(read);
    }
  }
}
