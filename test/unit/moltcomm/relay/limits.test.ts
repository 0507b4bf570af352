/**
 * Hunts: one connection, address or slow reader that costs the others something: a flood, ten thousand identities, a queue without bound, a
 * sender that waits for ever for somebody else's recipient.
 */
import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../../../src/moltcomm/wire/mod.ts";
import type { SimHost } from "../../../sim/mod.ts";
import { makeScene, RawPeer, SECOND_MS, textsOf } from "./support.ts";

/** Writes the same frame many times. @returns its bytes */
function flood(sender: RawPeer, to: string, count: number, textBytes = 300): Uint8Array {
  const frame = directFrame(sender, to, "f".repeat(textBytes));
  for (let sent = 0; sent < count; sent++) sender.connection?.write(frame);
  return frame;
}

function directFrame(sender: RawPeer, to: string, msg: string): Uint8Array {
  return encodeFrame(JSON.stringify({ v: 1, ...sender.sign("DIRECT", { msg }, { to }) }));
}

/** How long a message between two nodes takes now. */
async function trip(from: RawPeer, to: RawPeer): Promise<number> {
  const { world } = from;
  const beforeMs = world.clock.monotonicMs();
  const next = to.next("DIRECT");
  from.direct(to.nodeId, "trip");
  await next;
  return world.clock.monotonicMs() - beforeMs;
}

describe("a relay's connections", () => {
  test("are so many in all", async () => {
    const { world, dial, sample, register } = await makeScene({ limits: { connectionsMax: 3 } });
    const kept = [await register(0), await register(1), await dial(2)];
    const further = await dial(2);
    await world.until(() => further.isClosed);
    expect(kept.map(({ isClosed }) => isClosed)).toEqual([false, false, false]);
    expect(sample('closed_connections_total{reason="connections_max"}')).toBe(1);
    kept[0]?.connection?.destroy();
    await world.run(SECOND_MS);
    const later = await dial(2);
    await world.run(SECOND_MS);
    expect(later.isClosed).toBe(false);
  });

  test("are so many of one address, whichever identities it makes: ten thousand of them get no further", async () => {
    const { world, subject, register, dial, sample } = await makeScene({ limits: { connectionsPerAddress: 5 } });
    const other = await register(1);
    const made: RawPeer[] = [];
    for (let count = 0; count < 200; count++) {
      const peer = await dial(0);
      made.push(peer);
      peer.hello();
      await world.run(1);
    }
    await world.run(SECOND_MS);
    expect(subject.relay.view.registered).toBe(6);
    expect(made.filter(({ isClosed }) => !isClosed).length).toBe(5);
    expect(sample('closed_connections_total{reason="address_connections_max"}')).toBe(195);
    expect(await trip(made[0] as RawPeer, other)).toBeLessThan(1_000);
  });

  test("say HELLO only as fast as there is time to check it", async () => {
    const { world, subject, register, sample } = await makeScene();
    const other = await register(1);
    const { clock } = subject.runtime;
    const beforeMs = clock.monotonicMs();
    const peers: RawPeer[] = [];
    const runtime = world.createRuntime(world.addHost("crowd"));
    for (let count = 0; count < 600; count++) {
      const peer = await RawPeer.dial(world, runtime, subject.host);
      peer.hello();
      peers.push(peer);
    }
    await world.run(100);
    const seconds = (clock.monotonicMs() - beforeMs) / SECOND_MS;
    const registered = subject.relay.view.registered - 1;
    // 4,000 units at once and 2,000 a second, ten each.
    expect(registered).toBeLessThan(410 + 210 * seconds);
    expect(sample('closed_connections_total{reason="hello_rate"}')).toBe(600 - registered);
    expect(other.isClosed).toBe(false);
  });
});

describe("a relay's rates", () => {
  test("slow a flooding node down to so many frames a second, lose nothing, and delay nobody else", async () => {
    const { world, register, sample } = await makeScene({ limits: { framesPerSecondPerNode: 100 } });
    const [flooder, sink] = [await register(0), await register(2)];
    const [one, other] = [await register(0), await register(1)];
    const quietMs = await trip(one, other);
    flood(flooder, sink.nodeId, 2_000);
    await world.run(5 * SECOND_MS);
    // A second's worth at once, what one read brings, then the rate.
    expect(textsOf(sink).length).toBeLessThan(1_100);
    expect(sample('pauses_total{reason="rate"}')).toBeGreaterThan(3);
    expect(await trip(one, other)).toBeLessThan(quietMs + 300);
    await world.run(30 * SECOND_MS);
    expect(textsOf(sink).length).toBe(2_000);
  });

  test("hold for bytes, too", async () => {
    const { world, register } = await makeScene({ limits: { bytesPerSecondPerNode: 100_000 } });
    const [flooder, sink] = [await register(0), await register(1)];
    flood(flooder, sink.nodeId, 100, 10_000);
    await world.run(4 * SECOND_MS);
    expect(textsOf(sink).length).toBeLessThan(65);
    await world.run(10 * SECOND_MS);
    expect(textsOf(sink).length).toBe(100);
  });

  test("hold for all connections of an address together, and for all together", async () => {
    for (const limits of [{ framesPerSecondPerAddress: 100 }, { framesPerSecond: 100 }]) {
      const { world, register } = await makeScene({ limits });
      const sink = await register(1);
      const flooders = [await register(0), await register(0), await register(0)];
      for (const flooder of flooders) flood(flooder, sink.nodeId, 700);
      await world.run(6 * SECOND_MS);
      expect(textsOf(sink).length).toBeLessThan(1_300);
      await world.run(40 * SECOND_MS);
      expect(textsOf(sink).length).toBe(2_100);
    }
  });

  test("are not filled anew by coming again", async () => {
    const { world, dial, register, sample } = await makeScene({ limits: { framesPerSecondPerAddress: 5 } });
    world.network.keepsAlive = false;
    const sink = await register(1);
    const beforeMs = world.clock.monotonicMs();
    for (let round = 0; round < 10; round++) {
      const flooder = await dial(0);
      // In one read.
      const frame = directFrame(flooder, sink.nodeId, "f".repeat(100));
      flooder.connection?.write(Uint8Array.from(Array.from({ length: 80 }, () => [...frame]).flat()));
      // Long enough for a sweep, which forgets addresses that owe nothing.
      await world.run(7 * SECOND_MS);
      flooder.connection?.destroy();
    }
    // What was sent before an end arrives, too, as slowly: the last of it when all before it has been paid for.
    await world.until(() => textsOf(sink).length === 800, { withinMs: 600 * SECOND_MS });
    expect(world.clock.monotonicMs() - beforeMs).toBeGreaterThan(95 * SECOND_MS);
    expect(sample('pauses_total{reason="rate"}')).toBeGreaterThan(5);
  });
});

describe("a relay's queues", () => {
  const LIMITS = { queuedBytesPerNode: 400_000, queuedBytesMax: 4_000_000 };

  /** Registered, and not reading any more. */
  function stopReading(peer: RawPeer): void {
    peer.connection?.pause();
  }

  test("stop a sender that is faster than its recipient, give everything in the end, and hold a bounded part", async () => {
    const { world, subject, homes, register, sample } = await makeScene({ limits: LIMITS });
    const [sender, recipient] = [await register(0), await register(1)];
    // 100 KB a second: of the sender's 800 KB a good part is under way when the relay stops reading.
    world.network.setLink(subject.host, homes[1] as SimHost, { latencyMs: [1, 2], bytesPerMs: 1_000 });
    flood(sender, recipient.nodeId, 1_000, 1_000);
    let most = 0;
    for (let step = 0; step < 200; step++) {
      await world.run(20);
      most = Math.max(most, subject.relay.view.queuedBytes);
    }
    await world.run(20 * SECOND_MS);
    expect(textsOf(recipient).length).toBe(1_000);
    expect(sample('pauses_total{reason="slow_recipient"}')).toBeGreaterThan(0);
    expect(most).toBeGreaterThan(100_000);
    expect(most).toBeLessThan(LIMITS.queuedBytesPerNode + 70_000);
    expect(subject.relay.view.queuedBytes).toBe(0);
  });

  test("let nothing pass a frame that was refused, for as long as its sender cannot know of it", async () => {
    const { world, register } = await makeScene({ limits: { queuedBytesPerNode: 65_536 } });
    const [sender, other, slow] = [await register(0), await register(1), await register(2)];
    const big = "x".repeat(30_000);
    slow.connection?.pause();
    while (sender.errors.length === 0) {
      sender.direct(slow.nodeId, big);
      await world.run(100);
    }
    slow.connection?.resume();
    await world.run(300);
    const behind = sender.direct(slow.nodeId, "behind a refused one");
    other.direct(slow.nodeId, "of another");
    expect((await sender.answerTo(behind)).body).toMatchObject({ code: "RATE_LIMIT" });
    await world.run(SECOND_MS);
    sender.direct(slow.nodeId, "later");
    await world.run(SECOND_MS);
    expect(textsOf(slow).filter((text) => text !== big)).toEqual(["of another", "later"]);
    expect(sender.errors.every((code) => code === "RATE_LIMIT")).toBe(true);
  });

  test("of one that never reads hold so much and no more; it is closed, and no other waits for it longer than a second", async () => {
    const { world, subject, register, sample } = await makeScene({ limits: LIMITS });
    const [sender, deaf, friend] = [await register(0), await register(1), await register(2)];
    stopReading(deaf);
    flood(sender, deaf.nodeId, 3_000, 1_000);
    await world.run(300);
    const beforeMs = world.clock.monotonicMs();
    sender.direct(friend.nodeId, "behind the flood");
    await world.until(() => textsOf(friend).length === 1);
    expect(world.clock.monotonicMs() - beforeMs).toBeLessThan(1_500);
    expect(subject.relay.view.queuedBytes).toBeLessThan(LIMITS.queuedBytesPerNode + 70_000);
    expect(sample('frames_refused_total{reason="recipient_slow"}')).toBeGreaterThan(100);
    expect(sender.errors).toContain("RATE_LIMIT");
    expect(sample("slow_readers")).toBe(1);
    await world.run(45 * SECOND_MS);
    expect(subject.relay.view.registered).toBe(2);
    expect(sample('closed_connections_total{reason="not_reading"}')).toBe(1);
    expect(subject.relay.view.queuedBytes).toBe(0);
    expect(await trip(sender, friend)).toBeLessThan(1_000);
  });

  test("of all together hold so much and no more, and others are served meanwhile", async () => {
    const limits = { queuedBytesPerNode: 1_000_000, queuedBytesMax: 1_500_000 };
    const { world, subject, register, sample } = await makeScene({ limits });
    const deaf = [await register(1), await register(1), await register(2), await register(2)];
    deaf.forEach(stopReading);
    for (const { nodeId } of deaf) flood(await register(0), nodeId, 1_500, 1_000);
    await world.run(4 * SECOND_MS);
    expect(subject.relay.view.queuedBytes).toBeLessThan(limits.queuedBytesMax + 4 * 70_000);
    expect(sample('frames_refused_total{reason="queues_full"}')).toBeGreaterThan(0);
    const [one, other] = [await register(0), await register(1)];
    expect(await trip(one, other)).toBeLessThan(1_000);
  });

  test("take a frame of the greatest length whatever else waits", async () => {
    const { world, register } = await makeScene({ limits: { queuedBytesPerNode: 65_536, maxFrameBytes: 1_000_000 } });
    const [sender, recipient] = [await register(0), await register(1)];
    sender.direct(recipient.nodeId, "x".repeat(990_000));
    await world.until(() => textsOf(recipient).length === 1);
    expect(textsOf(recipient)[0]?.length).toBe(990_000);
  });

  test("hold no answers for one that asks and does not read", async () => {
    const { world, subject, register } = await makeScene({ limits: LIMITS });
    const asker = await register(0);
    stopReading(asker);
    let most = 0;
    for (let count = 0; count < 20; count++) {
      for (let pings = 0; pings < 20; pings++) asker.say("PING", { nonce: "n".repeat(30_000) });
      await world.run(SECOND_MS);
      most = Math.max(most, subject.relay.view.queuedBytes);
    }
    expect(most).toBeGreaterThan(30_000);
    expect(most).toBeLessThan(130_000);
    await world.run(40 * SECOND_MS);
    expect(subject.sample('closed_connections_total{reason="not_reading"}')).toBe(1);
    expect(subject.relay.view.queuedBytes).toBe(0);
  });
});
