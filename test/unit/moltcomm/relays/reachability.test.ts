/**
 * Hunts: an address told that leads nowhere, one that works and is not told, and a node that can be made to dial others. Sections are
 * those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { address, MINUTE_MS, PORT, RawPeer, SECOND_MS, startNode, type TestNode } from "../node/support.ts";
import { type NodeOptions, RelayScene } from "./support.ts";

/** A node at a relay with a bootstrap of our own kind. */
async function makeReach(options: NodeOptions = {}) {
  const scene = await RelayScene.make();
  const { world } = scene;
  const bootstrap = await startNode(world, world.addHost("bootstrap"));
  const host = world.addHost("node");
  const node = await startNode(world, host, {
    relays: [address(scene.relay.address)],
    bootstrap: [address(`tcp://${bootstrap.host.ip}:${PORT}`)],
    ...options,
  });
  const told = () => bootstrap.node.peers().find(({ nodeId }) => nodeId === node.nodeId)?.addresses ?? [];
  return { scene, world, bootstrap, node, told };
}

function ownAddress({ host }: TestNode): string {
  return `tcp://${host.ip}:${PORT}`;
}

describe("whether we can be dialled", () => {
  test("is found out by a peer that dials back: our address is told beside the relay", async () => {
    const { world, node, bootstrap, told, scene } = await makeReach();
    expect(node.node.view.reachable).toBe("unknown");
    await world.until(() => node.node.view.reachable === "yes", { withinMs: 5 * SECOND_MS });
    await world.until(() => told().length === 2, { withinMs: 5 * SECOND_MS });
    expect(told()).toEqual([ownAddress(node), scene.relay.address]);
    await world.until(() => bootstrap.sample('barnacle_moltcomm_dial_backs_total{outcome="dialled"}') === 1);
    await world.run(10 * SECOND_MS);
    expect(node.node.view.connections.accepted).toBe(0);
  });

  test("is denied when a peer of ours was asked and nobody came; the relay alone is told", async () => {
    const { world, node, told, scene } = await makeReach({ listen: address("tcp://127.0.0.1:9001") });
    await world.until(() => node.node.view.reachable === "no", { withinMs: MINUTE_MS });
    expect(told()).toEqual([scene.relay.address]);
  });

  test("stays unknown where a stranger was asked, who answers PING and no more", async () => {
    const scene = await RelayScene.make();
    const there = scene.world.addHost("there");
    const stranger = (await RawPeer.listen(scene.world, scene.world.createRuntime(there), there)).answersHellos();
    const before = stranger.onMessage;
    stranger.onMessage = (message) => {
      before(message);
      if (message.t === "PING") stranger.say("PONG", { nonce: message.body.nonce }, { to: message.from });
    };
    const node = await scene.start("node", { bootstrap: [address(`tcp://${there.ip}:${PORT}`)] });
    await scene.world.run(MINUTE_MS);
    expect(stranger.all("PING").map(({ body }) => body.nonce)).toEqual([expect.stringMatching(/^dial-back\/1 9001 /)]);
    expect(node.node.view.reachable).toBe("unknown");
  });

  test.each(
    [
      ["yes", true],
      ["no", false],
    ] as const,
  )("is not asked when it was said: %s", async (reachable, isTold) => {
    const { scene, world, node, bootstrap, told } = await makeReach({ reachable });
    await scene.registered(node);
    await world.run(MINUTE_MS);
    expect(told().includes(ownAddress(node))).toBe(isTold);
    expect(told()).toContain(scene.relay.address);
    expect(node.node.view.reachable).toBe(reachable);
    expect(bootstrap.sample('barnacle_moltcomm_dial_backs_total{outcome="dialled"}')).toBe(0);
  });

  test("does not matter without a relay: our address is all there is, and nobody is asked", async () => {
    const { world, node, told, bootstrap } = await makeReach({ relays: [] });
    await world.run(MINUTE_MS);
    expect(told()).toEqual([ownAddress(node)]);
    expect(bootstrap.sample('barnacle_moltcomm_frames_total{direction="in",type="PING"}')).toBe(0);
  });

  test("is not asked of what is advertised, which is told as it is", async () => {
    const { world, told, scene } = await makeReach({
      advertise: [address("tcp://mail.example:9001")],
      reachable: "auto",
    });
    await world.run(MINUTE_MS);
    expect(told()).toEqual(["tcp://mail.example:9001", scene.relay.address]);
  });

  test("is forgotten when nobody has come for an hour", async () => {
    const { world, node, bootstrap, told, scene } = await makeReach();
    await world.until(() => node.node.view.reachable === "yes");
    world.network.block(bootstrap.host, node.host);
    await world.run(90 * MINUTE_MS);
    world.network.heal();
    expect(node.node.view.reachable).not.toBe("yes");
    expect(told()).toContain(scene.relay.address);
  });
});

describe("dialling back for others", () => {
  async function makeAsked() {
    const { world, relay } = await RelayScene.make();
    const node = await startNode(world, world.addHost("node"));
    const from = world.addHost("asker");
    const runtime = world.createRuntime(from);
    const back = await RawPeer.listen(world, runtime, from);
    const asker = await RawPeer.dial(world, runtime, node.host);
    asker.hello();
    await asker.next("HELLO_ACK");
    const ask = (nonce: string, to: string | undefined = node.nodeId) =>
      asker.say("PING", { nonce }, to === undefined ? {} : { to });
    const uuid = "00000000-0000-4000-8000-000000000000";
    return { world, relay, node, back, asker, ask, uuid };
  }

  test("goes to the address that the question came from, by name, and a few times a minute at most", async () => {
    const { world, node, back, asker, ask, uuid } = await makeAsked();
    for (let index = 0; index < 10; index++) ask(`dial-back/1 9001 ${uuid}`);
    await world.run(5 * SECOND_MS);
    expect(back.events.filter((event) => event === "accept").length).toBe(2);
    expect(back.all("HELLO").every(({ to }) => to === asker.nodeId)).toBe(true);
    expect(asker.all("PONG").length).toBe(10);
    expect(node.sample('barnacle_moltcomm_dial_backs_total{outcome="refused"}')).toBe(8);
  });

  test.each([
    ["dial-back/1 0 UUID"],
    ["dial-back/1 65536 UUID"],
    ["dial-back/1 9001"],
    ["dial-back/1 9001 UUID tcp://198.51.100.1:1"],
    ["dial-back/2 9001 UUID"],
    ["something else"],
  ])("does not happen for %s, which gets its PONG", async (nonce) => {
    const { world, back, asker, ask, uuid } = await makeAsked();
    ask(nonce.replace("UUID", uuid));
    await world.run(5 * SECOND_MS);
    expect(back.events).toEqual([]);
    expect(asker.all("PONG").length).toBe(1);
  });

  test("does not happen for a question that names nobody, nor for a node that did not shake hands there", async () => {
    const { world, back, ask, uuid, node, asker } = await makeAsked();
    asker.say("PING", { nonce: `dial-back/1 9001 ${uuid}` });
    const other = new RawPeer(world, asker.runtime);
    other.connection = asker.connection;
    other.say("PING", { nonce: `dial-back/1 9001 ${uuid}` }, { to: node.nodeId });
    await world.run(5 * SECOND_MS);
    expect(back.events).toEqual([]);
    ask(`dial-back/1 9001 ${uuid}`);
    await world.run(5 * SECOND_MS);
    expect(back.events).toContain("accept");
  });

  test("does not happen for a question that came over a relay: its sender is not where it came from", async () => {
    const scene = await RelayScene.make();
    const [one, two] = [
      await scene.start("one"),
      await scene.start("two", { addressesOf: () => [scene.relay.address] }),
    ];
    scene.separate(one, two);
    await scene.registered(one);
    await scene.registered(two);
    await scene.world.wait(two.node.ping(one.nodeId));
    const before = scene.relay.acceptedAtMs.length;
    await scene.world.run(20 * MINUTE_MS);
    expect(one.sample('barnacle_moltcomm_dial_backs_total{outcome="asked"}')).toBe(0);
    expect(scene.relay.acceptedAtMs.length).toBe(before);
  });
});
