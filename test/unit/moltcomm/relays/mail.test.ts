/**
 * Hunts: mail that does not get through although a relay serves, a relay that is believed more than it may be, and one sender behind a
 * relay that costs the others. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { MINUTE_MS, newId, PORT, RawPeer, SECOND_MS } from "../node/support.ts";
import { dialRelay, type NodeOptions, type RawRelay, registeredAt, RELAY_PORT, RelayScene } from "./support.ts";

/** Two nodes that reach each other over relays alone. */
async function makeApart({ relays = 1, one: oneOptions = {}, two: twoOptions = {} }: {
  readonly relays?: number;
  readonly one?: NodeOptions;
  readonly two?: NodeOptions;
} = {}) {
  const scene = await RelayScene.make({ relays });
  const addressesOf = () => scene.relays.map((relay) => relay.address);
  const [one, two] = [
    await scene.start("one", { addressesOf, ...oneOptions }),
    await scene.start("two", { addressesOf, ...twoOptions }),
  ];
  scene.separate(one, two);
  await scene.registered(one);
  await scene.registered(two);
  const send = (msg: string, id = newId()) => one.node.attempt({ to: two.nodeId, id, msg });
  return { scene, world: scene.world, relay: scene.relay, one, two, send };
}

describe("§8 mail over a relay", () => {
  test("is delivered, answered, and opens the way back", async () => {
    const { world, one, two, send, relay } = await makeApart();
    expect(await world.wait(send("there"))).toEqual({ outcome: "delivered" });
    expect(two.inbox.texts).toEqual(["there"]);
    const back = two.node.attempt({ to: one.nodeId, id: newId(), msg: "and back" });
    expect(await world.wait(back)).toEqual({ outcome: "delivered" });
    expect(one.inbox.texts).toEqual(["and back"]);
    expect(relay.all("DIRECT").map(({ from, to }) => [from, to])).toEqual([[one.nodeId, two.nodeId], [
      two.nodeId,
      one.nodeId,
    ]]);
    expect(relay.acceptedAtMs.length).toBe(2);
    expect(one.sample('barnacle_moltcomm_messages_sent_total{way="relay"}')).toBe(1);
    expect(one.node.peers()[0]).toMatchObject({ nodeId: two.nodeId, connected: false, relay: relay.address });
  });

  test("follows a HELLO to the recipient: both learn each other's records, and that they are there", async () => {
    const { world, one, two, send, relay } = await makeApart();
    const heard: string[] = [];
    two.node.onReachable((nodeId) => heard.push(nodeId));
    await world.wait(send("hi"));
    const through = relay.all("HELLO").filter(({ to }) => to === two.nodeId);
    expect(through.length).toBe(1);
    expect(relay.all("HELLO_ACK").map(({ from, to }) => [from, to])).toEqual([[two.nodeId, one.nodeId]]);
    expect(heard).toEqual([one.nodeId]);
    for (const [here, there] of [[one, two], [two, one]] as const) {
      expect(here.node.peers()).toEqual([
        expect.objectContaining({ nodeId: there.nodeId, addresses: [relay.address] }),
      ]);
    }
  });

  test("is sent in the order of the calls, many at once", async () => {
    const { world, two, send } = await makeApart();
    const outcomes = Array.from({ length: 100 }, (_, index) => send(`${index}`));
    for (const outcome of await world.wait(Promise.all(outcomes))) expect(outcome).toEqual({ outcome: "delivered" });
    expect(two.inbox.texts).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
  });

  test("reaches a node at another relay, whose address its record names", async () => {
    const scene = await RelayScene.make({ relays: 2 });
    const [first, second] = scene.relays as [RawRelay, RawRelay];
    const at = (relay: RawRelay) => ({ relays: [{ scheme: "relay", host: relay.host.ip, port: RELAY_PORT }] }) as const;
    const two = await scene.start("two", at(second));
    const one = await scene.start("one", { ...at(first), addressesOf: () => [second.address] });
    scene.separate(one, two);
    await scene.registered(one);
    await scene.registered(two);
    const there = one.node.attempt({ to: two.nodeId, id: newId(), msg: "there" });
    expect(await scene.world.wait(there)).toEqual({ outcome: "delivered" });
    // The connection for it is closed when it is of no use any more; two finds one at one's own relay.
    await scene.world.run(4 * MINUTE_MS);
    expect(second.clients.has(one.nodeId)).toBe(false);
    const back = two.node.attempt({ to: one.nodeId, id: newId(), msg: "back" });
    expect(await scene.world.wait(back)).toEqual({ outcome: "delivered" });
    expect(registeredAt(one)).toEqual([first.address]);
  });

  test("finds a node of which no address is known at a relay that both are at", async () => {
    const { world, send } = await makeApart({ one: { addressesOf: () => [] } });
    expect(await world.wait(send("hi"))).toEqual({ outcome: "delivered" });
  });

  test("over a relay by another of its addresses uses one connection, and the registration moves with it", async () => {
    const scene = await RelayScene.make();
    const { relay, world } = scene;
    world.network.addName("relay.example", relay.host);
    const named = `relay://relay.example:${RELAY_PORT}`;
    const [one, two] = [await scene.start("one", { addressesOf: () => [named] }), await scene.start("two")];
    scene.separate(one, two);
    await scene.registered(one);
    await scene.registered(two);
    for (let index = 0; index < 5; index++) {
      const sent = one.node.attempt({ to: two.nodeId, id: newId(), msg: `${index}` });
      expect(await world.wait(sent)).toEqual({ outcome: "delivered" });
      await world.run(5 * SECOND_MS);
    }
    expect(relay.acceptedAtMs.length).toBeLessThanOrEqual(3);
    expect(registeredAt(one)).toEqual([relay.address]);
    await world.run(10 * MINUTE_MS);
    expect(relay.acceptedAtMs.length).toBeLessThanOrEqual(3);
    expect(relay.clients.size).toBe(2);
    expect(one.sample('barnacle_moltcomm_relay_registrations_ended_total{how="lost"}')).toBe(0);
  });

  test("to a node that is not there fails at once, by the relay's word", async () => {
    const { world, two, send } = await makeApart();
    await world.wait(two.node.stop());
    const startMs = world.clock.monotonicMs();
    expect(await world.wait(send("hi"))).toMatchObject({
      outcome: "failed",
      reason: "UNREACHABLE",
      byRecipient: false,
    });
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(SECOND_MS);
  });

  test("that was under way when the recipient went fails, and finds it at its next relay", async () => {
    const { scene, world, one, two, send } = await makeApart({ relays: 2 });
    await world.run(20 * SECOND_MS);
    expect(await world.wait(send("1"))).toEqual({ outcome: "delivered" });
    const used = scene.relays.find(({ address }) => registeredAt(two).includes(address)) as RawRelay;
    used.kill();
    expect((await world.wait(send("2"))).outcome).toBe("failed");
    await scene.registered(two);
    await scene.registered(one);
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
    expect(two.inbox.texts).toEqual(["1", "2"]);
  });

  test("that a relay swallows goes over another the next time, though the first passes HELLO on and is faster", async () => {
    const { scene, world, one, two, send } = await makeApart({
      relays: 2,
      one: { relayConnections: 2 },
      two: { relayConnections: 2 },
    });
    await scene.registered(one, 2);
    await scene.registered(two, 2);
    expect(await world.wait(send("1"))).toEqual({ outcome: "delivered" });
    const used = scene.relays.find((relay) => relay.all("DIRECT").length > 0) as RawRelay;
    const other = scene.relays.find((relay) => relay !== used) as RawRelay;
    used.meddle = (said) => said.t === "DIRECT" ? [] : undefined;
    const slowly = { latencyMs: [100, 150], bytesPerMs: 100_000 } as const;
    world.network.setLink(one.host, other.host, slowly);
    world.network.setLink(other.host, one.host, slowly);
    for (let text = 2; text < 5; text++) {
      await world.run(MINUTE_MS);
      if (text === 2) expect(await world.wait(send("2"))).toMatchObject({ reason: "TIMED_OUT" });
      expect(await world.wait(send(`${text}`))).toEqual({ outcome: "delivered" });
    }
    expect(two.inbox.texts).toEqual(["1", "2", "3", "4"]);
    // Where there is no other, it has its turn at once.
    other.kill();
    await world.run(MINUTE_MS);
    used.meddle = undefined;
    const startMs = world.clock.monotonicMs();
    expect(await world.wait(send("5"))).toEqual({ outcome: "delivered" });
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(SECOND_MS);
  });

  test("goes to the relay where the recipient is now, once the one where it was says that it is not there", async () => {
    const scene = await RelayScene.make({ relays: 2 });
    const [first, second] = scene.relays as [RawRelay, RawRelay];
    const at = (relay: RawRelay) => [{ scheme: "relay", host: relay.host.ip, port: RELAY_PORT }] as const;
    const one = await scene.start("one", { relays: at(first), addressesOf: () => [first.address, second.address] });
    const two = await scene.start("two", { relays: at(first) });
    scene.separate(one, two);
    await scene.registered(one);
    await scene.registered(two);
    const send = (msg: string) => scene.world.wait(one.node.attempt({ to: two.nodeId, id: newId(), msg }));
    expect(await send("1")).toEqual({ outcome: "delivered" });
    await scene.world.wait(two.node.stop());
    const moved = await scene.start("moved", { relays: at(second), identity: two.identity });
    scene.separate(one, moved);
    await scene.registered(moved);
    expect(await send("2")).toMatchObject({ reason: "UNREACHABLE" });
    expect(await send("2")).toEqual({ outcome: "delivered" });
    expect(moved.inbox.texts).toEqual(["2"]);
  });

  test("a recipient that is back at its relay tells its correspondents, who need not wait to try again", async () => {
    const { world, relay, one, two, send } = await makeApart();
    await world.wait(send("1"));
    await world.run(MINUTE_MS);
    const heard: string[] = [];
    one.node.onReachable((nodeId) => heard.push(nodeId));
    relay.kill();
    await world.run(100);
    await relay.start();
    await world.until(() => heard.includes(two.nodeId), { withinMs: 15 * SECOND_MS });
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
  });

  test("a node that moves to another relay tells those to whom mail went lately, at theirs", async () => {
    const scene = await RelayScene.make({ relays: 3 });
    const [first, second, third] = scene.relays as [RawRelay, RawRelay, RawRelay];
    const at = (...relays: RawRelay[]) =>
      relays.map((relay) => ({ scheme: "relay", host: relay.host.ip, port: RELAY_PORT }) as const);
    const one = await scene.start("one", { relays: at(third), addressesOf: () => [first.address, second.address] });
    const two = await scene.start("two", { relays: at(first, second), addressesOf: () => [third.address] });
    scene.separate(one, two);
    await scene.registered(one);
    await scene.registered(two);
    await scene.world.run(20 * SECOND_MS);
    expect(await scene.world.wait(two.node.attempt({ to: one.nodeId, id: newId(), msg: "1" }))).toEqual({
      outcome: "delivered",
    });
    const known = () => one.node.peers().find(({ nodeId }) => nodeId === two.nodeId)?.addresses;
    const [before] = registeredAt(two);
    expect(known()).toEqual([before]);
    const [left, next] = before === first.address ? [first, second] : [second, first];
    left.kill();
    await scene.world.until(() => known()?.[0] === next.address, { withinMs: 15 * SECOND_MS });
  });

  test("waits for a relay that was lost as long as that is not to be dialled, and is not the reason to dial it sooner", async () => {
    const { world, scene, relay, two, send } = await makeApart();
    await world.run(MINUTE_MS);
    await world.wait(send("1"));
    relay.kill();
    await relay.start();
    await world.run(100);
    await scene.registered(two);
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
    expect(relay.acceptedAtMs.length).toBe(4);
  });
});

describe("direct and relayed", () => {
  test("an address of the node's own comes first, and no relay is bothered when it works", async () => {
    const scene = await RelayScene.make();
    const two = await scene.start("two", { reachable: "yes" });
    const one = await scene.start("one", { addressesOf: () => [`tcp://${two.host.ip}:${PORT}`, scene.relay.address] });
    await scene.registered(two);
    expect(await scene.world.wait(one.node.attempt({ to: two.nodeId, id: newId(), msg: "hi" }))).toEqual({
      outcome: "delivered",
    });
    expect(scene.relay.all("DIRECT")).toEqual([]);
    expect(one.sample('barnacle_moltcomm_messages_sent_total{way="direct"}')).toBe(1);
  });

  test("a relay is tried beside an address that does not answer, and is taken first from then on", async () => {
    const { world, one, send, two } = await makeApart({
      one: { addressesOf: () => ["tcp://10.0.0.3:9001", "relay://10.0.0.1:9401"] },
    });
    let startMs = world.clock.monotonicMs();
    expect(await world.wait(send("1"))).toEqual({ outcome: "delivered" });
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(SECOND_MS);
    await world.run(4 * MINUTE_MS);
    startMs = world.clock.monotonicMs();
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(300);
    // Ten minutes later its own address has its chance again.
    world.network.heal();
    await world.run(10 * MINUTE_MS);
    expect(await world.wait(send("3"))).toEqual({ outcome: "delivered" });
    expect(one.sample('barnacle_moltcomm_messages_sent_total{way="direct"}')).toBe(1);
    expect(two.inbox.texts).toEqual(["1", "2", "3"]);
  });

  test("mail goes directly once the recipient has connected, but never past what is under way", async () => {
    const { world, relay, one, two, send } = await makeApart({ two: { addressesOf: () => ["tcp://10.0.0.2:9001"] } });
    await world.wait(send("1"));
    relay.meddle = (said) => said.t === "DIRECT" ? [] : undefined;
    const withheld = send("2");
    await world.run(100);
    world.network.heal();
    const peer = await RawPeer.dial(world, world.createRuntime(two.host), one.host, two.identity);
    peer.answersHellos().answersDirects(() => "ACK").hello();
    await world.run(100);
    await peer.answerTo(peer.direct(one.nodeId, "hello"));
    const behind = send("3");
    await world.run(100);
    expect(relay.all("DIRECT").map(({ body }) => body["msg"])).toEqual(["1", "2", "3"]);
    expect(await world.wait(Promise.all([withheld, behind]))).toMatchObject([{ reason: "TIMED_OUT" }, {
      reason: "TIMED_OUT",
    }]);
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
    expect(relay.all("DIRECT").length).toBe(3);
    expect(one.sample('barnacle_moltcomm_messages_sent_total{way="direct"}')).toBe(1);
  });
});

describe("§11: what a relay's word is worth", () => {
  test("whatever error it says, the attempt failed, and nothing is settled", async () => {
    const { world, relay, one, send } = await makeApart();
    await world.wait(send("1"));
    for (const code of ["REPLAY", "UNSUPPORTED", "BAD_FRAME", "UNREACHABLE", "RATE_LIMIT", "OUT_OF_TEA"]) {
      relay.meddle = (said) => {
        if (said.t !== "DIRECT") return undefined;
        relay.sayTo(said.from, "ERROR", { ref: said.id, code });
        return [];
      };
      const outcome = await world.wait(send("2"));
      expect(outcome).toMatchObject({ outcome: "failed", byRecipient: false });
    }
    expect(one.node.view.requestsOpen).toBe(0);
  });

  test("an ACK of its own is none", async () => {
    const { world, relay, send } = await makeApart();
    await world.wait(send("1"));
    relay.meddle = (said) => {
      if (said.t !== "DIRECT") return undefined;
      relay.sayTo(said.from, "ACK", { ref: said.id });
      return [];
    };
    expect(await world.wait(send("2"))).toMatchObject({ reason: "TIMED_OUT", byRecipient: false });
  });

  test("what it plays again, plays back, forges or withholds is seen once, or not at all", async () => {
    const { world, relay, one, two, send } = await makeApart();
    const earlier: Uint8Array[] = [];
    relay.meddle = (said, frame) => {
      // Our own questions that name nobody, played back, must not cost us the relay.
      if (said.t === "PING") relay.clients.get(said.from)?.connection.write(frameOf(frame));
      if (said.t === "PING" || said.t === "HELLO") return undefined;
      earlier.push(frame);
      const text = new TextDecoder().decode(frame);
      const forged = new TextEncoder().encode(text.replace('"msg":"', '"msg":"not '));
      if (said.t === "DIRECT") {
        relay.clients.get(said.from)?.connection.write(frameOf(frame));
        return [forged, frame, ...earlier];
      }
      return [frame, frame];
    };
    for (let index = 0; index < 20; index++) {
      expect(await world.wait(send(`${index}`))).toEqual({ outcome: "delivered" });
    }
    expect(two.inbox.texts).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
    expect(one.node.view.refusals["NOT_FOR_ME"]).toBeGreaterThanOrEqual(20);
    await world.run(30 * MINUTE_MS);
    expect(one.node.view.refusals["NOT_FOR_ME"]).toBeGreaterThan(24);
    expect(relay.acceptedAtMs.length).toBe(2);
    expect(two.node.view.refusals["BAD_SIG"]).toBe(20);
  });

  test("a node that answers HELLO without a `to`, which no relay passes on, is written to all the same", async () => {
    const scene = await RelayScene.make();
    const one = await scene.start("one", { addressesOf: () => [scene.relay.address] });
    const plain = await dialRelay(scene);
    plain.answersDirects(() => "ACK");
    await scene.registered(one);
    const send = () => scene.world.wait(one.node.attempt({ to: plain.nodeId, id: newId(), msg: "hi" }));
    expect(await send()).toEqual({ outcome: "delivered" });
    const startMs = scene.world.clock.monotonicMs();
    expect(await send()).toEqual({ outcome: "delivered" });
    expect(scene.world.clock.monotonicMs() - startMs).toBeLessThan(SECOND_MS);
  });
});

test("§11 reading 10: where sealing is required, mail to a node that was silent at first goes once it answers", async () => {
  await import("../../../../src/moltcomm/sealing/suite.ts");
  const sealing = { mode: "required", unsealedAtMs: () => undefined } as const;
  const { world, send, two } = await makeApart({ one: { sealing }, two: { sealing } });
  two.host.suspend();
  expect(await world.wait(send("too early"))).toMatchObject({ outcome: "failed", reason: "NOT_SEALED" });
  two.host.resume();
  expect(await world.wait(send("again"))).toEqual({ outcome: "delivered" });
});

/** A frame's body behind its length. */
function frameOf(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
}
