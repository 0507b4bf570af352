/**
 * Hunts: a connection bound to a node that never said so: a HELLO that is forged, replayed, late, for another relay, or whose record is
 * another's; an older connection that goes on getting a node's mail.
 */
import { describe, expect, test } from "vitest";
import { makeIdentity } from "../node/support.ts";
import { makeScene, MINUTE_MS, RawPeer, SECOND_MS, textsOf } from "./support.ts";

describe("a relay", () => {
  test("answers a HELLO that names it, or nobody, with its own signed record", async () => {
    const { subject, dial } = await makeScene();
    for (const more of [{ to: subject.nodeId }, {}]) {
      const peer = await dial();
      const answer = peer.next("HELLO_ACK");
      peer.hello(more);
      const { from, to, body } = await answer;
      expect([from, to, body.peer.peer_id]).toEqual([subject.nodeId, peer.nodeId, subject.nodeId]);
      expect(body.peer.addrs).toEqual([`relay://${subject.host.ip}:9001`]);
      expect(body.agent).toBe("barnacle/test relay");
    }
    expect(subject.relay.view.registered).toBe(2);
    expect(subject.sample('registrations_total{outcome="registered"}')).toBe(2);
  });

  test("tells the addresses it is told to advertise", async () => {
    const advertise = [{ scheme: "relay", host: "relay.example", port: 9_003 } as const];
    const { dial } = await makeScene({ advertise });
    const peer = await dial();
    const answer = peer.next("HELLO_ACK");
    peer.hello();
    expect((await answer).body.peer.addrs).toEqual(["relay://relay.example:9003"]);
  });

  test("does not register by a HELLO that names another relay, and says that it has no connection for that", async () => {
    const { world, subject, dial, register } = await makeScene();
    const other = makeIdentity(subject.runtime.crypto).nodeId;
    const peer = await dial();
    const hello = peer.hello({ to: other });
    expect((await peer.answerTo(hello)).body).toMatchObject({ code: "UNREACHABLE" });
    const friend = await register(1);
    const answer = friend.answerTo(friend.direct(peer.nodeId, "are you there?"));
    expect((await answer).body).toMatchObject({ code: "UNREACHABLE" });
    await world.run(20 * SECOND_MS);
    expect(peer.isClosed).toBe(true);
    expect(subject.sample('closed_connections_total{reason="no_hello"}')).toBe(1);
  });

  test("hands on a HELLO for a registered node, and binds nothing by it", async () => {
    const { world, subject, dial, register } = await makeScene();
    const [friend, stranger] = [await register(), await dial(1)];
    stranger.hello({ to: friend.nodeId });
    await world.until(() => friend.all("HELLO").length === 1);
    expect(friend.all("HELLO")[0]?.from).toBe(stranger.nodeId);
    expect(subject.relay.view.registered).toBe(1);
  });

  test("refuses a HELLO whose signature, record or time does not hold", async () => {
    const { world, subject, dial } = await makeScene();
    const cases: [string, (peer: RawPeer) => { readonly id: string }][] = [
      ["BAD_SIG", (peer) => {
        const message = peer.sign("HELLO", { peer: peer.record() });
        peer.send({ v: 1, ...message, id: `${message.id}x` });
        return { id: `${message.id}x` };
      }],
      ["BAD_SIG", (peer) => {
        const other = new RawPeer(world, subject.runtime);
        return peer.hello({}, other.record());
      }],
      ["BAD_SIG", (peer) => peer.hello({}, { ...peer.record(), addrs: ["tcp://192.0.2.1:1"] })],
      ["BAD_SIG", (peer) => {
        const message = peer.sign("HELLO", { peer: peer.record() });
        peer.send({ v: 1, ...message, from: subject.nodeId.replace(/.{4}$/, "AAAA") });
        return message;
      }],
      ["BAD_TS", (peer) => peer.hello({ ts: peer.runtime.clock.wallMs() - 11 * MINUTE_MS })],
      ["BAD_TS", (peer) => peer.hello({ ts: peer.runtime.clock.wallMs() + 11 * MINUTE_MS })],
      ["BAD_TS", (peer) => peer.hello({}, peer.record({ expires: peer.runtime.clock.wallMs() - 1 }))],
      [
        "BAD_TS",
        (peer) => peer.hello({}, peer.record({ expires: peer.runtime.clock.wallMs() + 400 * 24 * 60 * MINUTE_MS })),
      ],
      ["BAD_TS", (peer) => peer.hello({}, peer.record({ ts: peer.runtime.clock.wallMs() + 11 * MINUTE_MS }))],
    ];
    for (const [code, say] of cases) {
      const peer = await dial();
      const answer = await peer.answerTo(say(peer));
      expect(answer.body).toMatchObject({ code });
      expect(subject.relay.view.registered).toBe(0);
    }
    expect(subject.sample('registrations_total{outcome="refused"}')).toBe(cases.length);
  });

  test("refuses the same HELLO a second time, and one that is older than what the node said since", async () => {
    const { world, dial, register, subject } = await makeScene();
    const victim = await dial();
    const overheard = victim.sign("HELLO", { peer: victim.record() });
    await world.run(SECOND_MS);
    victim.hello();
    await world.until(() => victim.all("HELLO_ACK").length === 1);
    const thief = await dial(1);
    thief.send({ v: 1, ...overheard });
    expect((await thief.answerTo(overheard)).body).toMatchObject({ code: "REPLAY" });
    const friend = await register(2);
    friend.direct(victim.nodeId, "for the victim alone");
    await world.until(() => textsOf(victim).length === 1);
    const again = victim.hello();
    await world.until(() => victim.all("HELLO_ACK").length === 2);
    thief.send({ v: 1, ...again });
    expect((await thief.answerTo(again)).body).toMatchObject({ code: "REPLAY" });
    expect(subject.relay.view.registered).toBe(2);
  });

  test("leaves a node that has named it where it is when a HELLO comes that any other relay can have heard", async () => {
    const { world, dial, register, subject } = await makeScene();
    const identity = makeIdentity(subject.runtime.crypto);
    const victim = await dial(0, identity);
    victim.hello({ to: subject.nodeId });
    await world.until(() => victim.all("HELLO_ACK").length === 1);
    // The kernel knows that it is there, however long it says nothing.
    await world.run(9 * 60 * SECOND_MS);
    // Said to another relay, later than what it said here; that relay plays it on.
    const overheard = victim.sign("HELLO", { peer: victim.record() });
    const thief = await dial(1);
    thief.send({ v: 1, ...overheard });
    await world.until(() => thief.all("HELLO_ACK").length === 1);
    const friend = await register(2);
    friend.direct(victim.nodeId, "for the victim alone");
    await world.until(() => textsOf(victim).length === 1);
    expect([victim.isClosed, textsOf(thief)]).toEqual([false, []]);
    expect(subject.sample('registrations_total{outcome="answered"}')).toBe(1);
    // The node itself learns from the answer whom to name, and then its newer connection counts.
    const newer = await dial(0, identity);
    newer.hello();
    await world.until(() => newer.all("HELLO_ACK").length === 1);
    newer.hello({ to: newer.all("HELLO_ACK")[0]?.from ?? "" });
    await world.until(() => victim.isClosed);
    friend.direct(victim.nodeId, "again");
    await world.until(() => textsOf(newer).length === 1);
  });

  test("takes such a HELLO all the same from a node that no kernel answers for and that is silent, or that never named it", async () => {
    for (const [isNamed, pauseMs] of [[true, 91 * SECOND_MS], [false, SECOND_MS]] as const) {
      const { world, dial, subject } = await makeScene();
      world.network.keepsAlive = false;
      const peer = await dial();
      peer.hello(isNamed ? { to: subject.nodeId } : {});
      await world.until(() => peer.all("HELLO_ACK").length === 1);
      await world.run(pauseMs);
      const message = peer.sign("HELLO", { peer: peer.record() });
      const newer = await dial(1);
      newer.send({ v: 1, ...message });
      await world.until(() => peer.isClosed);
      expect(subject.sample('registrations_total{outcome="replaced"}')).toBe(1);
    }
  });

  test("replaces a node's older connection, closes it, and sends the new one what comes from then on", async () => {
    const { world, subject, register } = await makeScene();
    const identity = makeIdentity(subject.runtime.crypto);
    const friend = await register(2);
    const first = await register(0, identity);
    friend.direct(identity.nodeId, "one");
    await world.until(() => textsOf(first).length === 1);
    const second = await register(1, identity);
    await world.until(() => first.isClosed);
    friend.direct(identity.nodeId, "two");
    await world.until(() => textsOf(second).length === 1);
    expect([textsOf(first), textsOf(second)]).toEqual([["one"], ["two"]]);
    expect(subject.sample('registrations_total{outcome="replaced"}')).toBe(1);
    expect(subject.sample('closed_connections_total{reason="replaced"}')).toBe(1);
  });

  test("takes a further HELLO of the same node on its connection, and none of another", async () => {
    const { subject, register, sample, world } = await makeScene();
    const peer = await register();
    const renewed = peer.next("HELLO_ACK");
    peer.hello({ to: subject.nodeId });
    await renewed;
    const other = new RawPeer(world, subject.runtime);
    const message = other.sign("HELLO", { peer: other.record() }, { to: subject.nodeId });
    peer.send({ v: 1, ...message });
    expect((await peer.answerTo(message)).body).toMatchObject({ code: "UNSUPPORTED" });
    expect(sample('frames_refused_total{reason="foreign_sender"}')).toBe(1);
    expect(subject.relay.view.registered).toBe(1);
  });

  test("answers PING of a registered node, of another only when its signature holds", async () => {
    const { dial, register } = await makeScene();
    const peer = await register();
    const pong = peer.next("PONG");
    peer.say("PING", { nonce: "n-1" });
    expect((await pong).body).toEqual({ nonce: "n-1" });
    const stranger = await dial(1);
    const answer = stranger.next("PONG");
    stranger.say("PING", { nonce: "n-2" });
    expect((await answer).body).toEqual({ nonce: "n-2" });
    const forged = stranger.sign("PING", { nonce: "n-3" });
    stranger.send({ v: 1, ...forged, body: { nonce: "n-4" } });
    expect((await stranger.answerTo(forged)).body).toMatchObject({ code: "BAD_SIG" });
  });

  test("answers PEERS with records of registered nodes that hold, not with the asker's own", async () => {
    const { dial, register } = await makeScene();
    const [one, asker] = [await register(0), await register(1)];
    const late = await dial(2);
    late.hello({}, late.record({ expires: late.runtime.clock.wallMs() + SECOND_MS }));
    await late.next("HELLO_ACK");
    await asker.world.run(2 * SECOND_MS);
    const answer = asker.next("PEERS_RES");
    const question = asker.say("PEERS", { n: 10 });
    const { body } = await answer;
    expect(body.ref).toBe(question.id);
    expect((body.peers as { peer_id: string }[]).map(({ peer_id }) => peer_id)).toEqual([one.nodeId]);
  });

  test("takes no DIRECT for itself, and answers no answer", async () => {
    const { world, subject, register } = await makeScene();
    const peer = await register();
    expect((await peer.answerTo(peer.direct(subject.nodeId, "hello?"))).body).toMatchObject({ code: "UNSUPPORTED" });
    const before = peer.received.length;
    peer.say("ERROR", { code: "BAD_FRAME", ref: "x" }, { to: subject.nodeId });
    peer.say("ACK", { ref: "x" }, { to: subject.nodeId });
    peer.say("PONG", { nonce: "x" });
    await world.run(5 * SECOND_MS);
    expect(peer.received.length).toBe(before);
  });

  test("forgets a node whose connection is gone, in order or not", async () => {
    const { world, subject, homes, register } = await makeScene();
    const [one, other, friend] = [await register(0), await register(1), await register(2)];
    one.connection?.end();
    other.connection?.destroy();
    await world.run(SECOND_MS);
    expect(subject.relay.view.registered).toBe(1);
    for (const { nodeId } of [one, other]) {
      expect((await friend.answerTo(friend.direct(nodeId, "?"))).body).toMatchObject({ code: "UNREACHABLE" });
    }
    expect(homes.length).toBe(3);
  });
});
