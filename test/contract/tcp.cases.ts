/** Hunts: memory that grows with a slow peer, half-closed connections cut short, dials that never end. */
import assert from "node:assert/strict";
import { BarnacleError } from "../../src/errors.ts";
import type { Runtime } from "../../src/runtime/port.ts";
import type { ContractCase } from "./case.ts";
import { bytesOf, pass, rejectsWith, until, WAIT_MS, within } from "./helpers.ts";
import { connectPair, dialRecorded, Recorder, type Side } from "./tcp-probe.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const MIB = 1024 * 1024;
/** More than the kernels of both ends hold between them. */
const FLOOD_BYTES_MAX = 64 * MIB;
const CHUNK_BYTES = 64 * 1024;

const talking: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "data goes both ways in order, and both sides know the addresses",
    async run({ runtime }) {
      const { client, server, listener, close } = await connectPair(runtime);
      client.connection.write(bytesOf("ping "));
      client.connection.write(bytesOf("ping"));
      await server.events.received("ping ping");
      server.connection.write(bytesOf("pong"));
      await client.events.received("pong");
      assert.ok(listener.address.port > 0);
      assert.equal(client.connection.remote.port, listener.address.port);
      assert.equal(server.connection.local.port, listener.address.port);
      assert.equal(server.connection.remote.port, client.connection.local.port);
      assert.match(server.connection.remote.host, /127\.0\.0\.1$/);
      await close();
    },
  },
  {
    name: "a connection that the kernel looks after goes on as any other",
    async run({ runtime }) {
      const { client, server, close } = await connectPair(runtime);
      for (const { connection } of [client, server]) {
        const isKept = connection.keepAlive?.(1_000) ?? false;
        assert.equal(typeof isKept, "boolean");
      }
      client.connection.write(bytesOf("still"));
      await server.events.received("still");
      server.connection.write(bytesOf("here"));
      await client.events.received("here");
      await close();
    },
  },
  {
    name: "a large write arrives whole and drains",
    async run({ runtime }) {
      const { client, server, close } = await connectPair(runtime);
      const sent = new Uint8Array(8 * MIB).map((_byte, index) => index % 251);
      let offset = 0;
      let wrong = 0;
      server.events.take = (data) => {
        for (const byte of data) if (byte !== offset++ % 251) wrong += 1;
      };
      const goOn = client.connection.write(sent);
      await until(runtime.clock, 10_000, "all bytes arrive", () => server.events.receivedBytes === sent.length);
      assert.equal(wrong, 0);
      await until(runtime.clock, WAIT_MS, "nothing is queued any more", () => client.connection.bufferedBytes === 0);
      if (!goOn) await until(runtime.clock, WAIT_MS, "onDrain", () => client.events.drains > 0);
      await close();
    },
  },
  {
    name: "write asks to wait when the peer does not read, and onDrain comes once it does",
    async run({ runtime }) {
      const { client, server, close } = await connectPair(runtime);
      server.connection.pause();
      const chunk = new Uint8Array(CHUNK_BYTES);
      let writtenBytes = 0;
      // Whoever heeds the answer of write is stopped by a peer that does not read; a drain on the way lets it go on.
      for (;;) {
        assert.ok(writtenBytes < FLOOD_BYTES_MAX, "write goes on although nobody reads");
        const drains = client.events.drains;
        writtenBytes += chunk.length;
        if (client.connection.write(chunk)) continue;
        const endMs = runtime.clock.monotonicMs() + 200;
        while (client.events.drains === drains && runtime.clock.monotonicMs() < endMs) await pass(runtime.clock, 5);
        if (client.events.drains === drains) break;
      }
      const { bufferedBytes } = client.connection;
      assert.ok(bufferedBytes > 0 && bufferedBytes <= MIB, `${bufferedBytes} bytes queued`);
      const { drains } = client.events;
      server.events.take = () => undefined;
      server.connection.resume();
      await until(runtime.clock, WAIT_MS, "onDrain", () => client.events.drains > drains);
      await until(runtime.clock, WAIT_MS, "all arrives", () => server.events.receivedBytes === writtenBytes);
      await close();
    },
  },
  {
    name: "pause stops onData and resume brings what came meanwhile",
    async run({ runtime }) {
      const { client, server, close } = await connectPair(runtime);
      server.connection.pause();
      client.connection.write(bytesOf("kept back"));
      await pass(runtime.clock, 60);
      assert.equal(server.events.text, "");
      server.connection.resume();
      await server.events.received("kept back");
      await close();
    },
  },
  {
    name: "a handler that pauses at each piece is given one at a time, and in the end all",
    async run({ runtime }) {
      const { client, server, close } = await connectPair(runtime);
      server.connection.pause();
      client.connection.write(new Uint8Array(2 * MIB));
      await pass(runtime.clock, 60);
      assert.equal(await takePieceByPiece(runtime, server, 2 * MIB), 1);
      await close();
    },
  },
];

/** Receives by pausing at each piece. */
async function takePieceByPiece(runtime: Runtime, server: Side, wholeBytes: number): Promise<number> {
  let sinceResume = 0;
  let mostAtOnce = 0;
  server.events.take = () => {
    sinceResume += 1;
    mostAtOnce = Math.max(mostAtOnce, sinceResume);
    server.connection.pause();
  };
  await until(runtime.clock, 10_000, "all arrives", () => {
    sinceResume = 0;
    if (server.events.receivedBytes < wholeBytes) server.connection.resume();
    return server.events.receivedBytes === wholeBytes;
  });
  return mostAtOnce;
}

const ending: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "end lets the peer go on sending, and the close that follows is orderly",
    async run({ runtime }) {
      const { client, server, listener } = await connectPair(runtime);
      client.connection.write(bytesOf("last words"));
      client.connection.end();
      await server.events.ended();
      assert.equal(server.events.text, "last words");
      assert.equal(server.events.closes, 0);
      await pass(runtime.clock, 30);
      server.connection.write(bytesOf("answer after your end"));
      await client.events.received("answer after your end");
      server.connection.end();
      await Promise.all([client.events.closed(), server.events.closed()]);
      assert.equal(client.events.ends, 1);
      assert.equal(client.events.closeError, undefined);
      assert.equal(server.events.closeError, undefined);
      await listener.close();
    },
  },
  {
    name: "end sends what is queued first",
    async run({ runtime }) {
      const { client, server, close } = await connectPair(runtime);
      server.events.take = () => undefined;
      client.connection.write(new Uint8Array(4 * MIB));
      client.connection.end();
      await server.events.ended();
      assert.equal(server.events.receivedBytes, 4 * MIB);
      await close();
    },
  },
  {
    name: "a peer that destroys its side with data unread resets ours",
    async run({ runtime }) {
      const { client, server, listener } = await connectPair(runtime);
      server.connection.pause();
      client.connection.write(bytesOf("never read"));
      await pass(runtime.clock, 60);
      server.connection.destroy();
      server.connection.destroy();
      // One of the next writes meets the reset, where reading did not already.
      for (let round = 0; round < 50 && client.events.closes === 0; round++) {
        client.connection.write(bytesOf("x"));
        await pass(runtime.clock, 20);
      }
      await client.events.closed();
      assert.equal(client.events.closes, 1);
      await server.events.closed();
      await listener.close();
    },
  },
  {
    name: "a reset ends in one onClose with CONNECTION_RESET",
    async run({ runtime }) {
      const { client, server, listener } = await connectPair(runtime);
      client.connection.destroy();
      await client.events.closed();
      for (let round = 0; round < 50 && server.events.closes === 0; round++) {
        server.connection.write(bytesOf("to nobody"));
        await pass(runtime.clock, 20);
      }
      await server.events.closed();
      const { closeError } = server.events;
      assert.ok(closeError instanceof BarnacleError, String(closeError));
      assert.equal(closeError.code, "CONNECTION_RESET");
      assert.equal(server.connection.write(bytesOf("late")), false);
      await listener.close();
    },
  },
  {
    name: "close of a listener keeps its connections and refuses new ones",
    async run({ runtime }) {
      const { client, server, listener, close } = await connectPair(runtime);
      await listener.close();
      await listener.close();
      client.connection.write(bytesOf("still here"));
      await server.events.received("still here");
      await rejectsWith(dialRecorded(runtime, listener.address), "CONNECTION_REFUSED");
      await close();
    },
  },
];

const opening: readonly Omit<ContractCase, "capability">[] = [
  {
    name: "listen on a port in use is ADDRESS_IN_USE and on a foreign address ADDRESS_UNAVAILABLE",
    async run({ runtime, unknownHost }) {
      const accept = () => new Recorder(runtime.clock);
      const listener = await runtime.network.listen(LOCAL, accept);
      const error = await rejectsWith(runtime.network.listen(listener.address, accept), "ADDRESS_IN_USE");
      assert.ok(error.action.includes(String(listener.address.port)), error.action);
      await rejectsWith(runtime.network.listen({ host: "203.0.113.7", port: 0 }, accept), "ADDRESS_UNAVAILABLE");
      await rejectsWith(runtime.network.listen({ host: unknownHost, port: 0 }, accept), "ADDRESS_UNAVAILABLE");
      await listener.close();
    },
  },
  {
    name: "dial to a port nobody listens on is CONNECTION_REFUSED",
    async run({ runtime }) {
      const listener = await runtime.network.listen(LOCAL, () => new Recorder(runtime.clock));
      await listener.close();
      const error = await rejectsWith(dialRecorded(runtime, listener.address), "CONNECTION_REFUSED");
      assert.equal(error.retryable, true);
    },
  },
  {
    name: "dial to an unknown name is HOST_NOT_FOUND",
    async run({ runtime, unknownHost }) {
      await rejectsWith(dialRecorded(runtime, { host: unknownHost, port: 80 }), "HOST_NOT_FOUND");
    },
  },
  {
    name: "dial to a name of this host connects",
    async run({ runtime }) {
      const listener = await runtime.network.listen(LOCAL, () => new Recorder(runtime.clock));
      const side = await dialRecorded(runtime, { host: "localhost", port: listener.address.port });
      side.connection.destroy();
      await listener.close();
    },
  },
  {
    name: "dial without an answer is TIMED_OUT at its time-out",
    async run({ runtime, blackHole }) {
      const events = new Recorder(runtime.clock);
      const startMs = runtime.clock.monotonicMs();
      await rejectsWith(runtime.network.dial(blackHole, events, { timeoutMs: 200 }), "TIMED_OUT");
      const tookMs = runtime.clock.monotonicMs() - startMs;
      assert.ok(tookMs >= 195 && tookMs < 1_500, `${tookMs} ms`);
      assert.equal(events.closes, 0, "a failed dial calls no handler");
    },
  },
  {
    name: "dial ends with ABORTED when its signal does",
    async run({ runtime, blackHole }) {
      const events = new Recorder(runtime.clock);
      const controller = new AbortController();
      const dial = runtime.network.dial(blackHole, events, { timeoutMs: 60_000, signal: controller.signal });
      runtime.clock.setTimer(50, () => controller.abort());
      await within(runtime.clock, WAIT_MS, "the dial ends", rejectsWith(dial, "ABORTED"));
      const again = runtime.network.dial(blackHole, events, { timeoutMs: 60_000, signal: controller.signal });
      await within(runtime.clock, WAIT_MS, "a dial with an aborted signal ends", rejectsWith(again, "ABORTED"));
    },
  },
];

export const TCP_CASES: readonly ContractCase[] = [...talking, ...ending, ...opening]
  .map((one) => ({ capability: "tcp", ...one }));
