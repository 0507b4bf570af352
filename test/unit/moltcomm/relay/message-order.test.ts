/** Hunts: a message that passes an earlier one of its sender which was refused or lost, and senders that are held back for nothing. */
import { describe, expect, test } from "vitest";
import { IN_ORDER_WORD } from "../../../../src/moltcomm/agent-words.ts";
import { makeIdentity } from "../node/support.ts";
import { makeScene, RawPeer, type RelayOptions, SECOND_MS, textsOf } from "./support.ts";

/** A relay; a sender that keeps an order, one that does not say so, and a node that comes and goes. */
async function makeOrderScene(options: RelayOptions = {}) {
  const scene = await makeScene(options);
  const { world, subject, dial } = scene;
  const identity = makeIdentity(subject.runtime.crypto);
  const register = async (at: number, agent: string, own = makeIdentity(subject.runtime.crypto)) => {
    const peer = await dial(at, own);
    const acknowledged = peer.next("HELLO_ACK");
    peer.say("HELLO", { agent, peer: peer.record() }, { to: subject.nodeId });
    await acknowledged;
    return peer;
  };
  const come = () => register(1, "raw/1", identity);
  const leave = async (peer: RawPeer) => {
    const { registered } = subject.relay.view;
    peer.connection?.destroy();
    await world.until(() => subject.relay.view.registered === registered - 1);
  };
  /** What the relay says of a message of which the recipient hears nothing. */
  const codeOf = async (sender: RawPeer, text: string) => {
    const { body } = await sender.answerTo(sender.direct(identity.nodeId, text));
    return (body as { code?: string }).code;
  };
  const sender = await register(0, `raw/1 (${IN_ORDER_WORD})`);
  const plain = await register(2, "raw/1");
  return { ...scene, identity, sender, plain, come, leave, codeOf, register };
}

describe("a message that was refused because its recipient was away", () => {
  test("holds back those behind it though the recipient is back, until it comes again", async () => {
    const { world, identity, sender, come, codeOf, sample } = await makeOrderScene();
    const first = sender.direct(identity.nodeId, "first");
    await sender.answerTo(first);
    const node = await come();
    expect(await codeOf(sender, "second")).toBe("RATE_LIMIT");
    sender.direct(identity.nodeId, "first", { id: first.id });
    sender.direct(identity.nodeId, "second");
    await world.until(() => textsOf(node).length === 2);
    expect(textsOf(node)).toEqual(["first", "second"]);
    expect(sample('frames_refused_total{reason="out_of_order"}')).toBe(1);
  });

  test("holds back nothing behind a HELLO to the recipient: its sender begins anew", async () => {
    const { world, identity, sender, come, codeOf } = await makeOrderScene();
    expect(await codeOf(sender, "first")).toBe("UNREACHABLE");
    const node = await come();
    sender.hello({ to: identity.nodeId });
    sender.direct(identity.nodeId, "given up, so the next");
    await world.until(() => textsOf(node).length === 1);
  });

  test("holds back for some seconds where its sender shows nothing, and no other sender", async () => {
    const { world, identity, sender, plain, come, codeOf } = await makeOrderScene();
    expect(await codeOf(sender, "first")).toBe("UNREACHABLE");
    expect(await codeOf(plain, "first of another")).toBe("UNREACHABLE");
    const node = await come();
    plain.direct(identity.nodeId, "of a sender that keeps no order");
    await world.until(() => textsOf(node).length === 1);
    expect(await codeOf(sender, "too soon")).toBe("RATE_LIMIT");
    await world.run(5 * SECOND_MS);
    sender.direct(identity.nodeId, "later");
    await world.until(() => textsOf(node).length === 2);
  });

  test("holds back nothing that answers, asks or greets", async () => {
    const { world, identity, sender, come, codeOf } = await makeOrderScene();
    expect(await codeOf(sender, "first")).toBe("UNREACHABLE");
    const node = await come();
    sender.say("ACK", { ref: "x" }, { to: identity.nodeId });
    sender.say("PING", { nonce: "n" }, { to: identity.nodeId });
    await world.until(() => node.all("ACK").length === 1 && node.all("PING").length === 1);
    expect(await codeOf(sender, "second")).toBe("RATE_LIMIT");
  });
});

describe("a message that may be lost with its recipient's connection", () => {
  test("holds back those behind it, also when a newer connection took its place", async () => {
    const { world, identity, sender, come, codeOf } = await makeOrderScene();
    const old = await come();
    sender.direct(identity.nodeId, "lost, perhaps");
    await world.run(SECOND_MS);
    const node = await come();
    expect(old.isClosed).toBe(true);
    expect(await codeOf(sender, "behind it")).toBe("RATE_LIMIT");
    sender.hello({ to: identity.nodeId });
    sender.direct(identity.nodeId, "lost, perhaps");
    sender.direct(identity.nodeId, "behind it");
    await world.until(() => textsOf(node).length === 2);
    expect(textsOf(node)).toEqual(["lost, perhaps", "behind it"]);
  });

  test("holds back nothing by a HELLO that was said before its sender could know", async () => {
    const { world, identity, sender, come, codeOf } = await makeOrderScene();
    await come();
    sender.direct(identity.nodeId, "lost, perhaps");
    await world.run(SECOND_MS);
    await come();
    sender.hello({ to: identity.nodeId });
    expect(await codeOf(sender, "behind it")).toBe("RATE_LIMIT");
  });

  test("holds back each sender that sent lately, however many did, and none that sent long ago or keeps no order", async () => {
    const { world, identity, sender, plain, come, codeOf, register } = await makeOrderScene();
    const others = [await register(2, `raw/1 (${IN_ORDER_WORD})`), await register(2, `raw/1 (${IN_ORDER_WORD})`)];
    const quiet = await register(2, `raw/1 (${IN_ORDER_WORD})`);
    await come();
    quiet.direct(identity.nodeId, "long ago");
    await world.run(21 * SECOND_MS);
    for (const one of [sender, plain, ...others]) one.direct(identity.nodeId, "lately");
    await world.run(SECOND_MS);
    const node = await come();
    for (const one of [sender, ...others]) expect(await codeOf(one, "behind it")).toBe("RATE_LIMIT");
    quiet.direct(identity.nodeId, "of the quiet one");
    plain.direct(identity.nodeId, "of the plain one");
    await world.until(() => textsOf(node).length === 2);
  });

  test("holds back nothing for longer than a sender waits for its answer", async () => {
    const { world, identity, sender, come } = await makeOrderScene();
    await come();
    sender.direct(identity.nodeId, "lost, perhaps");
    await world.run(SECOND_MS);
    const node = await come();
    await world.run(20 * SECOND_MS);
    sender.direct(identity.nodeId, "later");
    await world.until(() => textsOf(node).length === 1);
  });
});

describe("the mailbox", () => {
  test("keeps nothing behind a message that may be lost: it would be handed over before it", async () => {
    const { world, subject, identity, sender, come, leave, codeOf } = await makeOrderScene({ boxes: {} });
    const old = await come();
    sender.direct(identity.nodeId, "lost, perhaps");
    await world.run(SECOND_MS);
    await leave(old);
    expect(await codeOf(sender, "behind it")).toBe("RATE_LIMIT");
    sender.hello({ to: identity.nodeId });
    expect(await codeOf(sender, "lost, perhaps")).toBe("KEPT");
    expect(await codeOf(sender, "behind it")).toBe("KEPT");
    expect(subject.relay.view.mailbox?.frames).toBe(2);
  });

  test("keeps nothing behind what it has just handed over to a node that is lost: it may never have been read", async () => {
    const { world, subject, sender, come, leave, codeOf, identity } = await makeOrderScene({ boxes: {} });
    await leave(await come());
    expect(await codeOf(sender, "kept")).toBe("KEPT");
    const node = await come();
    node.onMessage = (message) =>
      message.t === "PING" && node.say("PONG", { nonce: message.body.nonce }, { to: message.from });
    await world.until(() => subject.relay.view.mailbox?.frames === 0);
    await leave(node);
    expect(await codeOf(sender, "behind it")).toBe("RATE_LIMIT");
    sender.hello({ to: identity.nodeId });
    expect(await codeOf(sender, "kept")).toBe("KEPT");
    expect(await codeOf(sender, "behind it")).toBe("KEPT");
  });

  test("keeps nothing behind a message that it refused, in the same read or later", async () => {
    const scene = await makeOrderScene({ boxes: { bytesPerNode: 65_536 } });
    const { world, subject, identity, sender, come, leave } = scene;
    await leave(await come());
    const tooLong = sender.direct(identity.nodeId, "x".repeat(70_000));
    const behind = sender.direct(identity.nodeId, "behind it");
    expect((await sender.answerTo(tooLong)).body).toMatchObject({ code: "UNREACHABLE" });
    expect((await sender.answerTo(behind)).body).toMatchObject({ code: "RATE_LIMIT" });
    await world.run(SECOND_MS);
    expect(subject.relay.view.mailbox?.frames).toBe(0);
  });
});

test("what is remembered of a sender's messages that did not get there is bounded, and goes with time", async () => {
  const { world, subject, sender, come, codeOf, identity } = await makeOrderScene();
  expect(await codeOf(sender, "first")).toBe("UNREACHABLE");
  const others = Array.from({ length: 70 }, () => makeIdentity(subject.runtime.crypto));
  for (const { nodeId } of others) sender.direct(nodeId, "nobody there");
  await world.run(SECOND_MS);
  // The first is forgotten for the others: what may pass it is worth less than memory without a bound.
  const node = await come();
  sender.direct(identity.nodeId, "second");
  await world.until(() => textsOf(node).length === 1);
});
