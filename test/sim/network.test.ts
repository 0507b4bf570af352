/**
 * Hunts: a simulated network that is kinder than a real one: that tells of failures nobody could know, or loses order.
 */
import { describe, expect, test } from "vitest";
import type { Connection, ConnectionHandler, Runtime } from "../../src/runtime/port.ts";
import { NO_FAULTS, type SimHost, type SimProcess, SimWorld } from "./mod.ts";

const PORT = 7000;
const HOUR_MS = 3_600_000;

class Side implements ConnectionHandler {
  connection: Connection | undefined;
  text = "";
  parts = 0;
  events: string[] = [];

  onData(data: Uint8Array): void {
    this.text += new TextDecoder().decode(data);
    this.parts++;
  }

  onDrain(): void {
    this.events.push("drain");
  }

  onEnd(): void {
    this.events.push("end");
  }

  onClose(error?: Error & { code?: string }): void {
    this.events.push(`close ${error?.code ?? "orderly"}`);
  }

  send(text: string): boolean | undefined {
    return this.connection?.write(new TextEncoder().encode(text));
  }
}

interface Scene {
  readonly world: SimWorld;
  readonly near: SimHost;
  readonly far: SimHost;
  readonly runtime: Runtime;
  readonly server: SimProcess;
  readonly client: Side;
  readonly accepted: Side;
}

async function dial(runtime: Runtime, timeoutMs = 5_000): Promise<Side> {
  const side = new Side();
  side.connection = await runtime.network.dial({ host: "far", port: PORT }, side, { timeoutMs });
  return side;
}

async function connect(seed = 1): Promise<Scene> {
  const world = new SimWorld({ seed });
  const [near, far] = [world.addHost("near"), world.addHost("far")];
  const { process: server, runtime: farRuntime } = far.startIdle();
  const accepted = new Side();
  await world.wait(farRuntime.network.listen({ host: "0.0.0.0", port: PORT }, (connection) => {
    accepted.connection ??= connection;
    return accepted;
  }));
  const runtime = world.createRuntime(near);
  const client = await world.wait(dial(runtime));
  await world.run(100);
  return { world, near, far, runtime, server, client, accepted };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => "resolved", ({ code }: { code: string }) => code);
}

describe("a partition", () => {
  test("lets dials time out, holds what is under way, and delivers it in order once it heals", async () => {
    const { world, near, far, runtime, client, accepted } = await connect();
    world.network.partition([near], [far]);
    client.send("one ");
    client.send("two ");
    expect(await world.wait(codeOf(dial(runtime, 3_000)))).toBe("TIMED_OUT");
    expect(accepted.text).toBe("");
    world.network.heal();
    client.send("three");
    await world.until(() => accepted.text === "one two three");
    expect(client.events).toEqual([]);
  });

  test("in one direction lets data arrive and the sender give up, because nobody answers", async () => {
    const { world, near, far, client, accepted } = await connect();
    world.network.block(far, near);
    client.send("x".repeat(1_000_000));
    await world.run(60_000);
    expect(accepted.text.length).toBeGreaterThan(0);
    expect(client.events).toEqual([]);
    await world.run(HOUR_MS);
    expect(client.events).toEqual(["close TIMED_OUT"]);
    expect(accepted.events).toEqual([]);
  });

  test("between other hosts changes nothing", async () => {
    const { world, near, client, accepted } = await connect();
    world.network.partition([near], [world.addHost("other")]);
    client.send("through");
    await world.until(() => accepted.text === "through");
  });
});

describe("a peer that is gone", () => {
  test("after a power cut says nothing, and resets what is sent once it is back", async () => {
    const { world, far, client } = await connect();
    far.powerCut();
    await world.run(HOUR_MS);
    expect(client.events).toEqual([]);
    client.send("anybody there?");
    await world.run(60_000);
    expect(client.events).toEqual([]);
    far.boot();
    await world.until(() => client.events.length > 0);
    expect(client.events).toEqual(["close CONNECTION_RESET"]);
  });

  test("after a kill ends its side at once, and resets what is sent then", async () => {
    const { world, server, client, runtime } = await connect();
    server.kill();
    await world.run(100);
    expect(client.events).toEqual(["end"]);
    client.send("too late");
    await world.run(100);
    expect(client.events).toEqual(["end", "close CONNECTION_RESET"]);
    expect(await world.wait(codeOf(dial(runtime)))).toBe("CONNECTION_REFUSED");
  });

  test("frozen accepts and buffers, and reads on once it is thawed", async () => {
    const { world, server, client, accepted, runtime } = await connect();
    server.freeze();
    client.send("hello");
    expect(await world.wait(codeOf(dial(runtime)))).toBe("resolved");
    await world.run(60_000);
    expect(accepted.text).toBe("");
    server.thaw();
    await world.until(() => accepted.text === "hello");
  });
});

describe("faults of a network", () => {
  test("a lost segment resets both ends", async () => {
    const { world, client, accepted } = await connect();
    world.faults = { ...NO_FAULTS, network: { ...NO_FAULTS.network, resetRate: 1 } };
    client.send("lost");
    await world.run(100);
    expect(client.events).toEqual(["close CONNECTION_RESET"]);
    expect(accepted.events).toEqual(["close CONNECTION_RESET"]);
    expect(accepted.text).toBe("");
  });

  test("segments split anywhere, and lose nothing by it", async () => {
    const { world, client, accepted } = await connect();
    world.faults = { ...NO_FAULTS, network: { ...NO_FAULTS.network, splitRate: 1 } };
    client.send("a message in pieces");
    await world.until(() => accepted.text === "a message in pieces");
    expect(accepted.parts).toBeGreaterThan(1);
  });

  test("names fail to resolve at the drawn rate, and an unplugged host reaches nobody", async () => {
    const { world, near, runtime } = await connect();
    world.faults = { ...NO_FAULTS, network: { ...NO_FAULTS.network, lookUpFailureRate: 1 } };
    expect(await world.wait(codeOf(dial(runtime)))).toBe("HOST_NOT_FOUND");
    world.faults = NO_FAULTS;
    near.unplug();
    expect(await world.wait(codeOf(dial(runtime)))).toBe("NETWORK_UNREACHABLE");
    near.plug();
    expect(await world.wait(codeOf(dial(runtime)))).toBe("resolved");
  });

  test("a slow link takes its time", async () => {
    const { world, near, far, client, accepted } = await connect();
    world.network.setLink(near, far, { latencyMs: [500, 500], bytesPerMs: 1 });
    client.send("x".repeat(1_000));
    await world.run(1_400);
    expect(accepted.text.length).toBeLessThan(1_000);
    await world.run(101);
    expect(accepted.text.length).toBe(1_000);
  });

  test("what a reader does not take is bounded, whatever the writer does", async () => {
    const { world, client, accepted } = await connect();
    accepted.connection?.pause();
    let writtenBytes = 0;
    while (client.send("x".repeat(10_000)) === true) writtenBytes += 10_000;
    await world.run(HOUR_MS);
    expect(writtenBytes).toBeLessThan(1_000_000);
    expect(client.events).toEqual([]);
    accepted.connection?.resume();
    await world.until(() => client.events.includes("drain"));
  });
});
