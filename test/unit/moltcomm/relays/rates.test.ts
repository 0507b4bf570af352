/** Hunts: one sender behind a relay that costs the others, and a relay's address that is counted for all of them. */
import { describe, expect, test } from "vitest";
import { RawPeer, SECOND_MS, type TestNode } from "../node/support.ts";
import { dialRelay, registeredAt, RelayScene } from "./support.ts";

describe("§7 rates on a connection that brings everybody", () => {
  const limits = {
    messagesPerSecondPerSender: 2,
    messagesBurstPerSender: 10,
    framesPerSecondPerAddress: 40,
    framesPerSecondPerConnection: 20,
  };

  async function makeCrowd(count: number): Promise<{ scene: RelayScene; node: TestNode; senders: RawPeer[] }> {
    const scene = await RelayScene.make();
    const node = await scene.start("node", { limits });
    await scene.registered(node);
    const senders: RawPeer[] = [];
    for (let index = 0; index < count; index++) senders.push(await dialRelay(scene));
    return { scene, node, senders };
  }

  test("are each sender's: one that floods is refused, the others are not", async () => {
    const { scene, node, senders } = await makeCrowd(4);
    const [flooder, ...others] = senders;
    for (let index = 0; index < 200; index++) flooder?.direct(node.nodeId, `flood ${index}`);
    for (const other of others) for (let index = 0; index < 8; index++) other.direct(node.nodeId, `mail ${index}`);
    await scene.world.run(20 * SECOND_MS);
    expect(node.inbox.texts.filter((text) => text.startsWith("mail")).length).toBe(24);
    expect(node.inbox.texts.filter((text) => text.startsWith("flood")).length).toBeLessThan(60);
    expect(others.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(flooder?.errors)).toEqual(new Set(["RATE_LIMIT"]));
    // A signature each, and from what the others are answered from, too.
    expect(flooder?.errors.length).toBeLessThanOrEqual(50);
    expect(registeredAt(node)).toEqual([scene.relay.address]);
  });

  test("are not those of its address: what the relay's host sends besides is counted by itself", async () => {
    const { scene, node, senders } = await makeCrowd(1);
    for (let neighbours = 0; neighbours < 4; neighbours++) {
      const neighbour = await RawPeer.dial(scene.world, scene.world.createRuntime(scene.relay.host), node.host);
      for (let index = 0; index < 20; index++) neighbour.direct(node.nodeId, `beside ${index}`);
    }
    await scene.world.run(100);
    for (let index = 0; index < 8; index++) senders[0]?.direct(node.nodeId, `${index}`);
    await scene.world.run(SECOND_MS);
    expect(node.inbox.texts.filter((text) => !text.startsWith("beside")).length).toBe(8);
    expect(senders[0]?.errors).toEqual([]);
  });

  test("are read as fast as all that one address may send, and no faster", async () => {
    const { scene, node, senders } = await makeCrowd(60);
    await scene.world.run(30 * SECOND_MS);
    for (const sender of senders) for (let index = 0; index < 5; index++) sender.direct(node.nodeId, `${index}`);
    await scene.world.run(SECOND_MS);
    const first = node.inbox.messages.length;
    expect(first).toBeLessThanOrEqual(100);
    expect(first).toBeGreaterThan(40);
    await scene.world.run(10 * SECOND_MS);
    expect(node.inbox.messages.length).toBe(300);
    expect(senders.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
