/** Hunts: our nodes and our relay misunderstanding each other. */
import { describe, expect, test } from "vitest";
import { SimWorld } from "../../../sim/mod.ts";
import { address, makeIdentity, MINUTE_MS, newId, SECOND_MS, startNode, type TestNode } from "../node/support.ts";
import { FakeMembers, type RelayOptions, startRelay, type TestRelay } from "../relay/support.ts";
import { registeredAt } from "./support.ts";

/** Our relay, and nodes that reach each other over it alone. */
async function makeOurs(count = 2, options: RelayOptions = {}) {
  const world = new SimWorld({ seed: 11 });
  const host = world.addHost("relay");
  const identity = makeIdentity(world.createRuntime(host).crypto);
  let relay: TestRelay = await startRelay(world, host, { ...options, identity });
  const text = `relay://${host.ip}:9001`;
  const nodes: TestNode[] = [];
  for (let index = 0; index < count; index++) {
    nodes.push(
      await startNode(world, world.addHost(`node${index}`), {
        relays: [address(text)],
        addressesOf: () => [text],
        sealing: { mode: "auto", unsealedAtMs: () => undefined },
      }),
    );
  }
  world.network.partition(...nodes.map((node) => [node.host]));
  const allRegistered = () => nodes.every((node) => registeredAt(node).length === 1);
  await world.until(allRegistered);
  const restart = async (afterMs: number, anew: RelayOptions = {}) => {
    for (const process of host.processes) process.kill();
    await world.run(afterMs);
    relay = await startRelay(world, host, { ...anew, identity });
  };
  const [one, two] = nodes as [TestNode, TestNode];
  const send = (msg: string) => world.wait(one.node.attempt({ to: two.nodeId, id: newId(), msg }));
  return { world, host, nodes, one, two, send, allRegistered, restart, relay: () => relay };
}

describe("our relay", () => {
  test("carries sealed mail both ways, and is itself no peer", async () => {
    const { world, one, two, send, relay } = await makeOurs();
    expect(await send("there")).toEqual({ outcome: "delivered" });
    const back = two.node.attempt({ to: one.nodeId, id: newId(), msg: "and back" });
    expect(await world.wait(back)).toEqual({ outcome: "delivered" });
    expect([...two.inbox.texts, ...one.inbox.texts]).toEqual(["there", "and back"]);
    expect(one.node.peers().map(({ nodeId }) => nodeId)).toEqual([two.nodeId]);
    expect(one.node.view.relays[0]).toMatchObject({ nodeId: relay().nodeId, state: "registered" });
    expect((await world.wait(one.node.ping(two.nodeId))).roundTripMs).toBeGreaterThan(0);
  });

  test("keeps an idle registration for hours, on one connection", async () => {
    const { world, nodes, relay, send } = await makeOurs();
    await world.run(120 * MINUTE_MS);
    expect(nodes.map((node) => node.sample('barnacle_moltcomm_relay_attempts_total{outcome="connected"}'))).toEqual([
      1,
      1,
    ]);
    expect(relay().relay.view).toMatchObject({ connections: 2, registered: 2, refusals: {} });
    expect(await send("still there")).toEqual({ outcome: "delivered" });
  });

  test("that is listed tells a node so that is not on it, whose log says it, and no other", async () => {
    const members = new FakeMembers();
    const { nodes, one, world, restart, allRegistered } = await makeOurs(2, { members });
    const guests = () => nodes.map(({ log }) => log.named("relay_guest").length);
    expect(guests()).toEqual([1, 1]);
    members.change(one.nodeId, true);
    await restart(SECOND_MS, { members });
    await world.until(allRegistered, { withinMs: 30 * SECOND_MS });
    expect(guests()).toEqual([1, 2]);
  });

  test("says that nobody is there, and the attempt fails at once", async () => {
    const { world, two, send } = await makeOurs();
    await world.wait(two.node.stop());
    const startMs = world.clock.monotonicMs();
    expect(await send("hi")).toMatchObject({ outcome: "failed", reason: "UNREACHABLE", byRecipient: false });
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(SECOND_MS);
  });

  test("keeps what is sent to a node long gone, sealed, and hands it over though its sender is gone by then", async () => {
    const { world, host, one, two, send, relay } = await makeOurs(2, { boxes: {} });
    expect(await send("there")).toEqual({ outcome: "delivered" });
    const { identity } = two;
    await world.wait(two.node.stop());
    await world.run(MINUTE_MS);
    // The first goes as before; from then on the sender asks first whether the node is there.
    for (const msg of ["secret 1", "secret 2", "secret 3"]) {
      expect(await send(msg)).toMatchObject({ outcome: "failed", reason: "KEPT", byRecipient: false });
      await world.run(MINUTE_MS);
    }
    expect(relay().relay.view.mailbox?.frames).toBe(3);
    await world.wait(one.node.stop());
    const again = await startNode(world, two.host, {
      identity,
      relays: [address(`relay://${host.ip}:9001`)],
      sealing: { mode: "auto", unsealedAtMs: () => undefined },
    });
    await world.until(() => again.inbox.texts.length === 3);
    expect(again.inbox.texts).toEqual(["secret 1", "secret 2", "secret 3"]);
    await world.until(() => relay().relay.view.mailbox?.frames === 0);
  });

  test("is left what follows over one connection, and what it keeps already not again", async () => {
    const { world, one, two, send, relay, restart } = await makeOurs(2, { boxes: {} });
    expect(await send("there")).toEqual({ outcome: "delivered" });
    await world.wait(two.node.stop());
    await world.run(MINUTE_MS);
    const [first, second] = ["first", "second"].map((msg) => ({ to: two.nodeId, id: newId(), msg }));
    if (first === undefined || second === undefined) throw new Error("two messages");
    const kept = await world.wait(one.node.attempt(first));
    const keeper = "keeper" in kept ? kept.keeper : undefined;
    if (keeper === undefined) throw new Error("it says who keeps it");
    const sent = () => one.sample('barnacle_moltcomm_frames_total{direction="out",type="DIRECT"}');
    const before = sent();
    // Asked whether the recipient is there; nothing of the message goes again.
    expect(await world.wait(one.node.attempt(first, keeper))).toMatchObject({ reason: "KEPT", keeper });
    expect(sent()).toBe(before);
    expect(await world.wait(one.node.leave(second, keeper))).toMatchObject({ reason: "KEPT", keeper });
    expect(relay().relay.view.mailbox?.frames).toBe(2);
    // As long as something is kept there, the answers to it may come.
    await world.run(9 * MINUTE_MS);
    expect(await world.wait(one.node.leave(second, keeper))).toMatchObject({ reason: "KEPT", keeper });
    await restart(SECOND_MS, { boxes: {} });
    await world.until(() => registeredAt(one).length === 1, { withinMs: 30 * SECOND_MS });
    expect(await world.wait(one.node.leave(second, keeper))).toMatchObject({ reason: "CONNECTION_LOST" });
    expect(await world.wait(one.node.attempt(first, keeper))).toMatchObject({ reason: "KEPT" });
    expect(relay().relay.view.mailbox?.frames).toBe(2);
  });

  test("keeps nothing of a node for one that it has never met: it could be in plain", async () => {
    const { world, two, send, relay } = await makeOurs(2, { boxes: {} });
    await world.wait(two.node.stop());
    expect(await send("in plain")).toMatchObject({ outcome: "failed", reason: "UNREACHABLE" });
    expect(relay().relay.view.mailbox?.frames).toBe(0);
  });

  test("restarted ten times loses nothing that is tried again, and delivers it once", async () => {
    const { world, two, send, restart, allRegistered } = await makeOurs();
    for (let round = 0; round < 10; round++) {
      await restart(round * 300);
      let outcome = await send(`${round}`);
      for (let tries = 1; tries < 60 && outcome.outcome === "failed"; tries++) {
        await world.run(SECOND_MS);
        outcome = await send(`${round}`);
      }
      expect(outcome).toEqual({ outcome: "delivered" });
      await world.until(allRegistered, { withinMs: 30 * SECOND_MS });
      await world.run(10 * SECOND_MS);
    }
    expect(two.inbox.texts).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
  });

  test("that comes back has its crowd again within 15 s", async () => {
    const { world, nodes, restart, allRegistered, relay } = await makeOurs(100);
    await world.run(MINUTE_MS);
    await restart(2 * SECOND_MS);
    await world.until(allRegistered, { withinMs: 15 * SECOND_MS });
    const attempts = nodes.map((node) => node.sample('barnacle_moltcomm_relay_attempts_total{outcome="connected"}'));
    expect(attempts.every((count) => count === 2)).toBe(true);
    expect(relay().relay.view.refusals).toEqual({});
  });
});
