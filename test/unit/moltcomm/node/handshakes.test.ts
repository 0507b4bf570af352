/**
 * Hunts: a node taken for another, a handshake that a rule refuses and we accept, and mail sent to whoever plays somebody's handshake
 * again. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { SimWorld } from "../../../sim/mod.ts";
import {
  address,
  ANNOUNCED,
  makeIdentity,
  makeScene,
  MINUTE_MS,
  newId,
  PORT,
  RawPeer,
  SECOND_MS,
  startNode,
} from "./support.ts";

/** A node that is to send to a raw peer which listens on host `there`. */
async function makeSenderScene(options: Parameters<typeof makeScene>[0] = {}) {
  const scene = await makeScene({ addressesOf: () => ["tcp://10.0.0.2:9001"], ...options });
  const peer = await RawPeer.listen(scene.world, scene.runtime, scene.there);
  const attempt = (to = peer.nodeId) => scene.subject.node.attempt({ to, id: newId(), msg: "hi" });
  return { ...scene, peer, attempt };
}

describe("§5 HELLO", () => {
  test("is answered with HELLO_ACK, addressed, with our signed record and agent", async () => {
    const { subject, dial, runtime } = await makeScene();
    const peer = await dial();
    peer.hello();
    const ack = await peer.next("HELLO_ACK");
    expect(ack).toMatchObject({ from: subject.nodeId, to: peer.nodeId, body: { agent: ANNOUNCED } });
    const { peer: record } = ack.body;
    expect(record).toMatchObject({ peer_id: subject.nodeId, addrs: [`tcp://10.0.0.1:${PORT}`] });
    expect(record.expires - runtime.clock.wallMs()).toBeGreaterThan(10 * MINUTE_MS);
    expect(record.expires - runtime.clock.wallMs()).toBeLessThanOrEqual(60 * MINUTE_MS);
  });

  test("goes out within 1 s of connecting, naming the node that is sought (§11, reading 6)", async () => {
    const { world, subject, peer, attempt } = await makeSenderScene();
    void attempt();
    await world.until(() => peer.events.includes("accept"));
    const hello = await peer.next("HELLO", SECOND_MS);
    expect(hello).toMatchObject({ from: subject.nodeId, to: peer.nodeId });
  });

  test("names nobody at a bootstrap not met before, and whom we met there at the next time", async () => {
    const world = new SimWorld({ seed: 1 });
    const [here, there] = [world.addHost("here"), world.addHost("there")];
    const peer = (await RawPeer.listen(world, world.createRuntime(there), there)).answersHellos();
    await startNode(world, here, { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await world.until(() => peer.all("HELLO").length === 1);
    expect(peer.all("HELLO")[0]?.to).toBe(undefined);
    await world.run(MINUTE_MS);
    peer.connection?.destroy();
    await world.until(() => peer.all("HELLO").length === 2);
    expect(peer.all("HELLO")[1]?.to).toBe(peer.nodeId);
  });

  test.each([
    ["another's record", "BAD_SIG", (_peer: RawPeer, other: RawPeer) => other.record()],
    [
      "a record with a changed address",
      "BAD_SIG",
      (peer: RawPeer) => ({ ...peer.record(), addrs: ["tcp://6.6.6.6:6"] }),
    ],
    [
      "a record of another key",
      "BAD_SIG",
      (peer: RawPeer, other: RawPeer) => ({ ...peer.record(), pub: other.signer.pub }),
    ],
    ["an expired record (§6)", "BAD_TS", (peer: RawPeer) => peer.record({ expires: peer.runtime.clock.wallMs() - 1 })],
    ["a record from the future", "BAD_TS", (peer: RawPeer) => {
      const nowMs = peer.runtime.clock.wallMs();
      return peer.record({ ts: nowMs + 11 * MINUTE_MS, expires: nowMs + 30 * MINUTE_MS });
    }],
    ["a record without an end", "BAD_TS", (peer: RawPeer) => peer.record({ expires: Number.MAX_SAFE_INTEGER })],
  ])("with %s is refused with %s", async (_what, code, recordOf) => {
    const { world, subject, dial, runtime } = await makeScene();
    const peer = await dial();
    const hello = peer.hello({}, recordOf(peer, new RawPeer(world, runtime)));
    expect((await peer.answerTo(hello)).body).toMatchObject({ code });
    expect(peer.all("HELLO_ACK")).toEqual([]);
    expect(subject.node.peers()).toEqual([]);
    expect(subject.sample('barnacle_moltcomm_handshakes_total{outcome="refused"}')).toBe(1);
  });

  test("for another node is not answered with a handshake", async () => {
    const { dial, runtime } = await makeScene();
    const peer = await dial();
    const hello = peer.hello({ to: makeIdentity(runtime.crypto).nodeId });
    expect((await peer.answerTo(hello)).body).toMatchObject({ code: "NOT_FOR_ME" });
  });

  test("comes anew before our record runs out, where we keep the connection", async () => {
    const world = new SimWorld({ seed: 1 });
    const [here, there] = [world.addHost("here"), world.addHost("there")];
    const hub = await startNode(world, there);
    const subject = await startNode(world, here, { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    for (let quarter = 0; quarter < 12; quarter++) {
      await world.run(15 * MINUTE_MS);
      for (const { recordExpiresAtMs, connected } of [...hub.node.peers(), ...subject.node.peers()]) {
        expect(connected).toBe(true);
        expect(recordExpiresAtMs).toBeGreaterThan(world.clock.wallMs());
      }
    }
    expect(hub.node.peers().length).toBe(1);
    expect(subject.log.named("bootstrap_connected").length).toBe(1);
  });
});

describe("§5 HELLO_ACK", () => {
  test("of another node than the sought one drops the connection, and nothing is sent", async () => {
    const { world, runtime, peer, attempt } = await makeSenderScene();
    peer.answersHellos();
    const outcome = await world.wait(attempt(makeIdentity(runtime.crypto).nodeId));
    expect(outcome).toMatchObject({ outcome: "failed", reason: "CONNECTION_LOST", byRecipient: false });
    expect(outcome).toMatchObject({ detail: expect.stringContaining(peer.nodeId) });
    expect(peer.all("DIRECT")).toEqual([]);
    await world.until(() => peer.isClosed);
  });

  test("with a record that does not hold is none", async () => {
    const { world, peer, attempt } = await makeSenderScene();
    peer.answersHellos(() => peer.record({ expires: peer.runtime.clock.wallMs() - 1 }));
    expect(await world.wait(attempt())).toMatchObject({ outcome: "failed", byRecipient: false });
    expect(peer.all("DIRECT")).toEqual([]);
  });

  test("that comes without a HELLO of ours changes nothing", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    peer.say("HELLO_ACK", { peer: peer.record() }, { to: subject.nodeId });
    await world.run(SECOND_MS);
    expect(subject.node.peers()).toEqual([]);
    expect(peer.received).toEqual([]);
    expect(subject.sample('barnacle_moltcomm_stray_answers_total{type="HELLO_ACK"}')).toBe(1);
  });

  test("that never comes lets the attempt time out", async () => {
    const { world, attempt } = await makeSenderScene();
    expect(await world.wait(attempt())).toMatchObject({ outcome: "failed", reason: "TIMED_OUT", byRecipient: false });
  });

  test("a refusal by the sought node is its own word", async () => {
    const { world, peer, attempt } = await makeSenderScene();
    peer.onMessage = (message) => {
      if (message.t === "HELLO") {
        peer.say("ERROR", { ref: message.id, code: "RATE_LIMIT", detail: "busy" }, { to: message.from });
      }
    };
    expect(await world.wait(attempt())).toMatchObject({ reason: "RATE_LIMIT", byRecipient: true });
  });
});

describe("§11 readings 5 and 6: mail follows a handshake", () => {
  test("over a connection that the peer opened, HELLO is said first, and the mail waits for its answer", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    peer.hello({}, peer.record({ addrs: [] }));
    await peer.next("HELLO_ACK");
    const outcome = subject.node.attempt({ to: peer.nodeId, id: newId(), msg: "back to you" });
    const hello = await peer.next("HELLO");
    expect(hello.to).toBe(peer.nodeId);
    await world.run(SECOND_MS);
    expect(peer.all("DIRECT")).toEqual([]);
    peer.answersDirects(() => "ACK");
    peer.say("HELLO_ACK", { peer: peer.record() }, { to: subject.nodeId });
    expect(await world.wait(outcome)).toEqual({ outcome: "delivered" });
  });

  test("whoever plays a HELLO again gets no mail by it", async () => {
    const { world, subject, dial } = await makeScene();
    const [victim, thief] = [await dial(), await dial()];
    const hello = victim.sign("HELLO", { peer: victim.record() });
    thief.send({ v: 1, ...hello });
    await thief.next("HELLO_ACK");
    const outcome = subject.node.attempt({ to: victim.nodeId, id: newId(), msg: "secret" });
    await thief.next("HELLO");
    expect(await world.wait(outcome)).toMatchObject({ outcome: "failed", byRecipient: false });
    expect(thief.all("DIRECT")).toEqual([]);
    await world.until(() => thief.isClosed, { withinMs: SECOND_MS });
  });

  test("a node that comes anew replaces a connection on which it has been silent", async () => {
    const { world, subject, dial, runtime } = await makeScene();
    const identity = makeIdentity(runtime.crypto);
    const old = (await RawPeer.dial(world, runtime, subject.host, identity)).answersHellos();
    old.hello();
    await old.next("HELLO_ACK");
    const lost = subject.node.attempt({ to: old.nodeId, id: newId(), msg: "1" });
    await old.next("DIRECT");
    await world.run(4 * SECOND_MS);
    const fresh = await RawPeer.dial(world, runtime, subject.host, identity);
    fresh.answersHellos().answersDirects(() => "ACK").hello();
    expect(await world.wait(lost)).toMatchObject({ reason: "CONNECTION_LOST" });
    expect(world.clock.monotonicMs()).toBeLessThan(6 * SECOND_MS);
    const again = subject.node.attempt({ to: old.nodeId, id: newId(), msg: "1" });
    expect(await world.wait(again)).toEqual({ outcome: "delivered" });
    expect((await dial()).isClosed).toBe(false);
  });
});

describe("our own record", () => {
  test("says what is advertised in place of the address listened on", async () => {
    const advertise = [address("tcp://mail.example:9001"), address("relay://relay.example:9002")];
    const { dial } = await makeScene({ advertise });
    const peer = await dial();
    peer.hello();
    expect((await peer.next("HELLO_ACK")).body.peer.addrs).toEqual([
      "tcp://mail.example:9001",
      "relay://relay.example:9002",
    ]);
  });

  test("of a node that listens on all addresses names the one that the peer used", async () => {
    const { dial } = await makeScene({ listen: address(`tcp://0.0.0.0:${PORT}`) });
    const peer = await dial();
    peer.hello();
    expect((await peer.next("HELLO_ACK")).body.peer.addrs).toEqual([`tcp://10.0.0.1:${PORT}`]);
  });

  test("is made anew when the clock was set back", async () => {
    const { world, here, dial } = await makeScene();
    const peer = await dial();
    peer.hello();
    const first = (await peer.next("HELLO_ACK")).body.peer;
    here.jumpWall(-5 * MINUTE_MS);
    peer.hello();
    const second = (await peer.next("HELLO_ACK")).body.peer;
    expect(second.ts).toBeLessThan(first.ts);
    expect(second.ts).toBeLessThanOrEqual(world.clock.wallMs() - 5 * MINUTE_MS);
  });
});
