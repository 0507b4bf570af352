/**
 * Hunts: a flood, a forger or a slow peer that costs others what they would notice, and anything that grows without a bound. Invariants 6
 * and 7 of the design; sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import type { DeliveryOutcome } from "../../../../src/moltcomm/types.ts";
import { encodeFrame } from "../../../../src/moltcomm/wire/mod.ts";
import { makeScene, MINUTE_MS, newId, RawPeer, SECOND_MS } from "./support.ts";

describe("§7 rates per sender", () => {
  const limits = { messagesPerSecondPerSender: 2, messagesBurstPerSender: 5 };

  test("a burst is taken, the excess gets RATE_LIMIT, and time brings more", async () => {
    const { world, subject, dial, inbox } = await makeScene({ limits });
    const peer = await dial();
    for (let index = 0; index < 8; index++) peer.direct(subject.nodeId, `${index}`);
    await world.until(() => peer.received.length === 8);
    expect(inbox.texts).toEqual(["0", "1", "2", "3", "4"]);
    expect(peer.errors).toEqual(["RATE_LIMIT", "RATE_LIMIT", "RATE_LIMIT"]);
    // Until a sender has noticed, what it sends on does not go past what was refused.
    await world.run(16 * SECOND_MS);
    expect((await peer.answerTo(peer.direct(subject.nodeId, "later"))).t).toBe("ACK");
    expect(subject.sample('barnacle_moltcomm_refusals_total{code="RATE_LIMIT"}')).toBe(3);
  });

  test("a forger does not use up another's share", async () => {
    const { world, subject, dial } = await makeScene({ limits });
    const [peer, forger] = [await dial(), await dial()];
    const real = peer.sign("PING", { nonce: "x" });
    for (let index = 0; index < 20; index++) forger.send({ v: 1, ...real, id: newId() });
    await world.until(() => forger.errors.length === 20);
    expect(new Set(forger.errors)).toEqual(new Set(["BAD_SIG"]));
    for (let index = 0; index < 5; index++) {
      expect((await peer.answerTo(peer.direct(subject.nodeId, `${index}`))).t).toBe("ACK");
    }
  });

  test("nor does whoever plays its messages again", async () => {
    const { world, subject, dial } = await makeScene({ limits: { ...limits, messagesPerSecondPerSender: 0.001 } });
    const [peer, player] = [await dial(), await dial()];
    const message = peer.direct(subject.nodeId, "first");
    const ping = peer.say("PING", { nonce: "n" });
    await world.until(() => peer.received.length === 2);
    for (let index = 0; index < 20; index++) {
      player.send({ v: 1, ...message });
      await player.next("ERROR");
      player.send({ v: 1, ...ping });
      await player.next("ERROR");
    }
    expect(new Set(player.errors)).toEqual(new Set(["REPLAY"]));
    for (let index = 0; index < 3; index++) {
      expect((await peer.answerTo(peer.direct(subject.nodeId, `${index}`))).t).toBe("ACK");
    }
  });
});

describe("§7 rates per address", () => {
  const limits = { framesPerSecondPerAddress: 10 };

  test("the excess over all connections of an address gets RATE_LIMIT; another address is not touched", async () => {
    const { world, subject, dial, inbox } = await makeScene({ limits });
    const peers = [await dial(), await dial(), await dial()];
    for (const peer of peers) for (let index = 0; index < 6; index++) peer.direct(subject.nodeId, `${index}`);
    await world.run(500);
    expect(inbox.messages.length).toBeGreaterThanOrEqual(10);
    expect(inbox.messages.length).toBeLessThan(18);
    expect(peers.flatMap((peer) => peer.errors)).toContain("RATE_LIMIT");
    const elsewhere = await dial(world.createRuntime(world.addHost("elsewhere")));
    expect((await elsewhere.answerTo(elsewhere.direct(subject.nodeId, "hi"))).t).toBe("ACK");
  });

  test("errors are answered only so often, and go on being counted", async () => {
    const { world, subject, dial } = await makeScene({ limits: { framesPerSecondPerAddress: 20 } });
    const peer = await dial();
    for (let index = 0; index < 500; index++) peer.connection?.write(encodeFrame("nonsense"));
    await world.run(SECOND_MS);
    expect(peer.errors.length).toBeGreaterThanOrEqual(20);
    expect(peer.errors.length).toBeLessThanOrEqual(25);
    expect(subject.node.view.refusals).toEqual({ BAD_FRAME: 500 });
  });

  test("so are refusals for the rate itself", async () => {
    const { world, subject, dial } = await makeScene({ limits: { framesPerSecondPerAddress: 20 } });
    const peer = await dial();
    for (let index = 0; index < 500; index++) peer.direct(subject.nodeId, `${index}`);
    await world.run(SECOND_MS);
    expect(peer.errors.length).toBeGreaterThanOrEqual(20);
    expect(peer.errors.length).toBeLessThanOrEqual(25);
  });

  test("an answer that we asked for is taken however much its address sent", async () => {
    const there = "tcp://10.0.0.2:9001";
    const { world, here, there: host, subject, runtime } = await makeScene({
      limits: { framesPerSecondPerAddress: 5 },
      addressesOf: () => [there],
    });
    const peer = (await RawPeer.listen(world, runtime, host)).answersHellos().answersDirects(() => "ACK");
    const talker = await RawPeer.dial(world, runtime, here);
    const attempts: Promise<unknown>[] = [];
    for (let index = 0; index < 20; index++) {
      talker.say("PING", { nonce: `${index}` });
      attempts.push(subject.node.attempt({ to: peer.nodeId, id: newId(), msg: `${index}` }));
    }
    const outcomes = await world.wait(Promise.all(attempts));
    for (const outcome of outcomes) expect(outcome).toEqual({ outcome: "delivered" });
    expect(talker.errors).toContain("RATE_LIMIT");
  });
});

describe("the pace of one connection", () => {
  test("answers that we asked for cost the peer nothing of it", async () => {
    const { world, there, subject, runtime } = await makeScene({
      limits: { framesPerSecondPerConnection: 5 },
      addressesOf: () => ["tcp://10.0.0.2:9001"],
    });
    const peer = (await RawPeer.listen(world, runtime, there)).answersHellos().answersDirects(() => "ACK");
    for (let index = 0; index < 60; index++) {
      const outcome = subject.node.attempt({ to: peer.nodeId, id: newId(), msg: `${index}` });
      expect(await world.wait(outcome)).toEqual({ outcome: "delivered" });
    }
    expect(world.clock.monotonicMs()).toBeLessThan(SECOND_MS);
  });

  test("a flood is read more slowly and refused nothing", async () => {
    const { world, subject, dial, inbox } = await makeScene({
      limits: { framesPerSecondPerConnection: 100, messagesPerSecondPerSender: 10_000, messagesBurstPerSender: 10_000 },
    });
    const peer = await dial();
    for (let index = 0; index < 600; index++) peer.direct(subject.nodeId, `${index}`);
    await world.run(2 * SECOND_MS);
    expect(inbox.messages.length).toBeGreaterThan(250);
    expect(inbox.messages.length).toBeLessThan(350);
    await world.run(4 * SECOND_MS);
    expect(inbox.texts).toEqual(Array.from({ length: 600 }, (_, index) => `${index}`));
    expect(peer.errors).toEqual([]);
  });

  test("back-pressure reaches the sender: what is read ahead is bounded", async () => {
    const { world, subject, dial } = await makeScene({ limits: { framesPerSecondPerConnection: 10 } });
    const peer = await dial();
    const frame = encodeFrame(
      JSON.stringify({ v: 1, ...peer.sign("DIRECT", { msg: "x".repeat(4_000) }, { to: subject.nodeId }) }),
    );
    for (let index = 0; index < 500; index++) peer.connection?.write(frame);
    await world.run(5 * SECOND_MS);
    expect(peer.connection?.bufferedBytes).toBeGreaterThan(1_000_000);
    expect(peer.isClosed).toBe(false);
  });

  test("another sender's latency stays as it was beside a flood at line rate, even from the same address", async () => {
    const { world, subject, dial } = await makeScene({ limits: { messagesPerSecondPerSender: 1_000 } });
    const [flood, other] = [await dial(), await dial()];
    const latency = async (): Promise<number> => {
      const startMs = world.clock.monotonicMs();
      await other.answerTo(other.direct(subject.nodeId, "ping"));
      return world.clock.monotonicMs() - startMs;
    };
    const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
    const alone: number[] = [];
    for (let index = 0; index < 21; index++) alone.push(await latency());
    for (let index = 0; index < 5_000; index++) flood.direct(subject.nodeId, `${index}`);
    const beside: number[] = [];
    for (let index = 0; index < 21; index++) beside.push(await latency());
    expect(median(beside)).toBeLessThan(2 * median(alone));
  });

  test("a long frame counts as several", async () => {
    const { world, subject, dial, inbox } = await makeScene({ limits: { framesPerSecondPerConnection: 20 } });
    const peer = await dial();
    for (let index = 0; index < 6; index++) peer.direct(subject.nodeId, "x".repeat(100_000));
    await world.run(500);
    expect(inbox.messages.length).toBeLessThan(6);
    await world.until(() => inbox.messages.length === 6, { withinMs: 5 * SECOND_MS });
  });
});

test("a handshake counts as several frames: a second signature is checked, and one is made", async () => {
  const { world, subject, dial } = await makeScene({ limits: { framesPerSecondPerConnection: 100 } });
  const peer = await dial();
  for (let index = 0; index < 100; index++) peer.hello();
  await world.run(100);
  expect(subject.sample('barnacle_moltcomm_frames_total{direction="in",type="HELLO"}')).toBeLessThan(40);
  await world.until(() => peer.all("HELLO_ACK").length === 100, { withinMs: 5 * SECOND_MS });
});

describe("what is in flight", () => {
  test("a connection whose messages are not durable yet is not read on, and loses nothing", async () => {
    const { world, subject, dial, inbox } = await makeScene({
      limits: {
        framesPerSecondPerConnection: 100_000,
        framesPerSecondPerAddress: 100_000,
        messagesPerSecondPerSender: 10_000,
        messagesBurstPerSender: 10_000,
      },
    });
    const open: ((outcome: DeliveryOutcome) => void)[] = [];
    inbox.behave = () => new Promise((settle) => void open.push(settle));
    const peer = await dial();
    for (let index = 0; index < 1_500; index++) peer.direct(subject.nodeId, `${index}`);
    await world.run(10 * SECOND_MS);
    expect(open.length).toBe(1_024);
    const other = await dial();
    other.say("PING", { nonce: "meanwhile" });
    await other.next("PONG");
    for (const settle of open.splice(0)) settle({ outcome: "delivered" });
    await world.until(() => open.length === 476);
    for (const settle of open.splice(0)) settle({ outcome: "delivered" });
    await world.until(() => peer.all("ACK").length === 1_500);
  });

  test("a peer that does not take our answers is not answered further, and closed in the end", async () => {
    const { world, subject, dial } = await makeScene({
      limits: {
        framesPerSecondPerConnection: 10_000,
        messagesPerSecondPerSender: 10_000,
        messagesBurstPerSender: 10_000,
      },
    });
    const peer = await dial();
    peer.connection?.pause();
    for (let index = 0; index < 6_000; index++) peer.say("PING", { nonce: "x".repeat(500) });
    await world.run(20 * SECOND_MS);
    expect(subject.sample('barnacle_moltcomm_frames_total{direction="out",type="PONG"}')).toBeLessThan(1_500);
    await world.run(2 * MINUTE_MS);
    expect(subject.node.view.connections.accepted).toBe(0);
    expect(subject.sample('barnacle_moltcomm_closed_connections_total{reason="answers_not_taken"}')).toBe(1);
  });
});

describe("connections", () => {
  test("one too many is closed on arrival; a place that becomes free is given away again", async () => {
    const { world, subject, dial, here } = await makeScene({ limits: { connectionsMax: 4 } });
    const peers: RawPeer[] = [];
    for (const name of ["a", "b", "c", "d"]) peers.push(await dial(world.createRuntime(world.addHost(name))));
    for (const peer of peers) peer.say("PING", { nonce: "" });
    await world.run(100);
    expect(subject.node.view.connections.accepted).toBe(4);
    const extra = await RawPeer.dial(world, world.createRuntime(world.addHost("e")), here);
    await world.until(() => extra.isClosed);
    expect(subject.sample('barnacle_moltcomm_closed_connections_total{reason="connections_max"}')).toBe(1);
    peers[0]?.connection?.destroy();
    await world.run(100);
    const next = await RawPeer.dial(world, world.createRuntime(world.addHost("f")), here);
    expect((await next.answerTo(next.direct(subject.nodeId, "in"))).t).toBe("ACK");
  });

  test("one address gets half of all places at most", async () => {
    const { world, subject, dial } = await makeScene({ limits: { connectionsMax: 8 } });
    const peers: RawPeer[] = [];
    for (let index = 0; index < 6; index++) peers.push(await dial());
    await world.run(100);
    expect(subject.node.view.connections.accepted).toBe(4);
    expect(peers.filter((peer) => peer.isClosed).length).toBe(2);
    await dial(world.createRuntime(world.addHost("elsewhere")));
    await world.run(100);
    expect(subject.node.view.connections.accepted).toBe(5);
  });

  test("one that says nothing whole within the handshake time-out is closed", async () => {
    const { world, subject, dial } = await makeScene();
    const [silent, halves, good] = [await dial(), await dial(), await dial()];
    good.hello();
    const byte = () => halves.connection?.write(Uint8Array.of(0));
    halves.connection?.write(Uint8Array.of(0, 0, 1, 0));
    for (let second = 0; second < 14; second++) {
      byte();
      await world.run(SECOND_MS);
    }
    expect(subject.node.view.connections.accepted).toBe(3);
    await world.run(4 * SECOND_MS);
    expect([silent.isClosed, halves.isClosed, good.isClosed]).toEqual([true, true, false]);
    expect(subject.sample('barnacle_moltcomm_closed_connections_total{reason="no_handshake"}')).toBe(2);
  });

  test("one that stops in the middle of a frame is closed after a minute", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    peer.hello();
    await peer.next("HELLO_ACK");
    const frame = encodeFrame(JSON.stringify({ v: 1, ...peer.sign("DIRECT", { msg: "cut" }, { to: subject.nodeId }) }));
    peer.connection?.write(frame.slice(0, 100));
    await world.run(55 * SECOND_MS);
    expect(peer.isClosed).toBe(false);
    await world.run(45 * SECOND_MS);
    expect(peer.isClosed).toBe(true);
  });

  test("a large frame over a slow line is waited for", async () => {
    const { world, here, there, subject, dial } = await makeScene();
    const peer = await dial();
    peer.hello();
    await peer.next("HELLO_ACK");
    world.network.setLink(there, here, { latencyMs: [10, 10], bytesPerMs: 20 });
    const answer = await peer.answerTo(peer.direct(subject.nodeId, "x".repeat(900_000)), MINUTE_MS);
    expect(answer.t).toBe("ACK");
  });

  test("a silent one is asked for a sign of life, stays while it gives it, and is closed when it does not", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    peer.onMessage = (message) => {
      if (message.t === "PING") peer.say("PONG", { nonce: message.body.nonce }, { to: message.from });
    };
    peer.hello();
    await world.run(20 * MINUTE_MS);
    expect(peer.isClosed).toBe(false);
    expect(peer.all("PING").length).toBeGreaterThanOrEqual(3);
    peer.onMessage = () => undefined;
    await world.run(6 * MINUTE_MS);
    expect(peer.isClosed).toBe(true);
    expect(subject.node.view.connections.accepted).toBe(0);
  });

  test("an idle node with a connection wakes few times, and none without", async () => {
    const { world, subject, dial } = await makeScene();
    const wakeups = () => subject.sample("barnacle_scheduler_wakeups_total");
    const peer = await dial();
    peer.hello();
    await world.run(MINUTE_MS);
    const before = wakeups();
    await world.run(3 * MINUTE_MS);
    expect(wakeups() - before).toBeLessThanOrEqual(7);
    peer.connection?.destroy();
    await world.run(MINUTE_MS);
    const alone = wakeups();
    await world.run(10 * MINUTE_MS);
    expect(wakeups() - alone).toBeLessThanOrEqual(8);
  });
});
