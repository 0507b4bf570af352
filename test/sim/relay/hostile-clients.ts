/**
 * Clients that nobody invited: they flood, make up nodes, claim to be others, play again what they heard, read slowly or never, begin what
 * they do not end.
 *
 * @module
 */
import { encodeBase64 } from "../../../src/contract/mod.ts";
import { Signer } from "../../../src/moltcomm/wire/mod.ts";
import type { Connection, ConnectionHandler, Runtime } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import { makeFrame, readFrame } from "../mail/frames.ts";
import type { SeededRandom, SimHost } from "../mod.ts";
import { nowAndThen } from "../now-and-then.ts";
import type { HostileAct } from "./options.ts";
import { RELAY_PORT, type RelayFleet } from "./relay-fleet.ts";

const PAUSE_MS = [500, 8_000] as const;
/** Where a world lasts for an hour. */
const LONG_PAUSE_MS = [10_000, 90_000] as const;
const STAYS_MS = [2_000, 45_000] as const;
const DIAL_MS = 5_000;
const RECORD_MS = 600_000;
const FRAMES = 800;
const TEXT_CHARACTERS = 400;
/** Each real node gets so many at most: more would push out of its box what others have put there. */
const TO_REAL_NODE_MAX = 300;
const MADE_UP_IDS = 40;
const IDLE_CONNECTIONS = 40;
const HALF_CONNECTIONS = 8;
const OPEN_MAX = 120;
const SLOW_MS = { paused: 2_000, reading: 30 } as const;
/** A frame of a megabyte, of which only this comes. */
const HALF_FRAME = Uint8Array.of(
  0x00,
  0x10,
  0x00,
  0x00,
  ...new TextEncoder().encode(`{"v":1,"t":"${"x".repeat(2_000)}`),
);

type Frame = Uint8Array<ArrayBuffer>;

export class HostileClients {
  readonly #fleet: RelayFleet;
  readonly #random: SeededRandom;
  readonly #runtimes: readonly Runtime[];
  readonly #open = new Set<Connection>();
  readonly #sentTo = new Map<string, number>();
  #end: () => void = () => undefined;
  #isOver = false;

  constructor(fleet: RelayFleet, hosts: readonly SimHost[]) {
    this.#fleet = fleet;
    this.#random = fleet.world.random.fork();
    this.#runtimes = hosts.map((host) => host.startIdle({ name: "hostile" }).runtime);
  }

  start(): void {
    const pauseMs = this.#fleet.options.sleeps ? LONG_PAUSE_MS : PAUSE_MS;
    this.#end = nowAndThen(this.#fleet.world, { random: this.#random, pauseMs }, () => this.#act());
  }

  end(): void {
    this.#isOver = true;
    this.#end();
    for (const connection of this.#open) connection.destroy();
  }

  #act(): void {
    const { options: { hostileActs }, relays, world } = this.#fleet;
    const [act, relay] = [this.#random.pick(hostileActs), this.#random.pick(relays)];
    world.note(`hostile ${act} ${relay.name}`);
    this.#perform(act, relay);
  }

  #perform(act: HostileAct, relay: SimHost): void {
    switch (act) {
      case "flood":
        return this.#register(relay, (flooder) => this.#flood(relay, flooder));
      case "nobody":
        return this.#register(relay, (client) => {
          for (let left = FRAMES / 5; left > 0; left--) client.direct(this.#madeUpId(), "is anybody there?");
        });
      case "itself":
        return this.#register(relay, (client) => client.repeat(client.nodeId, FRAMES / 5));
      case "foreign":
        this.#dial(relay, (client) => client.write(this.#forgedHello()));
        return this.#register(relay, (client) => {
          const [one, other] = [this.#random.pick(this.#fleet.mailHosts), this.#random.pick(this.#fleet.mailHosts)];
          for (let left = 50; left > 0; left--) client.forge(one.nodeId, other.nodeId);
        });
      case "ids":
        for (let left = MADE_UP_IDS; left > 0; left--) this.#register(relay, () => undefined);
        return;
      case "boxes":
        for (let left = MADE_UP_IDS / 4; left > 0; left--) this.#fillBox(relay);
        return;
      case "deaf":
      case "slow":
        return this.#register(relay, (reader) => {
          reader.readBadly(act === "slow");
          this.#register(relay, (flooder) => flooder.repeat(reader.nodeId, 2 * FRAMES));
        });
      case "replay":
        for (let left = 10; left > 0; left--) this.#dial(relay, (client) => client.write(this.#heardHello()));
        return;
      case "half":
        for (let left = HALF_CONNECTIONS; left > 0; left--) this.#dial(relay, (client) => client.write(HALF_FRAME));
        return;
      case "garbage":
        return this.#dial(relay, (client) => client.write(this.#random.bytes(this.#random.integer(1, 5_000))));
      case "idle":
        for (let left = IDLE_CONNECTIONS; left > 0; left--) this.#dial(relay, () => undefined);
    }
  }

  /** For somebody of its own, or for a node of the fleet. */
  #flood(relay: SimHost, flooder: Client): void {
    if (this.#random.chance(0.5)) return this.#register(relay, (reader) => flooder.repeat(reader.nodeId, FRAMES));
    const { nodeId } = this.#random.pick(this.#fleet.mailHosts);
    const sent = this.#sentTo.get(nodeId) ?? 0;
    this.#sentTo.set(nodeId, TO_REAL_NODE_MAX);
    flooder.repeat(nodeId, TO_REAL_NODE_MAX - sent);
  }

  /** A node that is made up comes, goes, and is written to. */
  #fillBox(relay: SimHost): void {
    this.#register(relay, (gone) => {
      gone.leave();
      this.#register(relay, (client) => {
        for (let left = 20; left > 0; left--) client.direct(gone.nodeId, "for nobody");
      });
    });
  }

  #heardHello(): Frame {
    const { hellos } = this.#fleet;
    return hellos.length === 0 ? new Uint8Array(0) : this.#random.pick(hellos);
  }

  /** What somebody said, as if it were said now. */
  #forgedHello(): Frame {
    const heard = readFrame(this.#heardHello());
    if (heard === undefined) return new Uint8Array(0);
    const ts = Math.floor(this.#fleet.mallory.wallMs());
    return makeFrame(JSON.stringify({ ...heard, id: this.#random.uuid(), ts }));
  }

  #madeUpId(): string {
    return `ed25519:${encodeBase64(this.#random.bytes(32)).replaceAll("+", "-").replaceAll("/", "_").replace("=", "")}`;
  }

  #register(relay: SimHost, then: (client: Client) => void): void {
    this.#dial(relay, (client) => {
      client.hello();
      then(client);
    });
  }

  #dial(relay: SimHost, then: (client: Client) => void): void {
    if (this.#isOver || this.#open.size >= OPEN_MAX) return;
    const { world } = this.#fleet;
    const runtime = this.#random.pick(this.#runtimes);
    const client = new Client(runtime, this.#fleet);
    const dialled = runtime.network.dial({ host: relay.name, port: RELAY_PORT }, client, { timeoutMs: DIAL_MS });
    dialled.then((connection) => {
      client.connection = connection;
      this.#open.add(connection);
      then(client);
      world.after(drawMs(this.#random, STAYS_MS), () => {
        this.#open.delete(connection);
        connection.destroy();
      });
    }, () => undefined);
  }
}

/** One connection of somebody with a key of its own. */
class Client implements ConnectionHandler {
  connection: Connection | undefined;
  readonly #runtime: Runtime;
  readonly #fleet: RelayFleet;
  #ownSigner: Signer | undefined;

  constructor(runtime: Runtime, fleet: RelayFleet) {
    this.#runtime = runtime;
    this.#fleet = fleet;
  }

  get nodeId(): string {
    return this.#signer.nodeId;
  }

  hello(): void {
    const nowMs = this.#nowMs;
    const peer = this.#signer.record({ addrs: [], ts: nowMs, expires: nowMs + RECORD_MS });
    this.write(this.#signer.frame({ t: "HELLO", id: this.#newId(), ts: nowMs, body: { agent: "hostile/1", peer } }));
  }

  direct(to: string, msg: string): void {
    this.write(this.#direct(to, msg));
  }

  /** The same frame again and again. */
  repeat(to: string, count: number): void {
    const frame = this.#direct(to, "f".repeat(TEXT_CHARACTERS));
    for (let left = count; left > 0; left--) this.write(frame);
  }

  /** Claims to be somebody else. */
  forge(from: string, to: string): void {
    const { pub } = this.#signer;
    const message = {
      v: 1,
      t: "DIRECT",
      id: this.#newId(),
      from,
      pub,
      to,
      ts: this.#nowMs,
      body: { msg: "forged" },
      sig: "",
    };
    this.write(makeFrame(JSON.stringify(message)));
  }

  /** Reads nothing more, or hardly anything. */
  readBadly(isNowAndThen: boolean): void {
    this.connection?.pause();
    if (!isNowAndThen) return;
    this.#fleet.world.after(SLOW_MS.paused, () => {
      this.connection?.resume();
      this.#fleet.world.after(SLOW_MS.reading, () => this.readBadly(true));
    });
  }

  leave(): void {
    this.connection?.end();
  }

  write(data: Frame): void {
    this.connection?.write(data);
  }

  onData(): void {}

  onDrain(): void {}

  onEnd(): void {
    this.connection?.end();
  }

  onClose(): void {
    this.connection = undefined;
  }

  get #nowMs(): number {
    return Math.floor(this.#runtime.clock.wallMs());
  }

  get #signer(): Signer {
    if (this.#ownSigner === undefined) {
      const { crypto } = this.#runtime;
      const { privatePkcs8, publicSpki } = crypto.generateEd25519();
      this.#ownSigner = new Signer({ crypto }, { publicSpki, sign: crypto.ed25519Signer(privatePkcs8) });
    }
    return this.#ownSigner;
  }

  #direct(to: string, msg: string): Frame {
    return this.#signer.frame({ t: "DIRECT", id: this.#newId(), to, ts: this.#nowMs, body: { msg } });
  }

  #newId(): string {
    return this.#runtime.random.uuid();
  }
}
