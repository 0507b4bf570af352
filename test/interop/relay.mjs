/**
 * A plain MoltComm relay for tests: what section 8 says, and nothing that is an extension of ours. It says `UNREACHABLE` to nobody.
 *
 *     node test/interop/relay.mjs [PRIVATE_KEY]
 *     {"do":"listen","ask":1,"host":"127.0.0.1","port":9003}
 *
 * The key is PKCS#8 in base64; without one it is somebody new. What happens is told as events: `registered`, `gone`, `dropped` with why.
 */
import { createServer } from "node:net";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { report, serveLines } from "./lines.mjs";
import {
  encodeFrame,
  FrameReader,
  Identity,
  isGenuine,
  isGoodRecord,
  makeMessage,
  makeRecord,
  readMessage,
  TIME_WINDOW_MS,
} from "./wire.mjs";

export class PlainRelay {
  /** Frames handed on, and what of them can be read here. */
  counts = { forwarded: 0, plain: 0, sealed: 0 };
  /** Node id to socket. */
  #registered = new Map();
  #sockets = new Set();
  #tell;
  #addrs = [];

  constructor({ identity = Identity.make(), tell = () => {} } = {}) {
    this.identity = identity;
    this.#tell = tell;
  }

  async listen({ host = "127.0.0.1", port = 0 } = {}) {
    const server = createServer((socket) => this.#accept(socket));
    await new Promise((done, fail) => server.once("error", fail).listen(port, host, done));
    const address = `relay://${host}:${server.address().port}`;
    this.#addrs = [address];
    return address;
  }

  /** Ends every connection. */
  cut() {
    this.#sockets.forEach((socket) => socket.destroy());
  }

  #accept(socket) {
    this.#sockets.add(socket);
    const state = { socket, nodeId: undefined };
    const reader = new FrameReader();
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      for (const body of reader.push(chunk)) this.#take(state, body);
      if (reader.isRefused) socket.destroy();
    });
    // What went wrong shows in the `close` that follows.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#sockets.delete(socket);
      if (this.#registered.get(state.nodeId) !== socket) return;
      this.#registered.delete(state.nodeId);
      this.#tell("gone", { peer: state.nodeId });
    });
  }

  #take(state, body) {
    const { message } = readMessage(body);
    if (message === undefined) return this.#tell("dropped", { why: "unreadable" });
    if (state.nodeId !== undefined && message.from !== state.nodeId) return this.#tell("dropped", { why: "foreign" });
    const to = message.to ?? "";
    if (to !== "" && to !== this.identity.nodeId) return this.#forward(to, body, message);
    if (!isGenuine(message) || Math.abs(message.ts - Date.now()) > TIME_WINDOW_MS) {
      return this.#tell("dropped", { why: "not genuine" });
    }
    if (message.t === "HELLO") this.#register(state, message);
    if (message.t === "PING") {
      const { from, body: { nonce } } = message;
      state.socket.write(encodeFrame(makeMessage(this.identity, { t: "PONG", to: from, body: { nonce } })));
    }
  }

  /** The payload's bytes go on unchanged. */
  #forward(to, body, message) {
    const socket = this.#registered.get(to);
    if (socket === undefined) return this.#tell("dropped", { why: "nobody", to });
    this.counts.forwarded += 1;
    if (message.t === "DIRECT") this.counts[message.body.msg.startsWith("hpke1:") ? "sealed" : "plain"] += 1;
    socket.write(encodeFrame(body));
  }

  #register(state, { from, body }) {
    if (!isGoodRecord(body.peer) || body.peer.peer_id !== from) return this.#tell("dropped", { why: "bad record" });
    const older = this.#registered.get(from);
    this.#registered.set(from, state.socket);
    state.nodeId = from;
    if (older !== undefined && older !== state.socket) older.destroy();
    this.#tell("registered", { peer: from, addrs: body.peer.addrs });
    const peer = makeRecord(this.identity, { addrs: this.#addrs });
    const answer = makeMessage(this.identity, { t: "HELLO_ACK", to: from, body: { agent: "interop-relay/1", peer } });
    state.socket.write(encodeFrame(answer));
  }
}

const commandsOf = (relay) => ({
  id: () => ({ node_id: relay.identity.nodeId, pub: relay.identity.pub }),
  /** `host`, `port`. Gives the address. */
  listen: (options) => relay.listen(options),
  counts: () => relay.counts,
  cut: () => relay.cut(),
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const key = process.argv[2];
  const identity = key === undefined ? Identity.make() : Identity.fromPkcs8(key);
  serveLines(commandsOf(new PlainRelay({ identity, tell: report })));
}
