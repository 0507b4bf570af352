/**
 * Hunts: a node that is lost with its relay, a connection that is dead and taken for alive, a crowd that comes back all at once, and a
 * relay that is taken for another. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../../../src/contract/mod.ts";
import type { PinnedRelay } from "../../../../src/moltcomm/relays/types.ts";
import { address, MINUTE_MS, newId, PORT, RawPeer, SECOND_MS, startNode } from "../node/support.ts";
import { type RawRelay, registeredAt, RelayScene } from "./support.ts";

function pinned(relay: RawRelay): PinnedRelay {
  return { addresses: [relay.address], nodeId: relay.nodeId, pub: encodeBase64(relay.identity.publicSpki) };
}

/** A source of pinned relays by hand. */
function makeSource(relays: PinnedRelay[]) {
  let listener: () => void = () => undefined;
  const set = (...others: PinnedRelay[]) => {
    relays.splice(0, relays.length, ...others);
    listener();
  };
  const onChange = (told: () => void) => {
    listener = told;
    return () => listener = () => undefined;
  };
  return { relays: () => relays, onChange, set };
}

describe("§8 registration", () => {
  test("says HELLO to the relay, and the record in it names the relay and no address that nobody can dial", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.run(SECOND_MS);
    const [hello] = scene.relay.all("HELLO");
    expect(hello?.from).toBe(node.nodeId);
    expect(hello?.body["peer"]).toMatchObject({ peer_id: node.nodeId, addrs: [scene.relay.address] });
    expect(node.node.view.relays).toEqual([
      {
        address: scene.relay.address,
        nodeId: scene.relay.nodeId,
        isPinned: false,
        state: "registered",
        roundTripMs: expect.any(Number),
      },
    ]);
    expect(node.sample('barnacle_moltcomm_relays{state="registered"}')).toBe(1);
    expect(node.node.peers()).toEqual([]);
  });

  test("names a relay in `to` that is known (§11, reading 6)", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.run(10 * SECOND_MS);
    scene.relay.kill();
    await scene.relay.start();
    await scene.world.until(() => scene.relay.all("HELLO").length >= 2);
    expect(scene.relay.all("HELLO").map(({ to }) => to ?? undefined)).toEqual([undefined, scene.relay.nodeId]);
  });

  test("is told anew to whoever is connected, at once", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    const peer = await RawPeer.dial(scene.world, scene.world.createRuntime(scene.world.addHost("peer")), node.host);
    peer.answersHellos().hello();
    await scene.registered(node);
    await scene.world.run(SECOND_MS);
    const startMs = scene.world.clock.monotonicMs();
    scene.relay.kill();
    await scene.world.until(() => !peer.all("HELLO").at(-1)?.body.peer.addrs.includes(scene.relay.address));
    expect(scene.world.clock.monotonicMs() - startMs).toBeLessThan(SECOND_MS);
    await scene.relay.start();
    await scene.world.until(() => peer.all("HELLO").at(-1)?.body.peer.addrs.includes(scene.relay.address) === true);
    expect(scene.world.clock.monotonicMs() - startMs).toBeLessThan(15 * SECOND_MS);
    const times = peer.all("HELLO").map(({ body }) => body.peer.ts);
    expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
  });

  test("is told anew to a peer that answers HELLO only after the relay did", async () => {
    const scene = await RelayScene.make();
    const host = scene.world.addHost("peer");
    const peer = await RawPeer.listen(scene.world, scene.world.createRuntime(host), host);
    const node = await scene.start("a", { bootstrap: [address(`tcp://${host.ip}:${PORT}`)] });
    await scene.world.until(() => peer.all("HELLO").length === 1);
    await scene.registered(node);
    await scene.world.run(SECOND_MS);
    peer.say("HELLO_ACK", { agent: "raw/1", peer: peer.record() }, { to: node.nodeId });
    peer.answersHellos();
    await scene.world.run(SECOND_MS);
    expect(peer.all("HELLO").map(({ body }) => body.peer.addrs)).toEqual([
      [`tcp://${node.host.ip}:${PORT}`],
      [scene.relay.address],
    ]);
  });

  test("does not last when none are wanted, nor without relays", async () => {
    const scene = await RelayScene.make();
    const [none, unset] = [await scene.start("a", { relayConnections: 0 }), await scene.start("b", { relays: [] })];
    await scene.world.run(MINUTE_MS);
    expect([...registeredAt(none), ...registeredAt(unset), ...scene.relay.said]).toEqual([]);
  });

  test("keeps as many as are wanted", async () => {
    const scene = await RelayScene.make({ relays: 4 });
    const node = await scene.start("a", { relayConnections: 2 });
    await scene.registered(node, 2);
    await scene.world.run(MINUTE_MS);
    expect(scene.relays.filter(({ clients }) => clients.size > 0).map((relay) => relay.address).sort()).toEqual(
      registeredAt(node).sort(),
    );
    expect(registeredAt(node).length).toBe(2);
  });

  test("ends with the node", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.wait(node.node.stop());
    await scene.world.run(MINUTE_MS);
    expect(scene.relay.clients.size).toBe(0);
    expect(scene.relay.acceptedAtMs.length).toBe(1);
  });
});

describe("a relay that never says HELLO_ACK (§8: it may)", () => {
  test("is registered at once it passes back what is for us, and is watched the same way", async () => {
    const scene = await RelayScene.make();
    scene.relay.saysHelloAck = false;
    scene.relay.answersPings = false;
    const addressesOf = () => [scene.relay.address];
    const [node, other] = [await scene.start("a", { addressesOf }), await scene.start("b", { addressesOf })];
    scene.separate(node, other);
    await scene.registered(node);
    await scene.registered(other);
    expect(scene.world.clock.monotonicMs()).toBeLessThan(5 * SECOND_MS);
    expect(node.node.view.relays[0]).toMatchObject({ nodeId: undefined, state: "registered" });
    await scene.world.run(10 * MINUTE_MS);
    expect(scene.relay.acceptedAtMs.length).toBe(2);
    const sent = node.node.attempt({ to: other.nodeId, id: newId(), msg: "hi" });
    expect(await scene.world.wait(sent)).toEqual({ outcome: "delivered" });
    await scene.world.wait(other.node.stop());
    const lost = node.node.attempt({ to: other.nodeId, id: newId(), msg: "hi" });
    expect(await scene.world.wait(lost)).toMatchObject({ reason: "UNREACHABLE", byRecipient: false });
    scene.relay.host.unplug();
    await scene.world.until(() => registeredAt(node).length === 0, { withinMs: 30 * SECOND_MS });
  });

  test("and passes nothing back is none", async () => {
    const scene = await RelayScene.make();
    scene.relay.meddle = () => [];
    const node = await scene.start("a");
    await scene.world.run(5 * MINUTE_MS);
    expect(registeredAt(node)).toEqual([]);
  });
});

describe("a lost relay", () => {
  test.each([
    ["killed", (relay: RawRelay) => relay.kill()],
    ["stopped in order", (relay: RawRelay) => void relay.stop()],
  ])("that was %s is registered at again within 15 s of its return", async (_how, end) => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    for (let round = 0; round < 5; round++) {
      await scene.registered(node);
      await scene.world.run(20 * SECOND_MS);
      end(scene.relay);
      await scene.world.run(2 * SECOND_MS);
      expect(registeredAt(node)).toEqual([]);
      await scene.relay.start();
      await scene.world.until(() => registeredAt(node).length === 1, { withinMs: 15 * SECOND_MS });
    }
    expect(node.sample('barnacle_moltcomm_relay_registrations_ended_total{how="lost"}')).toBe(5);
  });

  test.each([true, false])(
    "that falls silent without a word is noticed within 30 s; by the kernel: %s",
    async (keepsAlive) => {
      for (const delayMs of [0, 3_000, 9_000, 17_000, 200_000]) {
        const scene = await RelayScene.make();
        scene.world.network.keepsAlive = keepsAlive;
        const node = await scene.start("a");
        await scene.registered(node);
        await scene.world.run(MINUTE_MS + delayMs);
        scene.relay.host.unplug();
        await scene.world.until(() => registeredAt(node).length === 0, { withinMs: 30 * SECOND_MS });
      }
    },
  );

  test("that falls silent while something is under way to it is noticed within 30 s, though the kernel does not look", async () => {
    for (const delayMs of [0, 5_000, 14_000]) {
      const scene = await RelayScene.make();
      const node = await scene.start("a");
      await scene.registered(node);
      await scene.world.run(MINUTE_MS);
      await scene.world.run(delayMs);
      scene.relay.host.unplug();
      void node.node.ping(scene.relay.nodeId).catch(() => undefined);
      await scene.world.until(() => registeredAt(node).length === 0, { withinMs: 30 * SECOND_MS });
    }
  });

  test("whose process hangs is noticed within eleven minutes, though its kernel answers", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.run(MINUTE_MS);
    scene.relay.answersPings = false;
    await scene.world.run(5 * MINUTE_MS);
    expect(registeredAt(node).length).toBe(1);
    await scene.world.until(() => registeredAt(node).length === 0, { withinMs: 6 * MINUTE_MS });
  });

  test("that the kernel looks after costs a PING in ten minutes, and one after whatever else is said", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.run(120 * MINUTE_MS);
    const pings = scene.relay.all("PING");
    expect(pings.length).toBeGreaterThan(120 / 11);
    expect(pings.length).toBeLessThan(120 / 5);
    expect(scene.relay.acceptedAtMs.length).toBe(1);
  });

  test("that the kernel does not look after costs a PING in less than 25 s, and stays", async () => {
    const scene = await RelayScene.make();
    scene.world.network.keepsAlive = false;
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.run(10 * MINUTE_MS);
    const pings = scene.relay.all("PING");
    expect(pings.length).toBeGreaterThan(600 / 25);
    expect(pings.length).toBeLessThan(600 / 15);
    expect(pings.every(({ to }) => to === undefined)).toBe(true);
    expect(scene.relay.acceptedAtMs.length).toBe(1);
  });

  test("that starts after us is found within seconds", async () => {
    const scene = await RelayScene.make();
    scene.relay.kill();
    await scene.world.run(100);
    const node = await scene.start("a");
    await scene.world.run(5 * SECOND_MS);
    await scene.relay.start();
    await scene.world.until(() => registeredAt(node).length === 1, { withinMs: 8 * SECOND_MS });
  });

  test("that stays away is tried ever more rarely, but at least once in 90 s", async () => {
    const scene = await RelayScene.make();
    const node = await scene.start("a");
    await scene.registered(node);
    await scene.world.run(MINUTE_MS);
    scene.relay.kill();
    const failed = () => node.sample('barnacle_moltcomm_relay_attempts_total{outcome="failed"}');
    await scene.world.run(MINUTE_MS);
    expect(failed()).toBeGreaterThanOrEqual(2);
    expect(failed()).toBeLessThanOrEqual(5);
    const before = failed();
    await scene.world.run(15 * MINUTE_MS);
    expect(failed() - before).toBeGreaterThanOrEqual(10);
    expect(failed() - before).toBeLessThanOrEqual(20);
    expect(node.log.named("relay_unreachable").length).toBeGreaterThan(0);
  });

  test("that takes us in and throws us out at once is not dialled without a pause", async () => {
    const scene = await RelayScene.make();
    scene.relay.meddle = (said) => {
      scene.relay.clients.get(said.from)?.connection.destroy();
      return said.t === "PING" ? [] : undefined;
    };
    await scene.start("a");
    await scene.world.run(5 * MINUTE_MS);
    expect(scene.relay.acceptedAtMs.length).toBeLessThan(12);
  });

  test("gives way to another, and is come back to when it is the faster one", async () => {
    const scene = await RelayScene.make({ relays: 2 });
    const [fast, slow] = scene.relays as [RawRelay, RawRelay];
    const host = scene.world.addHost("a-host");
    for (const [relay, latencyMs] of [[fast, 5], [slow, 60]] as const) {
      scene.world.network.setLink(host, relay.host, { latencyMs: [latencyMs, latencyMs], bytesPerMs: 10_000 });
      scene.world.network.setLink(relay.host, host, { latencyMs: [latencyMs, latencyMs], bytesPerMs: 10_000 });
    }
    const node = await startNode(scene.world, host, { relays: scene.relays.map((relay) => address(relay.address)) });
    await scene.registered(node);
    await scene.world.run(MINUTE_MS);
    expect(registeredAt(node)).toEqual([fast.address]);
    fast.kill();
    await scene.world.until(() => registeredAt(node)[0] === slow.address, { withinMs: 15 * SECOND_MS });
    await fast.start();
    await scene.world.until(() => registeredAt(node)[0] === fast.address, { withinMs: 2 * MINUTE_MS });
    // Others still have our old record.
    await scene.world.run(20 * SECOND_MS);
    expect(slow.clients.size).toBe(1);
    await scene.world.run(MINUTE_MS);
    expect(slow.clients.size).toBe(0);
  });
});

describe("pinned relays (§9)", () => {
  test("are named in `to`, and one that answers as somebody else is dropped", async () => {
    const scene = await RelayScene.make();
    const source = makeSource([pinned(scene.relay)]);
    scene.relay.becomeAnother();
    const node = await scene.start("a", { relays: [], relaySource: source });
    await scene.world.run(SECOND_MS);
    expect(registeredAt(node)).toEqual([]);
    expect(node.log.named("relay_unreachable")[0]?.fields["detail"]).toMatch(/another node answers there/);
    expect(node.node.view.relays[0]).toMatchObject({ isPinned: true, state: "waiting" });
    expect(node.sample('barnacle_moltcomm_closed_connections_total{reason="wrong_identity"}')).toBe(1);
    expect(scene.relay.all("HELLO").map(({ to }) => to)).toEqual([node.node.view.relays[0]?.nodeId]);
  });

  test("pin the address in the configuration and in others' records, too", async () => {
    const scene = await RelayScene.make();
    const source = makeSource([pinned(scene.relay)]);
    scene.relay.becomeAnother();
    const node = await scene.start("a", { relaySource: source });
    await scene.world.run(MINUTE_MS);
    expect(node.node.view.relays.length).toBe(1);
    expect(registeredAt(node)).toEqual([]);
  });

  test("come and go with their source", async () => {
    const scene = await RelayScene.make({ relays: 2 });
    const [one, other] = scene.relays as [RawRelay, RawRelay];
    const source = makeSource([]);
    const node = await scene.start("a", { relays: [], relaySource: source });
    await scene.world.run(MINUTE_MS);
    source.set(pinned(one));
    await scene.registered(node);
    source.set(pinned(other));
    await scene.world.until(() => registeredAt(node)[0] === other.address, { withinMs: 10 * SECOND_MS });
    await scene.world.run(MINUTE_MS);
    expect(one.clients.size).toBe(0);
    source.set();
    await scene.world.run(MINUTE_MS);
    expect(other.clients.size).toBe(0);
    expect(node.node.view.relays).toEqual([]);
  });
});
