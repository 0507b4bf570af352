/** A relay as plain as MoltComm v1, section 8, has it, written from the specification alone; and nodes that are found at it. @module */
import type { Identity } from "../../../../src/moltcomm/mod.ts";
import { encodeFrame, FrameReader, Signer } from "../../../../src/moltcomm/wire/mod.ts";
import type { Bodies, Draft, MessageType } from "../../../../src/moltcomm/wire/types.ts";
import type { Connection, ConnectionHandler, Listener, Runtime } from "../../../../src/runtime/port.ts";
import { type SimHost, SimWorld } from "../../../sim/mod.ts";
import { address, makeIdentity, RawPeer, SECOND_MS, startNode, type TestNode } from "../node/support.ts";

export const RELAY_PORT = 9_401;

/** What a frame says, unchecked. */
export interface Said {
  readonly t: string;
  readonly id: string;
  readonly from: string;
  readonly to?: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Somebody connected to the relay. */
class Client implements ConnectionHandler {
  readonly connection: Connection;
  readonly #relay: RawRelay;
  readonly #reader = new FrameReader({ maxFrameBytes: 16_777_216 });
  nodeId: string | undefined;

  constructor(relay: RawRelay, connection: Connection) {
    this.#relay = relay;
    this.connection = connection;
  }

  onData(data: Uint8Array): void {
    this.#reader.push(data);
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      this.#relay.take(this, frame, JSON.parse(new TextDecoder().decode(frame)) as Said);
    }
  }

  onDrain(): void {
    // Nothing is held back: a test sends little.
  }

  onEnd(): void {
    this.connection.end();
  }

  onClose(): void {
    this.#relay.gone(this);
  }
}

/** See the module's description. */
export class RawRelay {
  readonly world: SimWorld;
  readonly host: SimHost;
  readonly identity: Identity;
  /** Everything that came, in order. */
  readonly said: Said[] = [];
  /** When a connection came, world time. */
  readonly acceptedAtMs: number[] = [];
  readonly clients = new Map<string, Client>();
  /** Whether it says `HELLO_ACK`: section 8 lets it. */
  saysHelloAck = true;
  answersPings = true;
  agent = "raw-relay/1";
  /** In place of passing a frame on; `undefined` leaves it be. */
  meddle: ((said: Said, frame: Uint8Array) => readonly Uint8Array[] | undefined) | undefined;
  #signer: Signer;
  #runtime: Runtime | undefined;
  #listener: Listener | undefined;
  #kill: () => void = () => undefined;
  readonly #connections = new Set<Client>();

  constructor(world: SimWorld, host: SimHost) {
    this.world = world;
    this.host = host;
    const runtime = world.createRuntime(host);
    this.identity = makeIdentity(runtime.crypto);
    this.#signer = new Signer(runtime, this.identity);
  }

  get nodeId(): string {
    return this.#signer.nodeId;
  }

  get address(): string {
    return `relay://${this.host.ip}:${RELAY_PORT}`;
  }

  /** Takes another identity, as an impostor would. */
  becomeAnother(): void {
    const runtime = this.world.createRuntime(this.host);
    this.#signer = new Signer(runtime, makeIdentity(runtime.crypto));
  }

  async start(): Promise<this> {
    const { process, runtime } = this.host.startIdle();
    this.#runtime = runtime;
    this.#kill = () => process.kill();
    this.#listener = await this.world.wait(
      runtime.network.listen({ host: this.host.ip, port: RELAY_PORT }, (connection) => {
        this.acceptedAtMs.push(this.world.clock.monotonicMs());
        const client = new Client(this, connection);
        this.#connections.add(client);
        return client;
      }),
    );
    return this;
  }

  /** Its process is killed: its connections are reset. */
  kill(): void {
    this.#kill();
    this.clients.clear();
    this.#connections.clear();
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    for (const { connection } of this.#connections) connection.end();
  }

  all(t: string): Said[] {
    return this.said.filter((said) => said.t === t);
  }

  take(client: Client, frame: Uint8Array, said: Said): void {
    this.said.push(said);
    const meddled = this.meddle?.(said, frame);
    if (meddled !== undefined) {
      for (const other of meddled) this.clients.get(said.to ?? "")?.connection.write(reframe(other));
      return;
    }
    const isGreeting = said.t === "HELLO" && client.nodeId === undefined;
    const to = isGreeting ? this.nodeId : said.to ?? this.nodeId;
    if (to !== this.nodeId) return this.#pass(client, frame, said, to);
    if (said.t === "HELLO") this.#register(client, said);
    if (said.t === "PING" && this.answersPings) {
      this.#say(client, "PONG", { nonce: String(said.body["nonce"]) }, said.from);
    }
  }

  gone(client: Client): void {
    this.#connections.delete(client);
    if (client.nodeId !== undefined && this.clients.get(client.nodeId) === client) this.clients.delete(client.nodeId);
  }

  /** Signs something in its own name, and sends it to a registered node. */
  sayTo<Type extends MessageType>(nodeId: string, t: Type, body: Bodies[Type]): void {
    const client = this.clients.get(nodeId);
    if (client !== undefined) this.#say(client, t, body, nodeId);
  }

  #register(client: Client, { from }: Said): void {
    const older = this.clients.get(from);
    client.nodeId = from;
    this.clients.set(from, client);
    if (older !== undefined && older !== client) older.connection.end();
    if (!this.saysHelloAck) return;
    const nowMs = this.#runtime?.clock.wallMs() ?? 0;
    const peer = this.#signer.record({ addrs: [this.address], ts: nowMs, expires: nowMs + 30 * 60 * SECOND_MS });
    this.#say(client, "HELLO_ACK", { agent: this.agent, peer }, from);
  }

  #pass(client: Client, frame: Uint8Array, said: Said, to: string): void {
    if (client.nodeId !== said.from) return;
    const recipient = this.clients.get(to);
    if (recipient !== undefined) recipient.connection.write(reframe(frame));
    else if (said.t !== "ERROR") this.#say(client, "ERROR", { ref: said.id, code: "UNREACHABLE" }, said.from);
  }

  #say<Type extends MessageType>(client: Client, t: Type, body: Bodies[Type], to: string): void {
    const { clock, random } = this.#runtime ?? this.world.createRuntime(this.host);
    const draft: Draft<Type> = { t, id: random.uuid(), to, ts: clock.wallMs(), body };
    client.connection.write(this.#signer.frame(draft));
  }
}

/** The frame as it came, behind a length. */
export function reframe(body: Uint8Array): Uint8Array {
  return encodeFrame(new TextDecoder().decode(body));
}

export type NodeOptions = NonNullable<Parameters<typeof startNode>[2]>;

/** A world with relays, and nodes of which none can be dialled. */
export class RelayScene {
  readonly world: SimWorld;
  readonly relays: readonly RawRelay[];

  private constructor(world: SimWorld, relays: readonly RawRelay[]) {
    this.world = world;
    this.relays = relays;
  }

  static async make({ relays = 1, seed = 1 } = {}): Promise<RelayScene> {
    const world = new SimWorld({ seed });
    const all: RawRelay[] = [];
    for (let index = 0; index < relays; index++) {
      all.push(await new RawRelay(world, world.addHost(`relay${index}`)).start());
    }
    return new RelayScene(world, all);
  }

  get relay(): RawRelay {
    return this.relays[0] as RawRelay;
  }

  /** Starts a node that is to be found at the relays. */
  async start(name: string, options: NodeOptions = {}): Promise<TestNode> {
    const relays = this.relays.map((relay) => address(relay.address));
    return await startNode(this.world, this.world.addHost(name), { relays, ...options });
  }

  /** Waits until the node is found at a relay, or at so many. */
  async registered(node: TestNode, count = 1): Promise<void> {
    await this.world.until(() => registeredAt(node).length === count, { withinMs: 120_000 });
  }

  /** Nodes that cannot connect to each other; the relays they all reach. */
  separate(...nodes: readonly TestNode[]): void {
    this.world.network.partition(...nodes.map(({ host }) => [host]));
  }
}

/** The relays that a node says it is registered at. */
export function registeredAt({ node }: TestNode): string[] {
  return node.view.relays.filter(({ state }) => state === "registered").map(({ address: text }) => text);
}

/** Somebody registered at the relay who keeps no rule by himself. */
export async function dialRelay(scene: RelayScene, runtime?: Runtime): Promise<RawPeer> {
  const from = runtime ?? scene.world.createRuntime(scene.world.addHost(`raw${scene.world.hosts.length}`));
  const peer = new RawPeer(scene.world, from, makeIdentity(from.crypto));
  peer.connection = await scene.world.wait(
    from.network.dial({ host: scene.relay.host.ip, port: RELAY_PORT }, peer, { timeoutMs: 5_000 }),
  );
  peer.hello();
  await peer.next("HELLO_ACK");
  return peer;
}
