/** Hunts: a mailbox that opens, or lets frames go, for somebody who only repeats what its node once said. */
import { describe, expect, test } from "vitest";
import { RawPeer, SECOND_MS, textsOf } from "../support.ts";
import { makeBoxScene, numbered, pong } from "./box-scene.ts";

describe("the mailbox", () => {
  test("hands nothing to whoever plays a HELLO that names nobody, and lets nothing go at its word", async () => {
    const { world, subject, sender, dial, identity, send, come } = await makeBoxScene();
    const unnamed = new RawPeer(world, subject.runtime, identity);
    const hello = unnamed.sign("HELLO", { agent: "raw/1", peer: unnamed.record() });
    await send(["kept"]);
    const thief = await dial(2);
    thief.send({ v: 1, ...hello });
    await thief.next("HELLO_ACK");
    await world.until(() => thief.all("PING").length === 1);
    const nonce = thief.all("PING")[0]?.body.nonce ?? "";
    thief.send({ v: 1, ...thief.sign("PONG", { nonce }, { to: subject.nodeId }), from: identity.nodeId });
    sender.direct(identity.nodeId, "newer");
    await world.run(4 * SECOND_MS);
    expect(textsOf(thief)).toEqual([]);
    await world.run(2 * SECOND_MS);
    expect(textsOf(thief)).toEqual(["newer"]);
    expect(subject.relay.view.mailbox).toMatchObject({ frames: 1, handovers: 0 });
    const node = await come();
    await world.until(() => textsOf(node).length === 1);
    expect(textsOf(node)).toEqual(["kept"]);
  });

  test("lets nothing go at a PONG that the node has not signed", async () => {
    const { world, subject, identity, send, come } = await makeBoxScene();
    await send(["kept"]);
    const node = await come(false);
    await world.until(() => node.all("PING").length === 1);
    const signed = node.sign("PONG", { nonce: node.all("PING")[0]?.body.nonce ?? "" }, { to: subject.nodeId });
    node.send({ v: 1, ...signed, ts: signed.ts + 1 });
    await world.run(SECOND_MS);
    expect(subject.relay.view.mailbox?.frames).toBe(1);
    node.send({ v: 1, ...signed });
    await world.until(() => subject.relay.view.mailbox?.frames === 0);
    expect(identity.nodeId).toBe(node.nodeId);
  });

  test("asks a node that says HELLO without a name for a PONG, and hands over at it, before anything newer", async () => {
    const { world, subject, sender, identity, dial, send } = await makeBoxScene();
    await send(numbered(3));
    const node = await dial(1, identity);
    node.onMessage = (message) => pong(node, message);
    node.hello();
    await node.next("HELLO_ACK");
    sender.direct(identity.nodeId, "newer");
    await world.until(() => textsOf(node).length === 4);
    expect(textsOf(node)).toEqual([...numbered(3), "newer"]);
    await world.until(() => subject.relay.view.mailbox?.frames === 0);
  });

  test("asks nothing of a node for which nothing is kept, and lets nothing wait", async () => {
    const { world, sender, identity, dial } = await makeBoxScene();
    const node = await dial(1, identity);
    node.hello();
    await node.next("HELLO_ACK");
    sender.direct(identity.nodeId, "new");
    await world.until(() => textsOf(node).length === 1, { withinMs: SECOND_MS });
    expect(node.all("PING")).toEqual([]);
  });
});
