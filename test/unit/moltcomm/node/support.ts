/** What the node's tests share: nodes in a simulated world, an inbox by hand, and peers that say whatever a test wants. @module */
import { type PeerAddress, readPeerAddress } from "../../../../src/contract/mod.ts";
import { deriveNodeId } from "../../../../src/contract/mod.ts";
import { createMetrics, type Metrics } from "../../../../src/metrics/mod.ts";
import {
  createNode,
  type Identity,
  type MoltCommNode,
  type NodeInit,
  type NodeLimits,
} from "../../../../src/moltcomm/mod.ts";
import type { DeliveryOutcome, IncomingMail, IncomingMessage } from "../../../../src/moltcomm/types.ts";
import { encodeFrame, FrameReader, readMessage, Signer } from "../../../../src/moltcomm/wire/mod.ts";
import type {
  Bodies,
  Draft,
  Message,
  MessageOf,
  MessageType,
  PeerRecord,
} from "../../../../src/moltcomm/wire/types.ts";
import type { Connection, ConnectionHandler, Crypto, Runtime } from "../../../../src/runtime/port.ts";
import { createScheduler, type Scheduler } from "../../../../src/scheduler/mod.ts";
import { type SimHost, type SimProcess, SimWorld } from "../../../sim/mod.ts";
import { NODE_LIMITS } from "../../../support/node-limits.ts";
import { RecordingLogger } from "../../scheduler/support.ts";

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const PORT = 9001;
export const AGENT = "barnacle/test";
/** What a node makes of it, without sealing. */
export const ANNOUNCED = `${AGENT} (inorder)`;

/** An inbox that does as it is told. */
export class FakeInbox implements IncomingMail {
  readonly messages: IncomingMessage[] = [];
  readonly blocked = new Set<string>();
  /** What becomes of each message; default: delivered, or a duplicate of one that was. */
  behave: (message: IncomingMessage) => DeliveryOutcome | Promise<DeliveryOutcome> = (message) => {
    const isKnown = this.messages.some(({ from, id }) => from === message.from && id === message.id);
    if (isKnown) return { outcome: "duplicate" };
    this.messages.push(message);
    return { outcome: "delivered" };
  };

  async deliver(message: IncomingMessage): Promise<DeliveryOutcome> {
    return await this.behave(message);
  }

  reachMs = 7 * 24 * 3_600_000;

  isBlocked(from: string): boolean {
    return this.blocked.has(from);
  }

  get texts(): string[] {
    return this.messages.map(({ msg }) => msg);
  }
}

export function makeIdentity(crypto: Crypto): Identity {
  const { privatePkcs8, publicSpki } = crypto.generateEd25519();
  return {
    nodeId: deriveNodeId(crypto, publicSpki),
    publicSpki,
    sign: crypto.ed25519Signer(privatePkcs8),
    agreementKey: () => crypto.x25519FromEd25519(privatePkcs8),
  };
}

export function address(text: string): PeerAddress {
  const read = readPeerAddress(text);
  if (read === undefined) throw new Error(`"${text}" is no address`);
  return read;
}

/** A node on a simulated host, with what a test looks at. */
export interface TestNode {
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly runtime: Runtime;
  readonly node: MoltCommNode;
  readonly nodeId: string;
  readonly identity: Identity;
  readonly inbox: FakeInbox;
  readonly log: RecordingLogger;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
  /** The value of a sample in the rendered metrics; 0 when it is not there. */
  sample(prefix: string): number;
}

type NodeOptions = Partial<Omit<NodeInit, "limits">> & { readonly limits?: Partial<NodeLimits> };

/** Starts a node on a host, listening on port 9001. */
export async function startNode(world: SimWorld, host: SimHost, options: NodeOptions = {}): Promise<TestNode> {
  const { process, runtime } = host.startIdle();
  const log = new RecordingLogger();
  const metrics = createMetrics();
  const scheduler = createScheduler({ ...runtime, log, metrics });
  const identity = options.identity ?? makeIdentity(runtime.crypto);
  const inbox = new FakeInbox();
  const directory = "/work/.moltcomm";
  await world.wait(runtime.files.makeDirectory(directory));
  const node = createNode({ ...runtime, log, metrics, scheduler }, {
    identity,
    directory,
    listen: address(`tcp://${host.ip}:${PORT}`),
    isListenDefault: false,
    advertise: [],
    bootstrap: [],
    incoming: inbox,
    agent: AGENT,
    sealing: { mode: "off", unsealedAtMs: () => undefined },
    ...options,
    limits: { ...NODE_LIMITS, ...options.limits },
  });
  await world.wait(node.start());
  scheduler.start();
  const sample = (prefix: string) => {
    const line = metrics.render().split("\n").find((text) => text.startsWith(`${prefix} `));
    return line === undefined ? 0 : Number(line.slice(prefix.length + 1));
  };
  return { host, process, runtime, node, nodeId: identity.nodeId, identity, inbox, log, metrics, scheduler, sample };
}

/** A node and a host from which raw peers talk to it. */
export async function makeScene(options: NodeOptions = {}, seed = 1) {
  const world = new SimWorld({ seed });
  const [here, there] = [world.addHost("here"), world.addHost("there")];
  const subject = await startNode(world, here, options);
  const runtime = world.createRuntime(there);
  const dial = (from: Runtime = runtime) => RawPeer.dial(world, from, here);
  return { world, here, there, subject, runtime, dial, inbox: subject.inbox };
}

let nextNumber = 1;

/** An id as other implementations make them. */
export function newId(): string {
  return `00000000-0000-4000-8000-${String(nextNumber++).padStart(12, "0")}`;
}

/** Somebody with an identity and one connection, who keeps no rule by himself. */
export class RawPeer implements ConnectionHandler {
  readonly world: SimWorld;
  readonly runtime: Runtime;
  readonly signer: Signer;
  readonly received: Message[] = [];
  readonly events: string[] = [];
  connection: Connection | undefined;
  /** Called for each message as it comes. */
  onMessage: (message: Message) => void = () => undefined;
  readonly #reader = new FrameReader({ maxFrameBytes: 16_777_216 });

  constructor(world: SimWorld, runtime: Runtime, identity: Identity = makeIdentity(runtime.crypto)) {
    this.world = world;
    this.runtime = runtime;
    this.signer = new Signer(runtime, identity);
  }

  static async dial(world: SimWorld, runtime: Runtime, host: SimHost, identity?: Identity): Promise<RawPeer> {
    const peer = new RawPeer(world, runtime, identity);
    peer.connection = await world.wait(
      runtime.network.dial({ host: host.ip, port: PORT }, peer, { timeoutMs: 5_000 }),
    );
    return peer;
  }

  /** Listens on port 9001 of its host; further connections replace the one before. */
  static async listen(world: SimWorld, runtime: Runtime, host: SimHost, identity?: Identity): Promise<RawPeer> {
    const peer = new RawPeer(world, runtime, identity);
    await world.wait(runtime.network.listen({ host: host.ip, port: PORT }, (connection) => {
      peer.connection = connection;
      peer.events.push("accept");
      return peer;
    }));
    return peer;
  }

  get nodeId(): string {
    return this.signer.nodeId;
  }

  onData(data: Uint8Array): void {
    this.#reader.push(data);
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      const read = readMessage(frame);
      if ("refused" in read) throw new Error(`The node sent what is no message: ${read.refused.detail}`);
      this.received.push(read.message);
      this.onMessage(read.message);
    }
  }

  onDrain(): void {
    this.events.push("drain");
  }

  onEnd(): void {
    this.events.push("end");
    this.connection?.end();
  }

  onClose(): void {
    this.events.push("close");
  }

  get isClosed(): boolean {
    return this.events.includes("close");
  }

  /** A record of its own that says it is reached at `addrs`. */
  record(init: { addrs?: readonly string[]; ts?: number; expires?: number } = {}): PeerRecord {
    const nowMs = this.runtime.clock.wallMs();
    const { addrs = ["tcp://198.51.100.7:9001"], ts = nowMs, expires = nowMs + 30 * MINUTE_MS } = init;
    return this.signer.record({ addrs, ts, expires });
  }

  sign<Type extends MessageType>(t: Type, body: Bodies[Type], more: Partial<Draft<Type>> = {}): MessageOf<Type> {
    return this.signer.sign({ t, id: newId(), ts: this.runtime.clock.wallMs(), body, ...more });
  }

  /** Signs a message and sends it. @returns what was sent */
  say<Type extends MessageType>(t: Type, body: Bodies[Type], more: Partial<Draft<Type>> = {}): MessageOf<Type> {
    const message = this.sign(t, body, more);
    this.send({ v: 1, ...message });
    return message;
  }

  /** Sends any value as a frame of JSON. */
  send(value: unknown): void {
    this.connection?.write(encodeFrame(JSON.stringify(value)));
  }

  hello(more: Partial<Draft<"HELLO">> = {}, record: PeerRecord = this.record()): MessageOf<"HELLO"> {
    return this.say("HELLO", { agent: "raw/1", peer: record }, more);
  }

  direct(to: string, msg: string, more: Partial<Draft<"DIRECT">> = {}): MessageOf<"DIRECT"> {
    return this.say("DIRECT", { msg }, { to, ...more });
  }

  /** Answers every `HELLO` properly. */
  answersHellos(record: () => PeerRecord = () => this.record()): this {
    const before = this.onMessage;
    this.onMessage = (message) => {
      before(message);
      if (message.t === "HELLO") this.say("HELLO_ACK", { agent: "raw/1", peer: record() }, { to: message.from });
    };
    return this;
  }

  /** Answers every `DIRECT` with `ACK` or an error's code, as told; `undefined` leaves it without an answer. */
  answersDirects(answer: (message: MessageOf<"DIRECT">) => string | undefined): this {
    const before = this.onMessage;
    this.onMessage = (message) => {
      before(message);
      if (message.t !== "DIRECT") return;
      const code = answer(message);
      if (code === "ACK") this.say("ACK", { ref: message.id }, { to: message.from });
      else if (code !== undefined) this.say("ERROR", { ref: message.id, code }, { to: message.from });
    };
    return this;
  }

  all<Type extends MessageType>(t: Type): MessageOf<Type>[] {
    return this.received.filter((message): message is Message & MessageOf<Type> => message.t === t);
  }

  /** The codes of the errors it got, in order. */
  get errors(): string[] {
    return this.all("ERROR").map(({ body }) => body.code);
  }

  /** Waits for the next message of a type beyond those that came before. */
  async next<Type extends MessageType>(t: Type, withinMs = 5_000): Promise<MessageOf<Type>> {
    const count = this.all(t).length;
    await this.world.until(() => this.all(t).length > count, { withinMs });
    return this.all(t)[count] as MessageOf<Type>;
  }

  /** Waits for the answer that refers to a message. */
  async answerTo(message: { readonly id: string }, withinMs = 5_000): Promise<MessageOf<"ACK"> | MessageOf<"ERROR">> {
    const find = () =>
      this.received.find((answer): answer is MessageOf<"ACK"> | MessageOf<"ERROR"> =>
        (answer.t === "ACK" || answer.t === "ERROR") && answer.body.ref === message.id
      );
    await this.world.until(() => find() !== undefined, { withinMs });
    return find() as MessageOf<"ACK"> | MessageOf<"ERROR">;
  }
}
