/** Hunts: a relay that reads what it carries. Source: MoltComm v1, section 8 and section 11, reading 10. */
import { expect, test } from "vitest";
import { SimWorld } from "../../../sim/mod.ts";
import { address, makeIdentity, newId, startNode, type TestNode } from "../node/support.ts";
import { startRelay } from "../relay/support.ts";
import { registeredAt } from "../relays/support.ts";

// A first import takes real time, which no world waits for.
await import("../../../../src/moltcomm/sealing/suite.ts");

test("mail between two nodes behind our relay is sealed, both ways", async () => {
  const world = new SimWorld({ seed: 5 });
  const host = world.addHost("relay");
  await startRelay(world, host, { identity: makeIdentity(world.createRuntime(host).crypto) });
  const text = `relay://${host.ip}:9001`;
  const start = (name: string) =>
    startNode(world, world.addHost(name), {
      relays: [address(text)],
      addressesOf: () => [text],
      sealing: { mode: "required", unsealedAtMs: () => undefined },
    });
  const nodes = [await start("one"), await start("two")] as const;
  world.network.partition(...nodes.map((node) => [node.host]));
  await world.until(() => nodes.every((node) => registeredAt(node).length === 1));
  const send = (from: TestNode, to: TestNode, msg: string) =>
    world.wait(from.node.attempt({ to: to.nodeId, id: newId(), msg }));
  const [one, two] = nodes;
  expect(await send(one, two, "there")).toEqual({ outcome: "delivered" });
  expect(await send(two, one, "and back")).toEqual({ outcome: "delivered" });
  expect([one.inbox.texts, two.inbox.texts]).toEqual([["and back"], ["there"]]);
  // In this mode nothing in plain is taken; and both count what was sealed.
  for (const node of nodes) {
    expect(node.sample('barnacle_moltcomm_sealed_messages_total{outcome="sent"}')).toBe(1);
    expect(node.sample('barnacle_moltcomm_sealed_messages_total{outcome="opened"}')).toBe(1);
  }
});
