/**
 * A plain MoltComm node for tests: listens, dials, keeps everything in memory, and does what the specification says and no more.
 *
 *     node test/interop/peer.mjs
 *     {"do":"listen","ask":1}
 *     {"do":"dial","ask":2,"address":"tcp://127.0.0.1:9001"}
 *     {"do":"send","ask":3,"to":"ed25519:…","msg":"hello"}
 *
 * Commands: see the end of this file. What comes in is told as events: `handshake`, `direct`, `held`, `refused`, `frame` (when asked
 * for), `closed`.
 */
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { connect, createServer } from "node:net";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { report, serveLines } from "./lines.mjs";
import {
  encodeFrame,
  FRAME_BYTES_MAX,
  FrameReader,
  Identity,
  isGenuine,
  isGoodRecord,
  makeMessage,
  makeRecord,
  readAddress,
  readMessage,
  TIME_WINDOW_MS,
} from "./wire.mjs";

/** Longer messages are not taken: the specification leaves it to each node. */
const MESSAGE_BYTES_MAX = 65_536;
/** The first wait before another attempt to connect, and the longest. */
const RETRY_MS = 200;
const RETRY_MS_MAX = 3_000;

/** A connection: frames in, messages out, and who is known to be at its other end. */
class Link {
  nodeId = undefined;
  /** It leads to a relay: others speak on it, too, and it stays the relay's. Source: section 8. */
  isRelay = false;
  isOpen = true;
  #socket;
  #waiting = new Set();

  constructor(socket, peer, side) {
    this.#socket = socket;
    this.side = side;
    this.openedAtMs = performance.now();
    const reader = new FrameReader(FRAME_BYTES_MAX);
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      for (const body of reader.push(chunk)) peer.take(this, body);
      if (reader.isRefused) this.close();
    });
    // What went wrong shows in the `close` that follows.
    socket.on("error", () => this.close());
    socket.on("close", () => {
      this.isOpen = false;
      for (const wake of this.#waiting) wake();
      peer.lost(this);
    });
  }

  say(message) {
    if (this.isOpen) this.#socket.write(encodeFrame(message));
    return message;
  }

  close() {
    this.#socket.destroy();
  }

  /** The first message that fits and comes from now on; undefined once the time is over or the connection is. */
  async answer(fits, timeoutMs, listeners) {
    return await new Promise((done) => {
      const finish = (message) => {
        clearTimeout(timer);
        listeners.delete(look);
        this.#waiting.delete(finish);
        done(message);
      };
      const look = (link, message) => link === this && fits(message) && finish(message);
      const timer = setTimeout(() => finish(undefined), timeoutMs);
      listeners.add(look);
      this.#waiting.add(finish);
      if (!this.isOpen) finish(undefined);
    });
  }
}

export class Peer {
  /** Node id to record, of those that shook hands or were told. */
  records = new Map();
  /** What is done with a `DIRECT`: `ack`, `hold` (until released), `ignore`, or an error code. */
  policy = "ack";
  links = new Set();
  addrs = [];
  /** How long the own record is good for. */
  lastsMs = 1_800_000;
  #held = [];
  #seen = new Set();
  #listeners = new Set();
  /** The connection on which this node is registered at a relay. */
  #relay = undefined;
  #tell;
  #isTracing = false;

  /** @param tell takes an event's name and fields */
  constructor({ identity = Identity.make(), tell = () => {} } = {}) {
    this.identity = identity;
    this.#tell = tell;
  }

  async listen({ host = "127.0.0.1", port = 0 } = {}) {
    const server = createServer((socket) => void this.links.add(new Link(socket, this, "accepted")));
    await new Promise((done, fail) => server.once("error", fail).listen(port, host, done));
    const address = `tcp://${host}:${server.address().port}`;
    this.addrs = [address];
    return address;
  }

  /** Connects and shakes hands. @throws Error when nobody answers as they must */
  async dial({ address, to, timeoutMs = 10_000, localAddress }) {
    const socket = connect({ ...readAddress(address), localAddress });
    const link = new Link(socket, this, "dialled");
    link.isRelay = address.startsWith("relay:");
    this.links.add(link);
    const isShaken = (message) => message.t === "HELLO_ACK" && message.from === link.nodeId;
    const answer = link.answer(isShaken, timeoutMs, this.#listeners);
    this.#sayHello(link, to);
    if (await answer === undefined) {
      link.close();
      throw new Error(`No HELLO_ACK from ${address}`);
    }
    return link;
  }

  /** Stays registered at a relay: connects again after every loss, at first soon, then more rarely. @returns once it is registered */
  async register({ address, to }) {
    this.addrs = [address];
    const link = await this.dial({ address, to });
    this.#relay = link;
    link.onClose = () => void this.#registerAgain({ address, to });
    this.#tell("registered", { at: link.nodeId });
    return link.nodeId;
  }

  async #registerAgain(place) {
    for (let waitMs = RETRY_MS;; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
      await pause(waitMs * (0.5 + Math.random() / 2));
      const isBack = await this.register(place).then(() => true, () => false);
      if (isBack) return;
    }
  }

  /** Sends one request and resolves with its answer, which only its recipient can give; undefined when none comes. */
  async ask(link, draft, fits, timeoutMs = 10_000) {
    const request = makeMessage(this.identity, draft);
    const isAnswer = (message) =>
      (message.from === (draft.to ?? link.nodeId)) &&
      ((message.t === "ERROR" && message.body.ref === request.id) || fits(message, request));
    const answer = link.answer(isAnswer, timeoutMs, this.#listeners);
    link.say(request);
    return await answer;
  }

  async send(link, { to, msg, id = randomUUID(), timeoutMs }) {
    const fits = (message, request) => message.t === "ACK" && message.body.ref === request.id;
    const answer = await this.ask(link, { t: "DIRECT", to, id, body: { msg } }, fits, timeoutMs);
    return { id, outcome: answer === undefined ? "none" : answer.t === "ACK" ? "ACK" : answer.body.code };
  }

  /**
   * Sends messages until each is settled, through whatever is in between: connects again, sends again from the first unsettled one,
   * in order, under the same id and a new `ts`.
   *
   * @param options.relay the node id of the relay that is at `address`; without one `to` itself is there
   */
  async deliver({ address, relay = undefined, to, messages, window = 32, timeoutMs = 500 }) {
    let open = messages.map((msg) => ({ id: randomUUID(), msg }));
    let attempts = 0;
    let connections = 0;
    while (open.length > 0) {
      const link = await this.#wayTo({ address, to: relay ?? to, timeoutMs });
      if (link === undefined) {
        await pause(RETRY_MS);
        continue;
      }
      connections += 1;
      const settled = new Set();
      let hasFailed = false;
      const inFlight = new Set();
      for (const { id, msg } of open) {
        while (inFlight.size >= window && !hasFailed) await Promise.race(inFlight);
        if (hasFailed || !link.isOpen) break;
        attempts += 1;
        const attempt = this.send(link, { to, id, msg, timeoutMs }).then(({ outcome }) => {
          inFlight.delete(attempt);
          if (outcome === "ACK" || outcome === "REPLAY") settled.add(id);
          else hasFailed = true;
        });
        inFlight.add(attempt);
      }
      await Promise.all(inFlight);
      if (link !== this.#relay) link.close();
      open = open.filter(({ id }) => !settled.has(id));
      if (hasFailed) await pause(50);
    }
    return { delivered: messages.length, attempts, connections };
  }

  /** Where it is registered it has one connection: another would take the place of that. */
  async #wayTo(place) {
    if (this.#relay === undefined) return await this.dial(place).catch(() => undefined);
    return this.#relay.isOpen ? this.#relay : undefined;
  }

  /** Acknowledges what was held, in the order in which it came, and from now on. */
  release() {
    this.policy = "ack";
    for (const { link, message } of this.#held.splice(0)) this.#acknowledge(link, message);
  }

  trace(isOn = true) {
    this.#isTracing = isOn;
  }

  lost(link) {
    this.links.delete(link);
    link.onClose?.();
    this.#tell("closed", { peer: link.nodeId, side: link.side });
  }

  /** Everything that comes in goes through here, in the order of section 7. */
  take(link, body) {
    const { message, code } = readMessage(body);
    if (this.#isTracing) {
      const afterMs = performance.now() - link.openedAtMs;
      this.#tell("frame", {
        message,
        genuine: message !== undefined && isGenuine(message),
        side: link.side,
        after_ms: afterMs,
      });
    }
    const refusal = code ?? this.#refusalOf(message);
    if (refusal !== undefined) return this.#refuse(link, message, refusal);
    this.#act(link, message);
    for (const look of [...this.#listeners]) look(link, message);
  }

  #refusalOf(message) {
    if (!isGenuine(message)) return "BAD_SIG";
    if (Math.abs(message.ts - Date.now()) > TIME_WINDOW_MS) return "BAD_TS";
    if ((message.to || this.identity.nodeId) !== this.identity.nodeId) return "NOT_FOR_ME";
    if (message.t === "DIRECT" && Buffer.byteLength(message.body.msg) > MESSAGE_BYTES_MAX) return "UNSUPPORTED";
    if (this.#seen.has(`${message.from} ${message.id}`)) return "REPLAY";
    return undefined;
  }

  #refuse(link, message, code) {
    this.#tell("refused", { code, t: message?.t, id: message?.id, from: message?.from });
    if (message?.t === "ERROR") return;
    const to = code === "BAD_SIG" || code === "BAD_FRAME" ? undefined : message?.from;
    link.say(makeMessage(this.identity, { t: "ERROR", to, body: { ref: message?.id, code } }));
  }

  #act(link, message) {
    if (message.t === "DIRECT") return this.#takeDirect(link, message);
    this.#seen.add(`${message.from} ${message.id}`);
    const { from: to, id: ref, body } = message;
    if (message.t === "HELLO" || message.t === "HELLO_ACK") return this.#shakeHands(link, message);
    if (message.t === "PING") link.say(makeMessage(this.identity, { t: "PONG", to, body: { nonce: body.nonce } }));
    if (message.t === "PEERS") {
      const peers = [...this.records.values()].filter((record) => isGoodRecord(record)).slice(
        0,
        Math.max(0, body.n ?? 20),
      );
      link.say(makeMessage(this.identity, { t: "PEERS_RES", to, body: { ref, peers } }));
    }
  }

  #shakeHands(link, message) {
    const { peer, agent } = message.body;
    if (!isGoodRecord(peer) || peer.peer_id !== message.from) return this.#refuse(link, message, "BAD_SIG");
    this.records.set(message.from, peer);
    if (!link.isRelay || link.nodeId === undefined) link.nodeId = message.from;
    this.#tell("handshake", { peer: message.from, t: message.t, side: link.side, agent, addrs: peer.addrs });
    if (message.t === "HELLO") link.say(makeMessage(this.identity, this.#hello("HELLO_ACK", message.from)));
  }

  #takeDirect(link, message) {
    const { from, id, body } = message;
    if (this.policy === "ack") this.#acknowledge(link, message);
    else if (this.policy === "ignore") this.#tell("ignored", { from, id, msg: body.msg });
    else if (this.policy === "hold") {
      this.#held.push({ link, message });
      this.#tell("held", { from, id, msg: body.msg, ts: message.ts });
    } else this.#refuse(link, message, this.policy);
  }

  #acknowledge(link, message) {
    const { from, id, body } = message;
    const key = `${from} ${id}`;
    if (this.#seen.has(key)) return this.#refuse(link, message, "REPLAY");
    this.#seen.add(key);
    this.#tell("direct", { from, id, msg: body.msg });
    link.say(makeMessage(this.identity, { t: "ACK", to: from, body: { ref: id } }));
  }

  #hello(t, to) {
    const peer = makeRecord(this.identity, { addrs: this.addrs, expires: Date.now() + this.lastsMs });
    return { t, to, body: { agent: "interop/1", peer } };
  }

  #sayHello(link, to) {
    link.say(makeMessage(this.identity, this.#hello("HELLO", to)));
  }
}

/** The connection to a node, the newest first. @throws Error when there is none */
function linkTo(peer, to) {
  const link = [...peer.links].findLast((one) => one.isOpen && one.nodeId === to);
  if (link === undefined) throw new Error(`Not connected to ${to}`);
  return link;
}

const nonceFits = (message, request) => message.t === "PONG" && message.body.nonce === request.body.nonce;
const refFits = (message, request) => message.t === "PEERS_RES" && message.body.ref === request.id;

/** Who has no part in what the peer does. */
const other = Identity.make();

const commandsOf = (peer) => ({
  id: () => ({ node_id: peer.identity.nodeId, pub: peer.identity.pub }),
  /** `host`, `port`. Gives the address. */
  listen: (options) => peer.listen(options),
  /** `ms`: how long records made from now on are good for. */
  last: ({ ms }) => void (peer.lastsMs = ms),
  /** `addrs`: the addresses told from now on. */
  advertise: ({ addrs }) => void (peer.addrs = addrs),
  /** `address`, `to`. Gives the node id that answered. */
  dial: async (options) => (await peer.dial(options)).nodeId,
  /** `address`, `to` the relay's node id. Gives it; from then on the registration is kept. */
  register: (options) => peer.register(options),
  /** `to`, `msg`, `id`. Gives the outcome: ACK, an error's code, or none. */
  send: (options) => peer.send(linkTo(peer, options.to), options),
  /** `to`, `address`, `relay`, `messages`, `window`, `timeoutMs`. Gives when all are settled. */
  deliver: (options) => peer.deliver(options),
  ping: async ({ to, nonce = randomUUID() }) => {
    const answer = await peer.ask(linkTo(peer, to), { t: "PING", to, body: { nonce } }, nonceFits);
    return answer?.body.nonce ?? answer?.body.code ?? "none";
  },
  /** `to`, `n`. Gives the records with whether each is good. */
  peers: async ({ to, n }) => {
    const answer = await peer.ask(linkTo(peer, to), { t: "PEERS", to, body: { n } }, refFits);
    return answer?.body.peers?.map((record) => ({ ...record, good: isGoodRecord(record) })) ?? answer?.body.code ??
      "none";
  },
  /** `is`: ack, hold, ignore or an error code. */
  policy: ({ is }) => void (peer.policy = is),
  release: () => peer.release(),
  trace: () => peer.trace(),
  /** `to`: on whose connection. `draft`: any message. `as`: "other" signs as a third party. `over`: what is changed after signing. */
  say: ({ to, draft, as, over = {} }) => {
    const signer = as === "other" ? other : peer.identity;
    const said = { ...makeMessage(signer, draft), ...over };
    linkTo(peer, to).say(said);
    return said.id;
  },
  /** `records`: how many made-up peers to know, so that others can be told of them. */
  know: ({ records }) => {
    for (let index = 0; index < records; index += 1) {
      const record = makeRecord(Identity.make(), { addrs: [`tcp://203.0.113.${index % 250}:9001`] });
      peer.records.set(record.peer_id, record);
    }
  },
  /** Ends every connection. */
  cut: () => peer.links.forEach((link) => link.close()),
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) serveLines(commandsOf(new Peer({ tell: report })));
