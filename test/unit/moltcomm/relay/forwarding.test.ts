/**
 * Hunts: a frame that is changed, cut, given to somebody else, sent twice or not at all; a sender who is somebody else; frames for nobody,
 * for their sender, for relays; whoever begins a frame and never ends it.
 */
import { describe, expect, test } from "vitest";
import { encodeFrame } from "../../../../src/moltcomm/wire/mod.ts";
import { makeIdentity } from "../node/support.ts";
import { makeScene, MINUTE_MS, RawPeer, SECOND_MS, startRelay, textsOf } from "./support.ts";

/** Every byte that reaches a peer. */
function recordBytes(peer: RawPeer): () => Uint8Array {
  const chunks: Uint8Array[] = [];
  const take = peer.onData.bind(peer);
  peer.onData = (data) => {
    chunks.push(data.slice());
    take(data);
  };
  return () => Uint8Array.of(...chunks.flatMap((chunk) => [...chunk]));
}

describe("a relay", () => {
  test("hands on a frame byte by byte as it came, fields and white space of which it knows nothing among them", async () => {
    const { world, register } = await makeScene();
    const [sender, recipient] = [await register(0), await register(1)];
    const bytes = recordBytes(recipient);
    const message = sender.sign("DIRECT", { msg: "Grüße 🦀" }, { to: recipient.nodeId });
    const texts = [
      `  ${JSON.stringify({ future: [1, { to: "x" }], v: 1, ...message }, null, 3)}\n`,
      JSON.stringify({ v: 1, ...message }).replace('"to"', '"\\u0074o"'),
      JSON.stringify({ v: 1, to: "ed25519:somebody-else", ...message }).replace("}", "}"),
    ];
    for (const text of texts) sender.connection?.write(encodeFrame(text));
    await world.until(() => recipient.all("DIRECT").length === 3);
    expect(bytes()).toEqual(Uint8Array.of(...texts.flatMap((text) => [...encodeFrame(text)])));
  });

  test("hands on any type with a recipient, known or not, and answers of the recipient back", async () => {
    const { world, register } = await makeScene();
    const [one, other] = [await register(0), await register(1)];
    other.answersDirects(() => "ACK");
    const message = one.direct(other.nodeId, "hello");
    expect((await one.answerTo(message)).from).toBe(other.nodeId);
    // The nodes of the tests know the types of v1 only.
    let arrived = "";
    other.onData = (data) => void (arrived += new TextDecoder().decode(data));
    one.send({ t: "FUTURE", from: one.nodeId, to: other.nodeId });
    await world.run(SECOND_MS);
    expect(arrived).toContain('"FUTURE"');
  });

  test("keeps the frames of each pair in order and gives nobody another's, whatever pieces they arrive in", async () => {
    const { world, subject, runtimes, register } = await makeScene();
    world.faults = { ...world.faults, network: { ...world.faults.network, splitRate: 0.7 } };
    const recipients = [await register(0), await register(1), await register(2)];
    const senders = [await register(0), await register(1)];
    const sent = new Map<string, string[]>(recipients.map(({ nodeId }) => [nodeId, []]));
    for (let round = 0; round < 300; round++) {
      const sender = world.random.pick(senders);
      const { nodeId } = world.random.pick(recipients);
      const text = `${senders.indexOf(sender)} ${round} ${
        "x".repeat(world.random.integer(0, round % 10 === 0 ? 30_000 : 300))
      }`;
      sender.direct(nodeId, text);
      sent.get(nodeId)?.push(text);
      if (world.random.chance(0.1)) await world.run(world.random.integer(0, 20));
    }
    await world.run(20 * SECOND_MS);
    for (const recipient of recipients) {
      for (const prefix of ["0 ", "1 "]) {
        const of = (texts: readonly string[]) => texts.filter((text) => text.startsWith(prefix));
        expect(of(textsOf(recipient))).toEqual(of(sent.get(recipient.nodeId) ?? []));
      }
    }
    expect(runtimes.length).toBe(3);
    expect(subject.relay.view.forwardedFrames).toBe(300);
  });

  test("gives a recipient nothing of what stands between two frames for it in one read", async () => {
    const { world, subject, register } = await makeScene();
    const [sender, recipient, other] = [await register(0), await register(1), await register(2)];
    const bytes = recordBytes(recipient);
    const frame = (to: string, msg: string) =>
      encodeFrame(JSON.stringify({ v: 1, ...sender.sign("DIRECT", { msg }, { to }) }));
    const nobody = makeIdentity(subject.runtime.crypto).nodeId;
    const ping = encodeFrame(JSON.stringify({ v: 1, ...sender.sign("PING", { nonce: "between" }) }));
    const wanted = ["a", "b", "c", "d", "e"].map((msg) => frame(recipient.nodeId, msg));
    const between = [
      frame(nobody, "secret 1"),
      frame(other.nodeId, "secret 2"),
      ping,
      encodeFrame('{"from":"secret 3"}'),
    ];
    const mixed = wanted.flatMap((each, index) => [...each, ...between[index] ?? []]);
    sender.connection?.write(Uint8Array.from(mixed));
    await world.run(SECOND_MS);
    expect(bytes()).toEqual(Uint8Array.of(...wanted.flatMap((each) => [...each])));
    expect(textsOf(other)).toEqual(["secret 2"]);
    expect(sender.all("PONG").length).toBe(1);
  });

  test("takes frames byte by byte, many in one piece, and of the greatest length", async () => {
    const { world, register } = await makeScene({ limits: { maxFrameBytes: 200_000 } });
    const [sender, recipient] = [await register(0), await register(1)];
    const frame = (msg: string) =>
      encodeFrame(JSON.stringify({ v: 1, ...sender.sign("DIRECT", { msg }, { to: recipient.nodeId }) }));
    for (const byte of frame("slow")) {
      sender.connection?.write(Uint8Array.of(byte));
      await world.run(1);
    }
    sender.connection?.write(Uint8Array.of(...frame("a"), ...frame("b"), ...frame("c").subarray(0, 2)));
    await world.run(SECOND_MS);
    expect(textsOf(recipient)).toEqual(["slow", "a", "b"]);
    const long = "l".repeat(200_000 - frame("").length + 4);
    expect(frame(long).length).toBe(200_004);
    sender.connection?.write(frame("c").subarray(2));
    sender.connection?.write(frame(long));
    await world.until(() => textsOf(recipient).length === 5);
    expect(textsOf(recipient).slice(3)).toEqual(["c", long]);
  });

  test("ends a connection that announces a frame longer than allowed, and no other", async () => {
    const { world, subject, register } = await makeScene();
    const [sender, recipient] = [await register(0), await register(1)];
    sender.connection?.write(Uint8Array.of(0, 0x10, 0, 1, 0x7b));
    await world.until(() => sender.isClosed);
    expect(sender.errors).toEqual(["BAD_FRAME"]);
    expect(recipient.isClosed).toBe(false);
    expect(subject.sample('closed_connections_total{reason="frame_too_large"}')).toBe(1);
    expect(subject.relay.view.registered).toBe(1);
  });

  test("refuses what is no message of anybody with BAD_FRAME, and goes on", async () => {
    const { world, subject, register } = await makeScene();
    const [sender, recipient] = [await register(0), await register(1)];
    const { nodeId: from } = sender;
    const { nodeId: to } = recipient;
    const wrong = [
      "",
      "not JSON",
      "[]",
      "7",
      `{"t":"DIRECT","to":"${to}"}`,
      `{"from":"${from}","to":"${to}"}`,
      `{"t":"DIRECT","from":"${from}","to":5}`,
      `{"t":"DIRECT","from":"${from}","to":"${to}"`,
      `{"t":"DIRECT","from":"${from}","to":"${to}","x":"\\ud800"} {}`,
    ];
    for (const text of wrong) sender.connection?.write(encodeFrame(text));
    sender.connection?.write(Uint8Array.of(0, 0, 0, 2, 0xff, 0xfe));
    sender.direct(to, "and now?");
    await world.until(() => textsOf(recipient).length === 1);
    await world.run(SECOND_MS);
    expect(sender.errors).toEqual([...wrong, "bytes"].map(() => "BAD_FRAME"));
    expect(subject.sample('frames_refused_total{reason="bad_frame"}')).toBe(wrong.length + 1);
    expect(recipient.all("DIRECT").length).toBe(1);
  });

  test("drops what names another sender than the one registered on the connection", async () => {
    const { world, subject, register } = await makeScene();
    const [sender, recipient, third] = [await register(0), await register(1), await register(2)];
    const message = third.sign("DIRECT", { msg: "as if from the third" }, { to: recipient.nodeId });
    sender.send({ v: 1, ...message });
    // The last key counts, so a sender that stands twice is the second one.
    const twice = JSON.stringify({ v: 1, ...message }).replace('{"v"', `{"from":"${sender.nodeId}","v"`);
    sender.connection?.write(encodeFrame(twice));
    // One that takes a full parse.
    sender.connection?.write(encodeFrame(JSON.stringify({ v: 1, ...message }).replace('"from"', '"\\u0066rom"')));
    await world.run(SECOND_MS);
    expect(recipient.received.filter(({ t }) => t === "DIRECT")).toEqual([]);
    expect(sender.errors).toEqual(["UNSUPPORTED", "UNSUPPORTED", "UNSUPPORTED"]);
    expect(subject.sample('frames_refused_total{reason="foreign_sender"}')).toBe(3);
    expect(subject.sample("unusual_frames_total")).toBe(1);
  });

  test("hands on what a connection sends that said no HELLO, and closes it in time", async () => {
    const { world, subject, dial, register } = await makeScene();
    const [stranger, recipient] = [await dial(0), await register(1)];
    recipient.answersDirects(() => "ACK");
    stranger.direct(recipient.nodeId, "from plain v1");
    await world.until(() => textsOf(recipient).length === 1);
    await world.run(25 * SECOND_MS);
    expect(stranger.isClosed).toBe(true);
    // Nobody proved who that was, so the answer had nowhere to go.
    expect(stranger.all("ACK")).toEqual([]);
    expect(subject.sample('frames_refused_total{reason="unreachable"}')).toBe(1);
  });

  test("says UNREACHABLE, with the message's id, for a recipient without connection, but never to an answer", async () => {
    const { world, subject, register } = await makeScene();
    const sender = await register();
    const nobody = makeIdentity(subject.runtime.crypto).nodeId;
    const message = sender.direct(nobody, "anybody?");
    const answer = await sender.answerTo(message);
    expect(answer).toMatchObject({
      from: subject.nodeId,
      to: sender.nodeId,
      body: { code: "UNREACHABLE", ref: message.id },
    });
    sender.say("ACK", { ref: "x" }, { to: nobody });
    sender.say("ERROR", { ref: "x", code: "REPLAY" }, { to: nobody });
    await world.run(SECOND_MS);
    expect(sender.errors).toEqual(["UNREACHABLE"]);
    expect(subject.sample('frames_refused_total{reason="unreachable"}')).toBe(3);
  });

  test("answers a flood of frames for nobody only as far as its budget of signatures goes", async () => {
    const { world, subject, register } = await makeScene();
    const [sender, other] = [await register(0), await register(1)];
    const nobody = makeIdentity(subject.runtime.crypto).nodeId;
    const frame = encodeFrame(JSON.stringify({ v: 1, ...sender.sign("DIRECT", { msg: "" }, { to: nobody }) }));
    for (let count = 0; count < 5_000; count++) sender.connection?.write(frame);
    await world.run(2 * SECOND_MS);
    expect(sender.errors.length).toBeLessThan(200);
    expect(subject.sample('frames_refused_total{reason="unreachable"}')).toBe(5_000);
    const pong = other.next("PONG");
    other.say("PING", { nonce: "n" });
    await pong;
  });

  test("refuses a frame to its own sender", async () => {
    const { register, sample } = await makeScene();
    const sender = await register();
    expect((await sender.answerTo(sender.direct(sender.nodeId, "me"))).body).toMatchObject({ code: "UNSUPPORTED" });
    expect(sample('frames_refused_total{reason="to_itself"}')).toBe(1);
  });

  test("hands a frame on to nobody but its recipient: two relays that somebody bridges make no loop of their own", async () => {
    const { world, subject, homes, register } = await makeScene();
    const second = await startRelay(world, world.addHost("relay-2"));
    const bridge = await register(0);
    const runtime = world.createRuntime(homes[0] as (typeof homes)[number]);
    const beyond = await RawPeer.dial(world, runtime, second.host);
    beyond.hello();
    await world.until(() => beyond.all("HELLO_ACK").length === 1);
    // Whatever comes out at one relay goes into the other, for ever.
    bridge.onMessage = (message) => beyond.send({ v: 1, ...message });
    beyond.onMessage = (message) => bridge.send({ v: 1, ...message });
    const sender = await register(1);
    for (let count = 0; count < 20; count++) sender.direct(bridge.nodeId, "round and round");
    await world.run(20 * SECOND_MS);
    // The frames are for the bridge's first identity: the second relay has no connection for it, and says so.
    expect(second.relay.view.forwardedFrames).toBe(0);
    expect(subject.relay.view.forwardedFrames).toBe(20);
  });

  test("closes a connection that does not end the frame it began", async () => {
    const { world, subject, register } = await makeScene();
    const [idle, sender, recipient] = [await register(0), await register(1), await register(2)];
    idle.connection?.write(Uint8Array.of(0, 0, 1, 0, 0x7b));
    sender.direct(recipient.nodeId, "not kept by that");
    await world.until(() => textsOf(recipient).length === 1);
    await world.run(MINUTE_MS + 10 * SECOND_MS);
    expect([idle.isClosed, sender.isClosed]).toEqual([true, false]);
    expect(subject.sample('closed_connections_total{reason="frame_timeout"}')).toBe(1);
    expect(subject.sample("partial_bytes")).toBe(0);
  });
});
