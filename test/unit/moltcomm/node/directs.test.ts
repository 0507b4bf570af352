/**
 * Hunts: an `ACK` for a message that is not durable, a message lost or delivered twice by an answer that says the wrong thing, and an order
 * that breaks when one of many in flight is refused. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import type { DeliveryOutcome, IncomingMessage } from "../../../../src/moltcomm/types.ts";
import { makeScene, SECOND_MS } from "./support.ts";

const FULL: DeliveryOutcome = { outcome: "refused", code: "RATE_LIMIT", detail: "the disk is full" };
const DELIVERED: DeliveryOutcome = { outcome: "delivered" };

/** An inbox whose writes a test ends by hand. */
function byHand() {
  const open: { readonly message: IncomingMessage; readonly settle: (outcome: DeliveryOutcome) => void }[] = [];
  const behave = (message: IncomingMessage) =>
    new Promise<DeliveryOutcome>((settle) => void open.push({ message, settle }));
  return { open, behave };
}

describe("§11 reading 1: an ACK is a promise", () => {
  test("it leaves only after the inbox has the message, with its id, to its sender", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const { open, behave } = byHand();
    inbox.behave = behave;
    const peer = await dial();
    const message = peer.direct(subject.nodeId, "hello");
    await world.until(() => open.length === 1);
    await world.run(10 * SECOND_MS);
    expect(peer.received).toEqual([]);
    expect(subject.node.view.deliveriesOpen).toBe(1);
    open[0]?.settle(DELIVERED);
    const ack = await peer.next("ACK");
    expect(ack).toMatchObject({ from: subject.nodeId, to: peer.nodeId, body: { ref: message.id } });
    expect(open[0]?.message).toMatchObject({ from: peer.nodeId, id: message.id, to: subject.nodeId, msg: "hello" });
    expect(subject.node.view.deliveriesOpen).toBe(0);
  });

  test("messages whose lines share a sync are acknowledged in their order, in few writes", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const { open, behave } = byHand();
    inbox.behave = behave;
    const peer = await dial();
    const sent = Array.from({ length: 40 }, (_, index) => peer.direct(subject.nodeId, `${index}`).id);
    await world.until(() => open.length === 40);
    const before = world.trace.lines.length;
    for (const { settle } of open) settle(DELIVERED);
    await world.until(() => peer.all("ACK").length === 40);
    expect(peer.all("ACK").map(({ body }) => body.ref)).toEqual(sent);
    const writes = world.trace.lines.slice(before).filter((line) => /back data/.test(line)).length;
    expect(writes).toBeLessThanOrEqual(6);
  });

  test("the inbox is told of messages that have arrived behind one, when they are many", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const { open, behave } = byHand();
    inbox.behave = behave;
    const peer = await dial();
    const frames = Array.from(
      { length: 100 },
      (_, index) =>
        peer.signer.frame({
          t: "DIRECT",
          id: `${index}`,
          to: subject.nodeId,
          ts: peer.runtime.clock.wallMs(),
          body: { msg: "one of many" },
        }),
    );
    peer.connection?.write(new Uint8Array(await new Blob(frames).arrayBuffer()));
    await world.until(() => open.length === 100);
    const followed = open.map(({ message }) => message.isFollowed);
    expect(followed).toContain(true);
    expect(followed.lastIndexOf(true)).toBeLessThan(40);
  });

  test("an inbox that breaks its word costs the sender a retry, and not the connection", async () => {
    const { subject, dial, inbox } = await makeScene();
    inbox.behave = () => Promise.reject(new Error("a mistake of ours"));
    const peer = await dial();
    const message = peer.direct(subject.nodeId, "again please");
    expect((await peer.answerTo(message)).body).toMatchObject({ code: "RATE_LIMIT" });
    inbox.behave = () => DELIVERED;
    peer.received.length = 0;
    peer.direct(subject.nodeId, "again please", { id: message.id });
    expect((await peer.answerTo(message)).t).toBe("ACK");
    expect(subject.log.named("moltcomm_fault").length).toBe(1);
  });
});

describe("§11 readings 2 and 3: refused is not seen, delivered is", () => {
  test("a duplicate gets REPLAY, signed, with ref", async () => {
    const { subject, dial, inbox } = await makeScene();
    const peer = await dial();
    const message = peer.direct(subject.nodeId, "once");
    await peer.answerTo(message);
    peer.direct(subject.nodeId, "once", { id: message.id });
    expect(await peer.next("ERROR")).toMatchObject({
      from: subject.nodeId,
      to: peer.nodeId,
      body: { code: "REPLAY", ref: message.id },
    });
    expect(inbox.texts).toEqual(["once"]);
  });

  test("a full disk refuses, and the same id is delivered once there is room", async () => {
    const { subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = () => FULL;
    const peer = await dial();
    const message = peer.direct(subject.nodeId, "keep me");
    expect((await peer.answerTo(message)).body).toEqual({
      code: "RATE_LIMIT",
      detail: "the disk is full",
      ref: message.id,
    });
    inbox.behave = usual;
    peer.received.length = 0;
    peer.direct(subject.nodeId, "keep me", { id: message.id });
    expect((await peer.answerTo(message)).t).toBe("ACK");
    expect(inbox.texts).toEqual(["keep me"]);
  });

  test("a blocked sender is turned away unread, and others are not", async () => {
    const { subject, dial, inbox } = await makeScene();
    const [blocked, other] = [await dial(), await dial()];
    inbox.blocked.add(blocked.nodeId);
    expect((await blocked.answerTo(blocked.direct(subject.nodeId, "spam"))).body).toMatchObject({
      code: "UNSUPPORTED",
    });
    expect((await other.answerTo(other.direct(subject.nodeId, "news"))).t).toBe("ACK");
    expect(inbox.texts).toEqual(["news"]);
  });
});

describe("invariant 5: order holds between one sender and one recipient", () => {
  test("after a refusal those behind it are refused too, until the refused one comes again", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = (message) => message.msg === "1" ? FULL : usual(message);
    const peer = await dial();
    const first = peer.direct(subject.nodeId, "1");
    await peer.answerTo(first);
    const [second, third] = [peer.direct(subject.nodeId, "2"), peer.direct(subject.nodeId, "3")];
    expect((await peer.answerTo(second)).body).toMatchObject({ code: "RATE_LIMIT" });
    expect((await peer.answerTo(third)).body).toMatchObject({ code: "RATE_LIMIT" });
    inbox.behave = usual;
    await world.run(500);
    for (const message of [first, second, third]) peer.direct(subject.nodeId, message.body.msg, { id: message.id });
    await world.until(() => peer.all("ACK").length === 3);
    expect(inbox.texts).toEqual(["1", "2", "3"]);
  });

  test("a refused one that comes again and is refused again keeps those behind it waiting", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    inbox.behave = () => FULL;
    const peer = await dial();
    const first = peer.direct(subject.nodeId, "1");
    await peer.answerTo(first);
    await world.run(1_500);
    peer.direct(subject.nodeId, "1", { id: first.id });
    await world.run(1_500);
    inbox.behave = () => DELIVERED;
    expect((await peer.answerTo(peer.direct(subject.nodeId, "2"))).body).toMatchObject({ code: "RATE_LIMIT" });
  });

  test("a sender that gave the refused one up waits no longer than a request may take", async () => {
    const { world, subject, dial, inbox } = await makeScene({ limits: { requestTimeoutMs: 10 * SECOND_MS } });
    const usual = inbox.behave;
    inbox.behave = () => FULL;
    const peer = await dial();
    await peer.answerTo(peer.direct(subject.nodeId, "given up"));
    inbox.behave = usual;
    await world.run(9_900);
    expect((await peer.answerTo(peer.direct(subject.nodeId, "2"))).t).toBe("ERROR");
    await world.run(200);
    expect((await peer.answerTo(peer.direct(subject.nodeId, "3"))).t).toBe("ACK");
  });

  test("one that was sent 3 s later, before the sender could know over a slow path, is refused", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = () => FULL;
    const peer = await dial();
    const first = peer.direct(subject.nodeId, "1");
    await peer.answerTo(first);
    inbox.behave = usual;
    await world.run(3 * SECOND_MS);
    const second = peer.direct(subject.nodeId, "2");
    expect((await peer.answerTo(second)).body).toMatchObject({ code: "RATE_LIMIT" });
    for (const message of [first, second]) peer.direct(subject.nodeId, message.body.msg, { id: message.id });
    await world.until(() => peer.all("ACK").length === 2);
    expect(inbox.texts).toEqual(["1", "2"]);
  });

  test("one that was under way for long is refused all the same", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = () => FULL;
    const peer = await dial();
    await peer.answerTo(peer.direct(subject.nodeId, "1"));
    const second = peer.sign("DIRECT", { msg: "2" }, { to: subject.nodeId });
    inbox.behave = usual;
    await world.run(30 * SECOND_MS);
    peer.send({ v: 1, ...second });
    expect((await peer.answerTo(second)).body).toMatchObject({ code: "RATE_LIMIT" });
    expect((await peer.answerTo(peer.direct(subject.nodeId, "signed later"))).t).toBe("ACK");
  });

  test("the first of several counts, although its refusal comes last", async () => {
    const { world, subject, dial, inbox } = await makeScene({
      limits: { messagesPerSecondPerSender: 1, messagesBurstPerSender: 1 },
    });
    const { open, behave } = byHand();
    const usual = inbox.behave;
    inbox.behave = behave;
    const peer = await dial();
    const [first, second] = [peer.direct(subject.nodeId, "1"), peer.direct(subject.nodeId, "2")];
    expect((await peer.answerTo(second)).body).toMatchObject({ code: "RATE_LIMIT" });
    open[0]?.settle(FULL);
    await peer.answerTo(first);
    inbox.behave = usual;
    await world.run(1_500);
    peer.received.length = 0;
    peer.direct(subject.nodeId, "2", { id: second.id });
    expect((await peer.answerTo(second)).body).toMatchObject({ code: "RATE_LIMIT" });
    peer.received.length = 0;
    peer.direct(subject.nodeId, "1", { id: first.id });
    expect((await peer.answerTo(first)).t).toBe("ACK");
    expect(inbox.texts).toEqual(["1"]);
  });

  test("those behind a message that is refused for good are not kept waiting", async () => {
    const { subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = (message) =>
      message.msg === "long"
        ? { outcome: "refused", code: "UNSUPPORTED", detail: "longer than 10 bytes" }
        : usual(message);
    const peer = await dial();
    expect((await peer.answerTo(peer.direct(subject.nodeId, "long"))).body).toMatchObject({ code: "UNSUPPORTED" });
    expect((await peer.answerTo(peer.direct(subject.nodeId, "short"))).t).toBe("ACK");
  });

  test("another sender on another connection is not kept waiting", async () => {
    const { subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = (message) => message.msg === "bad" ? FULL : usual(message);
    const [one, two] = [await dial(), await dial()];
    await one.answerTo(one.direct(subject.nodeId, "bad"));
    expect((await two.answerTo(two.direct(subject.nodeId, "good"))).t).toBe("ACK");
  });

  test("a forged copy of the refused message does not open the way", async () => {
    const { subject, dial, inbox } = await makeScene();
    const usual = inbox.behave;
    inbox.behave = () => FULL;
    const peer = await dial();
    const first = peer.direct(subject.nodeId, "1");
    await peer.answerTo(first);
    inbox.behave = usual;
    peer.send({ v: 1, ...first, sig: peer.sign("PING", { nonce: "" }).sig });
    const second = peer.direct(subject.nodeId, "2");
    expect((await peer.answerTo(second)).body).toMatchObject({ code: "RATE_LIMIT" });
    expect(inbox.texts).toEqual([]);
  });

  test("a message of the future that was given up does not keep those behind it waiting for the future", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    const ts = peer.runtime.clock.wallMs() + 3_600_000;
    expect((await peer.answerTo(peer.direct(subject.nodeId, "1", { ts }))).body).toMatchObject({ code: "BAD_TS" });
    await world.run(15_100);
    expect((await peer.answerTo(peer.direct(subject.nodeId, "2"))).t).toBe("ACK");
  });

  test("a message refused for its time keeps those behind it waiting as well", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const peer = await dial();
    const ts = peer.runtime.clock.wallMs();
    const first = peer.direct(subject.nodeId, "1", { ts: ts - 3_600_000 });
    expect((await peer.answerTo(first)).body).toMatchObject({ code: "BAD_TS" });
    await world.run(1_500);
    peer.direct(subject.nodeId, "1", { id: first.id, ts: ts - 3_600_000 });
    await world.run(1_500);
    expect((await peer.answerTo(peer.direct(subject.nodeId, "2"))).body).toMatchObject({ code: "RATE_LIMIT" });
    peer.direct(subject.nodeId, "1", { id: first.id });
    peer.direct(subject.nodeId, "3");
    await world.until(() => peer.all("ACK").length === 2);
    expect(inbox.texts).toEqual(["1", "3"]);
  });
});
