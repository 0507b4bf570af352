/**
 * Hunts: a frame that is taken although a rule of MoltComm v1 refuses it, refused with another code than the rule's, or answered where
 * the rule wants silence; and a refusal that keeps the message from coming again. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../../../src/moltcomm/wire/mod.ts";
import { makeIdentity, makeScene, MINUTE_MS, newId, RawPeer, SECOND_MS } from "./support.ts";

describe("§2 frames", () => {
  test("a frame in pieces and several in one read are all taken, in order", async () => {
    const { world, subject, dial, inbox } = await makeScene();
    const peer = await dial();
    const frames = ["one", "two", "three"].map((msg) =>
      encodeFrame(JSON.stringify({ v: 1, ...peer.sign("DIRECT", { msg }, { to: subject.nodeId }) }))
    );
    const bytes = new Uint8Array(await new Blob(frames).arrayBuffer());
    for (let offset = 0; offset < bytes.length; offset += 97) {
      peer.connection?.write(bytes.slice(offset, offset + 97));
      await world.run(5);
    }
    await world.until(() => peer.all("ACK").length === 3);
    expect(inbox.texts).toEqual(["one", "two", "three"]);
  });

  test("a longer frame than allowed is refused on its length, and the connection ends", async () => {
    const { world, dial, subject } = await makeScene({ limits: { maxFrameBytes: 4_096 } });
    const peer = await dial();
    peer.connection?.write(Uint8Array.of(0, 0, 0x10, 0x01));
    await world.until(() => peer.isClosed);
    expect(peer.errors).toEqual(["BAD_FRAME"]);
    expect(peer.all("ERROR")[0]?.body.ref).toBe(undefined);
    expect(subject.sample('barnacle_moltcomm_closed_connections_total{reason="frame_too_large"}')).toBe(1);
  });

  test("a frame as long as allowed is taken", async () => {
    const { subject, dial } = await makeScene({ limits: { maxFrameBytes: 4_096 } });
    const peer = await dial();
    const message = peer.sign("DIRECT", { msg: "" }, { to: subject.nodeId });
    const spare = 4_096 - JSON.stringify({ v: 1, ...message }).length;
    expect((await peer.answerTo(peer.direct(subject.nodeId, "x".repeat(spare)))).t).toBe("ACK");
  });
});

describe("a busy node", () => {
  test("is told of once, by the thousandth message, and by nothing but mail", async () => {
    let calls = 0;
    const rates = { framesPerSecondPerConnection: 5_000, framesPerSecondPerAddress: 5_000 };
    const senders = { messagesPerSecondPerSender: 5_000, messagesBurstPerSender: 5_000 };
    const { world, subject, dial } = await makeScene({ limits: { ...rates, ...senders }, onBusy: () => void calls++ });
    const peer = await dial();
    for (let count = 0; count < 999; count++) peer.direct(subject.nodeId, "hello");
    await world.until(() => peer.all("ACK").length === 999);
    peer.send({ v: 1, ...peer.sign("PING", { nonce: "1" }) });
    await peer.next("PONG");
    expect(calls).toBe(0);
    for (let count = 0; count < 10; count++) peer.direct(subject.nodeId, "hello again");
    await world.until(() => peer.all("ACK").length === 1_009);
    expect(calls).toBe(1);
  });
});

describe("§3 and §10: what cannot be read", () => {
  test.each([
    ["no JSON", "hello", "BAD_FRAME"],
    ["an array", "[]", "BAD_FRAME"],
    ["another version", '{"v":2}', "UNSUPPORTED"],
    ["a version that is no integer", '{"v":"1"}', "BAD_FRAME"],
  ])("%s is answered, and the connection goes on", async (_what, text, code) => {
    const { subject, dial } = await makeScene();
    const peer = await dial();
    peer.connection?.write(encodeFrame(text));
    expect((await peer.next("ERROR")).body.code).toBe(code);
    expect((await peer.answerTo(peer.direct(subject.nodeId, "still here"))).t).toBe("ACK");
    expect(subject.node.view.refusals).toEqual({ [code]: 1 });
  });

  test("an unknown type gets UNSUPPORTED with its ref; unknown fields are ignored at every level", async () => {
    const { subject, dial } = await makeScene();
    const peer = await dial();
    const message = peer.sign("DIRECT", { msg: "hi" }, { to: subject.nodeId });
    peer.send({ v: 1, ...message, t: "SHOUT" });
    expect((await peer.answerTo(message)).body).toMatchObject({ code: "UNSUPPORTED", ref: message.id });
    const extended = { v: 1, ...message, id: message.id, extra: 1, body: { ...message.body, more: [] } };
    peer.received.length = 0;
    peer.send(extended);
    expect((await peer.answerTo(message)).t).toBe("ACK");
  });

  test("a DIRECT without to gets BAD_FRAME (§7)", async () => {
    const { subject, dial, inbox } = await makeScene();
    const peer = await dial();
    const message = peer.direct(subject.nodeId, "to nobody", { to: "" });
    expect((await peer.answerTo(message)).body).toMatchObject({ code: "BAD_FRAME" });
    expect(inbox.messages).toEqual([]);
  });

  test.each(["ERROR", "ACK"])("a malformed %s is never answered with an ERROR", async (t) => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    peer.send({ v: 1, ...peer.sign("PING", { nonce: "" }), t, body: {} });
    peer.send({ v: 1, t });
    await world.run(SECOND_MS);
    expect(peer.received).toEqual([]);
    expect(subject.node.view.refusals).toEqual({ BAD_FRAME: 2 });
  });

  test("an id longer than we remember is refused without being repeated", async () => {
    const { dial } = await makeScene();
    const peer = await dial();
    peer.say("PING", { nonce: "n" }, { id: "x".repeat(257) });
    expect((await peer.next("ERROR")).body).toEqual({ code: "BAD_FRAME", detail: "id has more than 256 characters" });
  });
});

describe("§1, §4 and §5: who says it", () => {
  test("a changed message, another's key and another's id get BAD_SIG, and nothing is taken", async () => {
    const { subject, dial, runtime, inbox } = await makeScene();
    const peer = await dial();
    const other = new RawPeer(peer.world, runtime);
    const message = peer.sign("DIRECT", { msg: "pay 1" }, { to: subject.nodeId });
    for (
      const forged of [
        { ...message, body: { msg: "pay 1000" } },
        { ...message, pub: other.signer.pub },
        { ...message, from: other.nodeId },
        { ...message, sig: message.sig.replace(/^./, (first) => first === "A" ? "B" : "A") },
        { ...message, ts: message.ts + 1 },
      ]
    ) {
      peer.send({ v: 1, ...forged });
      expect((await peer.next("ERROR")).body).toMatchObject({ code: "BAD_SIG", ref: message.id });
    }
    expect(inbox.messages).toEqual([]);
    peer.send({ v: 1, ...message });
    expect((await peer.next("ACK")).body.ref).toBe(message.id);
  });

  test("answers are signed by the node and addressed to the sender", async () => {
    const { subject, dial } = await makeScene();
    const peer = await dial();
    const pong = peer.next("PONG");
    peer.say("PING", { nonce: "abc" });
    expect(await pong).toMatchObject({ from: subject.nodeId, to: peer.nodeId, body: { nonce: "abc" } });
  });

  test("a message for another node gets NOT_FOR_ME; one that names us or nobody is taken", async () => {
    const { subject, dial, runtime } = await makeScene();
    const peer = await dial();
    const other = makeIdentity(runtime.crypto).nodeId;
    expect((await peer.answerTo(peer.direct(other, "astray"))).body).toMatchObject({ code: "NOT_FOR_ME" });
    expect((await peer.answerTo(peer.say("PING", { nonce: "1" }, { to: other }))).body).toMatchObject({
      code: "NOT_FOR_ME",
    });
    peer.say("PING", { nonce: "named" }, { to: subject.nodeId });
    expect((await peer.next("PONG")).body.nonce).toBe("named");
  });

  test("what we signed ourselves closes the connection it comes on", async () => {
    const { world, dial, subject } = await makeScene();
    const peer = await dial();
    const mirror = new RawPeer(world, peer.runtime, subject.identity);
    peer.send({ v: 1, ...mirror.sign("PING", { nonce: "me" }) });
    await world.until(() => peer.isClosed);
  });
});

describe("§7 clock and replay", () => {
  test.each([
    [-10 * MINUTE_MS - SECOND_MS, "BAD_TS"],
    [-10 * MINUTE_MS + SECOND_MS, "taken"],
    [10 * MINUTE_MS - SECOND_MS, "taken"],
    [10 * MINUTE_MS + SECOND_MS, "BAD_TS"],
  ])("ts %d ms off is %s", async (offMs, expected) => {
    const { subject, dial, inbox } = await makeScene();
    const peer = await dial();
    const answer = await peer.answerTo(
      peer.direct(subject.nodeId, "when", { ts: peer.runtime.clock.wallMs() + offMs }),
    );
    expect(answer.t === "ACK" ? "taken" : answer.body).toEqual(
      expected === "taken" ? "taken" : expect.objectContaining({ code: "BAD_TS" }),
    );
    expect(inbox.messages.length).toBe(expected === "taken" ? 1 : 0);
  });

  test("a PING that comes again gets REPLAY, for 5 minutes at least, on any connection", async () => {
    const { world, subject, dial } = await makeScene();
    const peer = await dial();
    const ping = peer.say("PING", { nonce: "once" });
    await peer.next("PONG");
    await world.run(5 * MINUTE_MS - 10 * SECOND_MS);
    const again = await dial();
    again.send({ v: 1, ...ping });
    expect((await again.answerTo(ping)).body).toMatchObject({ code: "REPLAY" });
    expect(subject.node.view.refusals).toEqual({ REPLAY: 1 });
  });

  test("a refused message is not seen: it may come again (§11, reading 2)", async () => {
    const { world, dial } = await makeScene();
    const peer = await dial();
    const id = newId();
    peer.say("PING", { nonce: "early" }, { id, ts: peer.runtime.clock.wallMs() + 11 * MINUTE_MS });
    expect((await peer.next("ERROR")).body.code).toBe("BAD_TS");
    await world.run(SECOND_MS);
    peer.say("PING", { nonce: "right" }, { id });
    expect((await peer.next("PONG")).body.nonce).toBe("right");
  });

  test("another sender may use the same id", async () => {
    const { subject, dial } = await makeScene();
    const [one, two] = [await dial(), await dial()];
    const id = newId();
    one.direct(subject.nodeId, "one", { id });
    await one.next("ACK");
    two.direct(subject.nodeId, "two", { id });
    await two.next("ACK");
    expect(subject.inbox.texts).toEqual(["one", "two"]);
  });
});
