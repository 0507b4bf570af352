/** Hunts: what only real sockets do: reads that cut frames anywhere, writes that are taken in part, pauses, ends and resets. */
import { afterEach, describe, expect, test } from "vitest";
import { createRuntime } from "#runtime";
import { createMetrics } from "../../../../src/metrics/mod.ts";
import { createRelay, type Relay, type RelayLimits } from "../../../../src/moltcomm/relay/mod.ts";
import { encodeFrame, FrameReader, readMessage, Signer } from "../../../../src/moltcomm/wire/mod.ts";
import type { Message } from "../../../../src/moltcomm/wire/types.ts";
import type { Connection, ConnectionHandler } from "../../../../src/runtime/port.ts";
import { createScheduler } from "../../../../src/scheduler/mod.ts";
import { RecordingLogger } from "../../scheduler/support.ts";
import { makeIdentity } from "../node/support.ts";
import { LIMITS } from "./support.ts";

const runtime = createRuntime();
const PATIENCE_MS = 10_000;
const relays: Relay[] = [];

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.stop();
});

async function start(limits: Partial<RelayLimits> = {}): Promise<{ relay: Relay; port: number }> {
  const log = new RecordingLogger();
  const metrics = createMetrics();
  const relay = createRelay({ ...runtime, log, metrics, scheduler: createScheduler({ ...runtime, log, metrics }) }, {
    identity: makeIdentity(runtime.crypto),
    listen: { host: "127.0.0.1", port: 0 },
    advertise: [],
    agent: "barnacle/test",
    limits: { ...LIMITS, ...limits },
  });
  relays.push(relay);
  const { address } = await relay.start();
  return { relay, port: address.port };
}

/** A node on a real socket. */
class Client implements ConnectionHandler {
  readonly signer = new Signer(runtime, makeIdentity(runtime.crypto));
  readonly received: Message[] = [];
  isClosed = false;
  #connection: Connection | undefined;
  readonly #reader = new FrameReader({ maxFrameBytes: 16_777_216 });

  static async register(port: number, relayId: string): Promise<Client> {
    const client = new Client();
    client.#connection = await runtime.network.dial({ host: "127.0.0.1", port }, client, { timeoutMs: 5_000 });
    const ts = runtime.clock.wallMs();
    const peer = client.signer.record({ addrs: [`relay://127.0.0.1:${port}`], ts, expires: ts + 600_000 });
    client.write(client.signer.frame({ t: "HELLO", id: runtime.random.uuid(), to: relayId, ts, body: { peer } }));
    await until(() => client.received.some(({ t }) => t === "HELLO_ACK"));
    return client;
  }

  get nodeId(): string {
    return this.signer.nodeId;
  }

  get connection(): Connection {
    if (this.#connection === undefined) throw new Error("Not connected");
    return this.#connection;
  }

  get texts(): string[] {
    return this.received.flatMap((message) => message.t === "DIRECT" ? message.body.msg : []);
  }

  write(bytes: Uint8Array): void {
    this.connection.write(bytes);
  }

  frame(to: string, msg: string): Uint8Array {
    const draft = { t: "DIRECT", id: runtime.random.uuid(), to, ts: runtime.clock.wallMs(), body: { msg } } as const;
    return encodeFrame(JSON.stringify({ v: 1, ...this.signer.sign(draft) }));
  }

  onData(data: Uint8Array): void {
    this.#reader.push(data);
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      const read = readMessage(frame);
      if ("message" in read) this.received.push(read.message);
    }
  }

  onDrain(): void {
    return;
  }

  onEnd(): void {
    this.connection.end();
  }

  onClose(): void {
    this.isClosed = true;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const startMs = runtime.clock.monotonicMs();
  while (!condition()) {
    if (runtime.clock.monotonicMs() - startMs > PATIENCE_MS) throw new Error("Wait for a condition: it never held");
    await new Promise<void>((resolve) => void runtime.clock.setTimer(1, resolve));
  }
}

describe("a relay on real sockets", () => {
  test("hands on frames of all lengths in order, however they are cut", async () => {
    const { relay, port } = await start();
    const [sender, recipient] = [await Client.register(port, relay.nodeId), await Client.register(port, relay.nodeId)];
    const texts = Array.from(
      { length: 200 },
      (_, index) => `${index} ${"x".repeat(index % 20 === 0 ? 300_000 : index)}`,
    );
    const all = texts.map((text) => sender.frame(recipient.nodeId, text));
    const stream = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const frame of all) {
      stream.set(frame, at);
      at += frame.length;
    }
    for (let from = 0, step = 1; from < stream.length; from += step, step = step % 100_003 + 7_919) {
      sender.write(stream.slice(from, from + step));
    }
    await until(() => recipient.texts.length === texts.length);
    expect(recipient.texts).toEqual(texts);
    expect(relay.view.forwardedBytes).toBe(stream.length);
  });

  test("slows a sender down to its recipient's pace and loses nothing", async () => {
    const { relay, port } = await start({ queuedBytesPerNode: 1_048_576 });
    const [sender, recipient] = [await Client.register(port, relay.nodeId), await Client.register(port, relay.nodeId)];
    const frame = sender.frame(recipient.nodeId, "x".repeat(60_000));
    recipient.connection.pause();
    for (let count = 0; count < 400; count++) sender.write(frame);
    await until(() => relay.view.queuedBytes > 500_000);
    recipient.connection.resume();
    await until(() => recipient.texts.length === 400);
    expect(relay.view.queuedBytes).toBe(0);
    expect(relay.view.refusals).toEqual({});
  });

  test("serves others while one floods a recipient that never reads, within its bounds", async () => {
    const { relay, port } = await start({ queuedBytesPerNode: 262_144 });
    const clients = await Promise.all([1, 2, 3, 4].map(() => Client.register(port, relay.nodeId)));
    const [flooder, deaf, one, other] = clients as [Client, Client, Client, Client];
    deaf.connection.pause();
    const frame = flooder.frame(deaf.nodeId, "x".repeat(60_000));
    for (let count = 0; count < 600; count++) flooder.write(frame);
    for (let count = 0; count < 50; count++) one.write(one.frame(other.nodeId, `${count}`));
    await until(() => other.texts.length === 50);
    await until(() => (relay.view.refusals["recipient_slow"] ?? 0) > 0);
    expect(relay.view.queuedBytes).toBeLessThan(262_144 + 600_000);
    deaf.connection.destroy();
    await until(() => relay.view.registered === 3 && relay.view.queuedBytes === 0);
  });

  test("lives through resets and frames cut off in the middle", async () => {
    const { relay, port } = await start();
    const recipient = await Client.register(port, relay.nodeId);
    for (let count = 0; count < 20; count++) {
      const sender = await Client.register(port, relay.nodeId);
      const frame = sender.frame(recipient.nodeId, "y".repeat(50_000));
      sender.write(frame);
      sender.write(frame.slice(0, 20_000));
      if (count % 2 === 0) sender.connection.destroy();
      else sender.connection.end();
    }
    await until(() => relay.view.connections === 1);
    expect(relay.view.registered).toBe(1);
    expect(recipient.texts.length).toBeLessThanOrEqual(20);
  });

  test("closes an older connection of a node that registers again", async () => {
    const { relay, port } = await start();
    const first = await Client.register(port, relay.nodeId);
    const ts = runtime.clock.wallMs();
    const second = new Client();
    const connection = await runtime.network.dial({ host: "127.0.0.1", port }, second, { timeoutMs: 5_000 });
    const peer = first.signer.record({ addrs: [], ts, expires: ts + 600_000 });
    connection.write(
      first.signer.frame({ t: "HELLO", id: runtime.random.uuid(), to: relay.nodeId, ts, body: { peer } }),
    );
    await until(() => first.isClosed && second.received.length === 1);
    expect(relay.view.registered).toBe(1);
    connection.destroy();
  });
});
