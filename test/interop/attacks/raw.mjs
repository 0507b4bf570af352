/** A connection on which anything can be said, and the ways to see what came of it. */
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import { encodeFrame, FrameReader, Identity, isGenuine, makeMessage, makeRecord, readMessage } from "../wire.mjs";

/** A failing attack waits so long for what never comes; a passing one never does. */
const DEADLINE_MS = 15_000;
/** What an agent may say of its own accord at any time. */
const UNASKED = new Set(["HELLO", "PING", "PEERS"]);
const ANSWER_FRAME_BYTES_MAX = 67_108_864;

export class Raw {
  /** Everything that came in, in order. */
  messages = [];
  isClosed = false;
  #socket;
  #read = 0;
  #waiting = [];
  #broken = undefined;

  constructor(socket) {
    this.#socket = socket;
    this.socket = socket;
    const reader = new FrameReader(ANSWER_FRAME_BYTES_MAX);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      for (const body of reader.push(chunk)) this.#take(body);
      this.#wake();
    });
    // What went wrong shows in the `close` that follows.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static async dial(target, localAddress) {
    const socket = connect({ ...target, localAddress });
    await once(socket, "connect");
    return new Raw(socket);
  }

  #take(body) {
    const { message, code } = readMessage(body);
    // Section 10: whatever the agent says is well made and signed.
    if (code !== undefined) this.#broken = `the agent said what is ${code}: ${body.toString("utf8").slice(0, 300)}`;
    else if (!isGenuine(message)) this.#broken = `the agent's ${message.t} is not signed by it`;
    else this.messages.push(message);
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  write(bytes) {
    return this.#socket.write(bytes);
  }

  /** @param content an object, a text or bytes, to be framed */
  say(content) {
    this.write(encodeFrame(content));
    return content;
  }

  /** The next message that fits, past those read before; undefined when the connection closes first. @throws Error when neither comes */
  async next(fits = () => true) {
    const untilMs = performance.now() + DEADLINE_MS;
    for (;;) {
      if (this.#broken !== undefined) throw new Error(this.#broken);
      while (this.#read < this.messages.length) {
        const message = this.messages[this.#read];
        this.#read += 1;
        if (fits(message)) return message;
      }
      if (this.isClosed) return undefined;
      if (performance.now() > untilMs) throw new Error("neither an answer nor a close");
      await new Promise((wake) => {
        const timer = setTimeout(wake, DEADLINE_MS);
        this.#waiting.push(() => {
          clearTimeout(timer);
          wake();
        });
      });
    }
  }

  /** What the agent does about what was said: an error's code, another answer's type, or `close`. */
  async reaction() {
    const answer = await this.next(({ t }) => !UNASKED.has(t));
    if (answer === undefined) return "close";
    return answer.t === "ERROR" ? answer.body.code : answer.t;
  }

  /** As `reaction`, but `nothing` when a `PING` said afterwards is answered first. */
  async reactionOrNothing(identity = Identity.make()) {
    const nonce = `fence ${randomUUID()}`;
    this.say(makeMessage(identity, { t: "PING", body: { nonce } }));
    const answer = await this.next(({ t }) => !UNASKED.has(t));
    if (answer === undefined) return "close";
    if (answer.t === "PONG" && answer.body.nonce === nonce) return "nothing";
    return answer.t === "ERROR" ? answer.body.code : answer.t;
  }

  async shakeHands(identity, draft = {}) {
    this.say(helloOf(identity, draft));
    const answer = await this.next(({ t }) => t === "HELLO_ACK" || t === "ERROR");
    if (answer?.t !== "HELLO_ACK") throw new Error(`no handshake but ${answer?.body.code ?? "close"}`);
    return answer;
  }

  close() {
    this.#socket.destroy();
  }
}

export function helloOf(identity, draft = {}) {
  const { record = {}, ...rest } = draft;
  return makeMessage(identity, {
    t: "HELLO",
    body: { agent: "hostile/1", peer: makeRecord(identity, { addrs: ["tcp://203.0.113.9:9001"], ...record }) },
    ...rest,
  });
}

/** The text of an object with some of its members written by hand. @param raw name to JSON text */
export function writeByHand(object, raw) {
  const names = [...new Set([...Object.keys(object), ...Object.keys(raw)])];
  const members = names.map((name) => `${JSON.stringify(name)}:${raw[name] ?? JSON.stringify(object[name])}`);
  return `{${members.join(",")}}`;
}

export function bytesOf(...parts) {
  return Buffer.concat(parts.map((part) => typeof part === "string" ? Buffer.from(part, "utf8") : Buffer.from(part)));
}
