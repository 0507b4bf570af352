/**
 * Hunts: a record that is kept or passed on although it does not hold, a peer store that strangers fill or that a restart empties, and a
 * node that loses touch for good. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import type { PeerRecord } from "../../../../src/moltcomm/wire/types.ts";
import { SimWorld } from "../../../sim/mod.ts";
import { address, makeIdentity, makeScene, MINUTE_MS, newId, PORT, RawPeer, SECOND_MS, startNode } from "./support.ts";

const HOUR_MS = 60 * MINUTE_MS;

/** A node whose bootstrap is a raw peer, which tells it of others. */
async function makeGossipScene(options: Parameters<typeof makeScene>[0] = {}) {
  const world = new SimWorld({ seed: 3 });
  const [here, there] = [world.addHost("here"), world.addHost("there")];
  const runtime = world.createRuntime(there);
  const hub = (await RawPeer.listen(world, runtime, there)).answersHellos();
  const told: unknown[] = [];
  const before = hub.onMessage;
  hub.onMessage = (message) => {
    before(message);
    if (message.t === "PEERS") hub.say("PEERS_RES", { ref: message.id, peers: told }, { to: message.from });
    if (message.t === "PING") hub.say("PONG", { nonce: message.body.nonce }, { to: message.from });
  };
  const other = () => new RawPeer(world, runtime, makeIdentity(runtime.crypto));
  const start = async () => {
    const subject = await startNode(world, here, { ...options, bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await world.run(SECOND_MS * 3);
    return { subject, known: () => subject.node.peers().map(({ nodeId }) => nodeId).filter((id) => id !== hub.nodeId) };
  };
  return { world, here, hub, told, other, start, runtime };
}

describe("§5 PEERS", () => {
  /** Lets so many peers shake hands with the node. */
  async function introduce(scene: Awaited<ReturnType<typeof makeScene>>, count: number): Promise<RawPeer[]> {
    const peers: RawPeer[] = [];
    for (let index = 0; index < count; index++) {
      const peer = await scene.dial();
      peer.hello({}, peer.record({ addrs: [`tcp://198.51.100.${index}:9001`] }));
      peers.push(peer);
    }
    await scene.world.run(SECOND_MS);
    return peers;
  }

  test.each([[undefined, 20], [5, 5], [0, 0], [-1, 0], [1_000, 27]])(
    "with n %s is answered with %d records",
    async (n, count) => {
      const scene = await makeScene();
      const [asker] = await introduce(scene, 28);
      const peers = asker?.say("PEERS", n === undefined ? {} : { n });
      const answer = await asker?.next("PEERS_RES");
      expect(answer).toMatchObject({ from: scene.subject.nodeId, to: asker?.nodeId, body: { ref: peers?.id } });
      const ids = answer?.body.peers.map((record) => (record as PeerRecord).peer_id) ?? [];
      expect(ids.length).toBe(count);
      expect(new Set(ids).size).toBe(count);
      expect(ids).not.toContain(asker?.nodeId);
    },
  );

  test("is answered with a random choice", async () => {
    const scene = await makeScene();
    const [asker] = await introduce(scene, 20);
    const choices = new Set<string>();
    for (let index = 0; index < 5; index++) {
      asker?.say("PEERS", { n: 3 });
      const answer = await asker?.next("PEERS_RES");
      choices.add(JSON.stringify(answer?.body.peers.map((record) => (record as PeerRecord).peer_id)));
    }
    expect(choices.size).toBeGreaterThan(1);
  });

  test("is not answered with records that expired, nor with loopback addresses to another host", async () => {
    const scene = await makeScene();
    const [asker, short, local] = await introduce(scene, 3);
    const nowMs = scene.runtime.clock.wallMs();
    short?.hello({}, short.record({ ts: nowMs, expires: nowMs + MINUTE_MS }));
    local?.hello({}, local.record({ ts: nowMs, addrs: ["tcp://127.0.0.1:9001", "tcp://0.0.0.0:9001"] }));
    await scene.world.run(2 * MINUTE_MS);
    asker?.say("PEERS", {});
    expect((await asker?.next("PEERS_RES"))?.body.peers).toEqual([]);
  });

  test("prefers those that shook hands", async () => {
    const { world, told, other, start, here, runtime, hub } = await makeGossipScene();
    for (let index = 0; index < 10; index++) told.push(other().record({ addrs: [`tcp://203.0.113.${index}:9001`] }));
    const { known } = await start();
    expect(known().length).toBe(10);
    const asker = await RawPeer.dial(world, runtime, here);
    asker.say("PEERS", { n: 1 });
    const answer = await asker.next("PEERS_RES");
    expect(answer.body.peers.map((record) => (record as PeerRecord).peer_id)).toEqual([hub.nodeId]);
  });
});

describe("§6 and §7: records that others tell", () => {
  test("are taken when they hold; a wrong one among them spoils no other", async () => {
    const { told, other, start, hub, runtime } = await makeGossipScene();
    const nowMs = runtime.clock.wallMs();
    const [good, forged, expired, future, endless, nowhere, many] = Array.from({ length: 7 }, other);
    told.push(
      { ...forged?.record(), addrs: ["tcp://6.6.6.6:6666"] },
      { ...forged?.record(), peer_id: good?.nodeId },
      expired?.record({ expires: nowMs }),
      future?.record({ ts: nowMs + HOUR_MS, expires: nowMs + 2 * HOUR_MS }),
      endless?.record({ expires: Number.MAX_SAFE_INTEGER }),
      nowhere?.record({ addrs: ["relay:nonsense", "tcp://127.0.0.1:9001", "tcp://0.0.0.0:1", "tcp://198.51.100.1:0"] }),
      many?.record({ addrs: Array.from({ length: 17 }, (_, index) => `tcp://198.51.100.${index}:9001`) }),
      null,
      "record",
      {},
      good?.record({ addrs: ["tcp://203.0.113.5:9001"] }),
    );
    const { known, subject } = await start();
    expect(known()).toEqual([good?.nodeId]);
    expect(subject.node.peers()).toContainEqual({
      nodeId: good?.nodeId,
      addresses: ["tcp://203.0.113.5:9001"],
      connected: false,
      lastHandshakeAtMs: null,
      recordExpiresAtMs: expect.any(Number),
    });
    expect(hub.all("PEERS").length).toBe(1);
  });

  test("the newer one wins, and our own is never taken from others", async () => {
    const { told, other, start, world, hub, runtime } = await makeGossipScene();
    const peer = other();
    const nowMs = runtime.clock.wallMs();
    const at = (ts: number, host: string) =>
      peer.record({ ts, expires: nowMs + HOUR_MS, addrs: [`tcp://${host}:9001`] });
    told.push(at(nowMs - 2, "203.0.113.2"), at(nowMs - 1, "203.0.113.1"), at(nowMs - 3, "203.0.113.3"));
    const { subject, known } = await start();
    told.push(hub.all("HELLO")[0]?.body.peer);
    expect(subject.node.peers().find(({ nodeId }) => nodeId === peer.nodeId)?.addresses).toEqual([
      "tcp://203.0.113.1:9001",
    ]);
    await world.run(10 * MINUTE_MS);
    expect(known()).toEqual([peer.nodeId]);
  });

  test("an answer that nobody asked for is not looked at", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    peer.hello();
    peer.say("PEERS_RES", { ref: newId(), peers: [new RawPeer(world, peer.runtime).record()] }, { to: subject.nodeId });
    await world.run(SECOND_MS);
    expect(subject.node.peers().length).toBe(1);
    expect(subject.sample('barnacle_moltcomm_stray_answers_total{type="PEERS_RES"}')).toBe(1);
  });

  test("no more than were asked for are taken", async () => {
    const { told, other, start } = await makeGossipScene();
    for (let index = 0; index < 100; index++) told.push(other().record());
    expect((await start()).known().length).toBe(20);
  });

  test("new peers are limited per minute", async () => {
    const { told, other, start, world } = await makeGossipScene({ limits: { newPeersPerMinute: 4 } });
    for (let index = 0; index < 20; index++) told.push(other().record());
    const { known } = await start();
    expect(known().length).toBe(3);
    await world.run(7 * MINUTE_MS);
    expect(known().length).toBeGreaterThan(3);
  });

  test("peers are limited in number: those that shook hands stay", async () => {
    const scene = await makeGossipScene({ limits: { peersMax: 3 } });
    for (let index = 0; index < 20; index++) scene.told.push(scene.other().record());
    const { subject, known } = await scene.start();
    expect(known().length).toBe(2);
    expect(subject.node.view.peers.known).toBe(3);
    await scene.world.run(6 * MINUTE_MS);
    expect(subject.node.peers()[0]?.nodeId).toBe(scene.hub.nodeId);
    expect(subject.node.view.peers.known).toBe(3);
  });

  test("a round of gossip comes every few minutes, and a new address makes a node reachable for whoever waits", async () => {
    const { told, other, start, world, hub } = await makeGossipScene();
    const { subject } = await start();
    const heard: string[] = [];
    subject.node.onReachable((nodeId) => heard.push(nodeId));
    const peer = other();
    told.push(peer.record());
    await world.until(() => heard.includes(peer.nodeId), { withinMs: 10 * MINUTE_MS });
    expect(hub.all("PEERS").length).toBe(2);
    expect(hub.events).toEqual(["accept"]);
  });

  test("mail to a node of which no address is known brings a round forward, once in ten seconds", async () => {
    const { told, other, start, world, hub } = await makeGossipScene();
    const { subject } = await start();
    const heard: string[] = [];
    subject.node.onReachable((nodeId) => heard.push(nodeId));
    const peer = other();
    const send = () => world.wait(subject.node.attempt({ to: peer.nodeId, id: newId(), msg: "hi" }));
    expect(await send()).toMatchObject({ reason: "NO_ADDRESS" });
    await world.run(SECOND_MS);
    expect(hub.all("PEERS").length).toBe(2);
    told.push(peer.record());
    for (let second = 0; second < 8; second++) {
      await send();
      await world.run(SECOND_MS);
    }
    expect(hub.all("PEERS").length).toBe(2);
    await world.run(SECOND_MS);
    await send();
    await world.until(() => heard.includes(peer.nodeId), { withinMs: SECOND_MS });
    expect(hub.all("PEERS").length).toBe(3);
    // Now that an address is known, nobody is asked for one.
    await world.run(11 * SECOND_MS);
    expect(await send()).toMatchObject({ outcome: "failed" });
    expect(hub.all("PEERS").length).toBe(3);
  });
});

describe("the store", () => {
  test("forgets whom it only heard of with their record, and whom it met a week later", async () => {
    const { told, other, start, world, hub, here } = await makeGossipScene();
    told.push(other().record());
    const { known, subject } = await start();
    expect(known().length).toBe(1);
    told.length = 0;
    hub.connection?.destroy();
    hub.onMessage = () => undefined;
    await world.run(HOUR_MS);
    expect(known()).toEqual([]);
    expect(subject.node.peers()[0]?.nodeId).toBe(hub.nodeId);
    here.jumpWall(7 * 24 * HOUR_MS);
    await world.run(10 * MINUTE_MS);
    expect(subject.node.peers()).toEqual([]);
  });

  test("survives a restart and a kill, and is used to reach whom it knows", async () => {
    const world = new SimWorld({ seed: 4 });
    const [a, b] = [world.addHost("a"), world.addHost("b")];
    const two = await startNode(world, b);
    const one = await startNode(world, a, { bootstrap: [address(`tcp://${b.ip}:${PORT}`)] });
    await world.run(12 * MINUTE_MS);
    one.process.kill();
    await world.run(45 * MINUTE_MS);
    const again = await startNode(world, a, { identity: one.identity });
    const agent = "barnacle/test (inorder)";
    expect(again.node.peers()).toMatchObject([{ nodeId: two.nodeId, connected: false, agent }]);
    const outcome = again.node.attempt({ to: two.nodeId, id: newId(), msg: "I am back" });
    expect(await world.wait(outcome)).toEqual({ outcome: "delivered" });
    await world.wait(again.node.stop());
    expect(JSON.parse(a.disk.text("/work/.moltcomm/peers.json") ?? "")).toMatchObject({
      v: 1,
      peers: [{ record: { peer_id: two.nodeId }, met_at: expect.any(Number), agent }],
    });
  });

  test.each([["{"], ['{"v":1,"peers":[1,{"record":{}},null]}'], ['{"v":2}'], [""]])(
    "starts anew from a file that holds %s",
    async (text) => {
      const world = new SimWorld({ seed: 5 });
      const here = world.addHost("here");
      const runtime = world.createRuntime(here);
      await world.wait(runtime.files.makeDirectory("/work/.moltcomm"));
      const file = await world.wait(runtime.files.open("/work/.moltcomm/peers.json", "create"));
      await world.wait(file.write(new TextEncoder().encode(text)));
      await world.wait(file.close());
      const subject = await startNode(world, here);
      expect(subject.node.peers()).toEqual([]);
    },
  );
});

describe("§7 bootstraps", () => {
  test("several are kept connected, and dialled again with waits that grow and differ", async () => {
    const world = new SimWorld({ seed: 6 });
    const [here, one, two] = [world.addHost("here"), world.addHost("one"), world.addHost("two")];
    const bootstrap = [one, two].map(({ ip }) => address(`tcp://${ip}:${PORT}`));
    const up = await startNode(world, one);
    const subject = await startNode(world, here, { bootstrap });
    await world.run(10 * SECOND_MS);
    expect(subject.node.view.bootstraps).toEqual([
      { address: `tcp://${one.ip}:${PORT}`, nodeId: up.nodeId, isConnected: true },
      { address: `tcp://${two.ip}:${PORT}`, nodeId: undefined, isConnected: false },
    ]);
    await world.run(HOUR_MS);
    const runs = subject.scheduler.snapshot().find(({ name }) => name === "moltcomm_bootstrap_2")?.runs ?? 0;
    expect(runs).toBeGreaterThan(30);
    expect(runs).toBeLessThan(120);
    const late = await startNode(world, two);
    await world.until(() => late.node.view.peers.connected === 1, { withinMs: 5 * MINUTE_MS });
    expect(late.inbox.messages).toEqual([]);
  });

  test("one that takes us in and throws us out at once is not dialled without a pause", async () => {
    const world = new SimWorld({ seed: 7 });
    const [here, there] = [world.addHost("here"), world.addHost("there")];
    const hub = (await RawPeer.listen(world, world.createRuntime(there), there)).answersHellos();
    const before = hub.onMessage;
    hub.onMessage = (message) => {
      before(message);
      if (message.t === "PEERS") hub.connection?.destroy();
    };
    await startNode(world, here, { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await world.run(10 * MINUTE_MS);
    const dials = hub.events.filter((event) => event === "accept").length;
    expect(dials).toBeGreaterThan(3);
    expect(dials).toBeLessThan(20);
  });

  test("one that sends our own words back once is asked again, and met", async () => {
    const world = new SimWorld({ seed: 11 });
    const [here, there] = [world.addHost("here"), world.addHost("there")];
    const hub = await RawPeer.listen(world, world.createRuntime(there), there);
    hub.onMessage = (message) => {
      if (message.t !== "HELLO") return;
      if (hub.all("HELLO").length === 1) hub.send({ v: 1, ...message });
      else hub.say("HELLO_ACK", { peer: hub.record() }, { to: message.from });
    };
    const subject = await startNode(world, here, { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await world.run(5_000);
    expect(subject.log.named("bootstrap_is_self").length).toBe(1);
    await world.run(5 * MINUTE_MS);
    expect(subject.node.view.bootstraps[0]?.nodeId).toBe(hub.nodeId);
  });

  test("a node that is its own bootstrap says so, asks seldom, and goes on", async () => {
    const world = new SimWorld({ seed: 8 });
    const here = world.addHost("here");
    const subject = await startNode(world, here, { bootstrap: [address(`tcp://${here.ip}:${PORT}`)] });
    await world.run(10 * MINUTE_MS);
    const asked = subject.log.named("bootstrap_is_self").length;
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(8);
    expect(subject.node.view.connections).toEqual({ accepted: 0, dialled: 0 });
    expect(subject.node.peers()).toEqual([]);
  });

  test("one that was re-keyed is met again under its new name", async () => {
    const world = new SimWorld({ seed: 9 });
    const [here, there] = [world.addHost("here"), world.addHost("there")];
    const old = await startNode(world, there);
    const subject = await startNode(world, here, { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await world.run(MINUTE_MS);
    old.process.kill();
    const fresh = await startNode(world, there);
    const isMet = () => subject.node.view.bootstraps[0]?.nodeId === fresh.nodeId;
    await world.until(isMet, { withinMs: 5 * MINUTE_MS });
  });

  test("a half-open connection is noticed within two minutes, without traffic", async () => {
    const world = new SimWorld({ seed: 10 });
    const [here, there] = [world.addHost("here"), world.addHost("there")];
    await startNode(world, there);
    const subject = await startNode(world, here, { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await world.run(MINUTE_MS);
    there.powerCut();
    await world.until(() => subject.node.view.connections.dialled === 0, { withinMs: 2.5 * MINUTE_MS });
    there.boot();
    const back = await startNode(world, there);
    await world.until(() => back.node.view.peers.connected === 1, { withinMs: 5 * MINUTE_MS });
  });
});

describe("listening", () => {
  test("announces the port that was taken", async () => {
    const { subject } = await makeScene();
    expect(subject.log.named("listening").map(({ fields }) => fields)).toEqual([
      { role: "moltcomm", address: `10.0.0.1:${PORT}`, url: `tcp://10.0.0.1:${PORT}` },
    ]);
  });

  test("on the default port, when it is taken, takes a free one with a warning, and tells that one to others", async () => {
    const world = new SimWorld({ seed: 11 });
    const here = world.addHost("here");
    await startNode(world, here);
    const second = await startNode(world, here, {
      isListenDefault: true,
      bootstrap: [address(`tcp://${here.ip}:${PORT}`)],
    });
    const port = second.node.view.address?.port ?? 0;
    expect(port).not.toBe(PORT);
    expect(second.log.named("default_port_taken")[0]).toMatchObject({
      kind: "warn",
      fields: { wanted_port: PORT, port },
    });
    expect(second.log.named("listening")[0]?.fields["url"]).toBe(`tcp://${here.ip}:${port}`);
  });

  test("on a chosen port that is taken is refused with a hint", async () => {
    const world = new SimWorld({ seed: 12 });
    const here = world.addHost("here");
    await startNode(world, here);
    await expect(startNode(world, here)).rejects.toMatchObject({
      code: "ADDRESS_IN_USE",
      message: expect.stringContaining(`Listen on tcp://${here.ip}:${PORT}`),
      hint: expect.stringContaining("--listen"),
    });
  });
});
