/** Hunts: frames kept for nobody or for everybody, handed over late, in another order or never, lost with a connection or a crash. */
import { describe, expect, test } from "vitest";
import type { Identity } from "../../../../../src/moltcomm/mod.ts";
import type { MessageOf } from "../../../../../src/moltcomm/wire/types.ts";
import type { SimHost } from "../../../../sim/mod.ts";
import { makeIdentity } from "../../node/support.ts";
import {
  FakeMembers,
  MAILBOX_PATH,
  makeScene,
  MINUTE_MS,
  RawPeer,
  SECOND_MS,
  startRelay,
  textsOf,
} from "../support.ts";
import { makeBoxScene, numbered, pong } from "./box-scene.ts";

const HOUR_MS = 60 * MINUTE_MS;

describe("the mailbox", () => {
  test("keeps what comes for a node that is away, says KEPT, and hands it over in order before anything newer", async () => {
    const { world, subject, sender, come, send, errorOf, identity, sample } = await makeBoxScene();
    const sent = await send(numbered(50));
    expect(sent.map((message) => errorOf(message))).toEqual(sent.map(() => ["KEPT"]));
    expect(subject.relay.view.mailbox?.frames).toBe(50);
    const node = await come();
    sender.direct(identity.nodeId, "newer");
    await world.until(() => textsOf(node).length === 51);
    expect(textsOf(node)).toEqual([...numbered(50), "newer"]);
    await world.until(() => subject.relay.view.mailbox?.frames === 0);
    expect(sample("mailbox_kept_frames_total")).toBe(50);
    expect(sample("mailbox_handed_over_frames_total")).toBe(50);
    expect(sample("mailbox_bytes")).toBe(0);
  });

  test("announces itself in the signed agent, to nodes that have a box and to no guest", async () => {
    const members = new FakeMembers();
    const { come, sender, identity } = await makeBoxScene({ members });
    expect(sender.all("HELLO_ACK").map(({ body }) => body.agent)).toEqual(["barnacle/test relay guest"]);
    members.change(identity.nodeId, true);
    expect((await come()).all("HELLO_ACK").map(({ body }) => body.agent)).toEqual(["barnacle/test relay mailbox"]);
    const { register } = await makeScene();
    expect((await register()).all("HELLO_ACK").map(({ body }) => body.agent)).toEqual(["barnacle/test relay"]);
  });

  test("hands a frame over as it came, byte for byte", async () => {
    const { world, sender, come, identity } = await makeBoxScene();
    const message = sender.sign("DIRECT", { msg: "é\u2028" }, { to: identity.nodeId });
    sender.send({ extra: [1, { to: "x" }], ...message, v: 1 });
    await world.until(() => sender.all("ERROR").length === 1);
    const node = await come();
    await world.until(() => node.all("DIRECT").length === 1);
    expect(node.all("DIRECT")[0]).toEqual({ ...message });
  });

  test("keeps nothing for a node that never registered, and nothing that is no DIRECT", async () => {
    const { world, subject, sender, errorOf, identity } = await makeBoxScene();
    const stranger = sender.direct(makeIdentity(subject.runtime.crypto).nodeId, "nobody");
    const ping = sender.say("PING", { nonce: "n" }, { to: identity.nodeId });
    const hello = sender.hello({ to: identity.nodeId });
    sender.say("ACK", { ref: "x" }, { to: identity.nodeId });
    await world.run(SECOND_MS);
    expect(errorOf(stranger)).toEqual(["UNREACHABLE"]);
    expect(sender.all("ERROR").map(({ body }) => [body.ref, body.code])).toEqual(
      expect.arrayContaining([[ping.id, "UNREACHABLE"], [hello.id, "UNREACHABLE"]]),
    );
    expect(subject.relay.view.mailbox?.frames).toBe(0);
  });

  test("keeps nothing of a sender that did not register: anybody could claim to be it", async () => {
    const { world, subject, dial, identity } = await makeBoxScene();
    const unknown = await dial(2);
    const message = unknown.direct(identity.nodeId, "who am I");
    expect((await unknown.answerTo(message)).body).toMatchObject({ code: "UNREACHABLE" });
    await world.run(SECOND_MS);
    expect(subject.relay.view.mailbox?.frames).toBe(0);
  });

  test("keeps for members of a listed relay though they never came, and nothing between two strangers", async () => {
    const members = new FakeMembers();
    const { subject, send, errorOf, sender, come, world } = await makeBoxScene({ members });
    const member = makeIdentity(subject.runtime.crypto);
    members.change(member.nodeId, true);
    const forMember = sender.direct(member.nodeId, "welcome");
    await world.until(() => errorOf(forMember).length > 0);
    expect(errorOf(forMember)).toEqual(["KEPT"]);
    const [forStranger] = await send(["strangers"]);
    expect(errorOf(forStranger as MessageOf<"DIRECT">)).toEqual(["UNREACHABLE"]);
    expect(textsOf(await come())).toEqual([]);
  });

  test("lets a retry take the place of what it repeats, so that a patient sender does not fill it", async () => {
    const { world, subject, sender, come, send, identity } = await makeBoxScene();
    const [first] = await send(["first", "second"]);
    for (let round = 0; round < 20; round++) {
      await world.run(MINUTE_MS);
      sender.direct(identity.nodeId, "first", { id: first?.id ?? "" });
    }
    await world.run(MINUTE_MS);
    expect(subject.relay.view.mailbox?.frames).toBe(2);
    const node = await come();
    await world.until(() => textsOf(node).length === 2);
    expect(textsOf(node)).toEqual(["first", "second"]);
    // The newest signature is the one that a recipient takes for timely.
    expect((node.all("DIRECT")[0]?.ts ?? 0) - (first?.ts ?? 0)).toBeGreaterThanOrEqual(20 * MINUTE_MS);
  });

  test("refuses the oldest first when a box is full, and tells its sender", async () => {
    const { world, register, subject, sender, come, send, errorOf, sample } = await makeBoxScene({
      boxes: { framesPerNode: 3 },
    });
    const other = await register(2);
    const [oldest] = await send(["m0"], other);
    const sent = await send(["m1", "m2", "m3"]);
    await world.until(() => other.all("ERROR").length === 2);
    expect(errorOf(oldest as MessageOf<"DIRECT">, other)).toEqual(["KEPT", "UNREACHABLE"]);
    expect(sent.map((message) => errorOf(message))).toEqual([["KEPT"], ["KEPT"], ["KEPT"]]);
    expect(sample('frames_refused_total{reason="mailbox_full"}')).toBe(1);
    expect(subject.relay.view.mailbox?.frames).toBe(3);
    other.connection?.destroy();
    sender.connection?.destroy();
    const node = await come();
    await world.until(() => textsOf(node).length === 3);
    expect(textsOf(node)).toEqual(["m1", "m2", "m3"]);
  });

  test("refuses what alone is longer than a box", async () => {
    const { sender, send, errorOf, sample } = await makeBoxScene({ boxes: { bytesPerNode: 2_000 } });
    const [message] = await send(["x".repeat(4_000)]);
    expect(errorOf(message as MessageOf<"DIRECT">, sender)).toEqual(["UNREACHABLE"]);
    expect(sample('frames_refused_total{reason="mailbox_too_large"}')).toBe(1);
  });

  test("gives no boxes to ten thousand nodes of one address, and keeps those of others", async () => {
    const { world, subject, dial, send, errorOf } = await makeBoxScene({ boxes: { newNodesPerAddressPerDay: 20 } });
    const made: Identity[] = [];
    for (let count = 0; count < 100; count++) {
      const identity = makeIdentity(subject.runtime.crypto);
      made.push(identity);
      const peer = await dial(2, identity);
      peer.hello({ to: subject.nodeId });
      await peer.next("HELLO_ACK");
      peer.connection?.destroy();
    }
    await world.run(SECOND_MS);
    // The scene's own two have theirs.
    expect(subject.relay.view.mailbox?.nodes).toBe(22);
    const [message] = await send(["for an honest node"]);
    expect(errorOf(message as MessageOf<"DIRECT">)).toEqual(["KEPT"]);
  });

  test("gives no more boxes than it may have", async () => {
    const { world, subject, register } = await makeBoxScene({ boxes: { nodesMax: 3 } });
    for (let count = 0; count < 5; count++) await register(2);
    await world.run(SECOND_MS);
    expect(subject.relay.view.mailbox?.nodes).toBe(3);
  });

  test("hands over nothing that is too old, and lets it go", async () => {
    const { world, subject, register, come, send, sample } = await makeBoxScene({ boxes: { keepHours: 2 } });
    await send(["old"]);
    await world.run(HOUR_MS + 10 * MINUTE_MS);
    // The first sender has said nothing for so long that its connection was closed.
    await send(["young"], await register(0));
    await world.run(50 * MINUTE_MS + SECOND_MS);
    const node = await come(false);
    await world.until(() => textsOf(node).length === 1);
    expect(textsOf(node)).toEqual(["young"]);
    await world.run(2 * MINUTE_MS);
    expect(subject.relay.view.mailbox?.frames).toBe(1);
    expect(sample("mailbox_expired_frames_total")).toBe(1);
  });

  test("keeps a frame until its node has confirmed it, and hands it over again to a node that left before", async () => {
    const { world, subject, come, leave, send } = await makeBoxScene();
    await send(numbered(10));
    const hasty = await come(false);
    await world.until(() => textsOf(hasty).length === 10);
    expect(subject.relay.view.mailbox?.frames).toBe(10);
    await leave(hasty);
    const node = await come();
    await world.until(() => subject.relay.view.mailbox?.frames === 0);
    expect(textsOf(node)).toEqual(numbered(10));
  });

  test("hands over nothing twice on one connection, though it says HELLO again", async () => {
    const { world, subject, come, send } = await makeBoxScene();
    await send(numbered(10));
    const node = await come(false);
    await world.until(() => textsOf(node).length === 10);
    node.hello({ to: subject.nodeId });
    await world.run(SECOND_MS);
    expect(textsOf(node)).toEqual(numbered(10));
  });

  test("takes no stranger's PONG for a node's", async () => {
    const { world, subject, sender, come, send } = await makeBoxScene();
    await send(["kept"]);
    const node = await come(false);
    await world.until(() => node.all("PING").length === 1);
    const nonce = node.all("PING")[0]?.body.nonce ?? "";
    sender.say("PONG", { nonce }, { to: subject.nodeId });
    await world.run(SECOND_MS);
    expect(subject.relay.view.mailbox?.frames).toBe(1);
  });

  test("survives a crash of the relay with everything it said it kept, in order", async () => {
    const { world, subject, sender, homes, identity } = await makeBoxScene();
    for (const text of numbered(200)) sender.direct(identity.nodeId, text);
    await world.until(() => subject.relay.view.mailbox?.frames === 200);
    subject.process.kill();
    await world.run(SECOND_MS);
    const again = await startRelay(world, subject.host, { boxes: {} });
    expect(again.relay.view.mailbox?.frames).toBe(200);
    const node = await RawPeer.dial(world, world.createRuntime(homes[1] as SimHost), again.host, identity);
    node.onMessage = (message) => pong(node, message);
    node.hello({ to: again.nodeId });
    await world.until(() => again.relay.view.mailbox?.frames === 0);
    expect(textsOf(node)).toEqual(numbered(200));
  });

  test("hands over to a node that reads slowly no faster than it reads, and lets newer frames wait behind", async () => {
    const { world, subject, sender, come, send, identity } = await makeBoxScene();
    const long = numbered(60).map((text) => text + "x".repeat(20_000));
    for (let at = 0; at < long.length; at += 20) {
      await send(long.slice(at, at + 20));
      await world.run(2 * SECOND_MS);
    }
    const node = await come();
    node.connection?.pause();
    sender.direct(identity.nodeId, "newer");
    await world.run(5 * SECOND_MS);
    expect(subject.relay.view.queuedBytes).toBeLessThan(600_000);
    expect(subject.relay.view.mailbox?.frames).toBe(60);
    node.connection?.resume();
    await world.until(() => textsOf(node).length === 61);
    expect(textsOf(node)).toEqual([...long, "newer"]);
    await world.until(() => subject.relay.view.mailbox?.frames === 0);
  });

  test("closes a node that takes nothing of what was kept, and keeps it", async () => {
    const { world, subject, come, send } = await makeBoxScene();
    for (let round = 0; round < 3; round++) {
      await send(numbered(20).map((text) => text + "x".repeat(20_000)));
      await world.run(2 * SECOND_MS);
    }
    const node = await come();
    node.connection?.pause();
    await world.run(50 * SECOND_MS);
    expect(subject.relay.view.registered).toBe(1);
    expect(subject.relay.view.mailbox?.frames).toBe(60);
  });

  test("refuses with an error while the disk is full, hands on to others, and keeps again once there is room", async () => {
    const { world, subject, sender, register, come, send, errorOf, sample } = await makeBoxScene();
    const other = await register(2);
    await send(["before"]);
    subject.host.disk.limitFree(0);
    const [refused] = await send(["x".repeat(100_000)]);
    expect(errorOf(refused as MessageOf<"DIRECT">)).toEqual(["UNREACHABLE"]);
    expect(sample('frames_refused_total{reason="mailbox_broken"}')).toBe(1);
    expect(subject.log.events.some(({ event }) => event === "relay_mailbox_failed")).toBe(true);
    sender.direct(other.nodeId, "passes");
    await world.until(() => textsOf(other).length === 1);
    subject.host.disk.limitFree(Infinity);
    await send(["after"]);
    const node = await come();
    await world.until(() => textsOf(node).length === 2);
    expect(textsOf(node)).toEqual(["before", "after"]);
  });

  test("refuses with an error while another program locks it, and keeps again afterwards", async () => {
    const { world, subject, send, errorOf, come, leave } = await makeBoxScene();
    await send(["before"]);
    const other = await world.wait(subject.runtime.databases.open(MAILBOX_PATH));
    other.exec("BEGIN EXCLUSIVE");
    const [refused] = await send(["locked"]);
    expect(errorOf(refused as MessageOf<"DIRECT">)).toEqual(["UNREACHABLE"]);
    // It can be registered at meanwhile, and is handed its frames once they can be read.
    const node = await come();
    await world.run(SECOND_MS);
    expect(textsOf(node)).toEqual([]);
    other.exec("ROLLBACK");
    await world.until(() => textsOf(node).length === 1, { withinMs: 2 * MINUTE_MS });
    await leave(node);
    const [kept] = await send(["after"]);
    expect(errorOf(kept as MessageOf<"DIRECT">)).toEqual(["KEPT"]);
  });

  test("does not start on a file that is no database of its own, and says what to do", async () => {
    const { world, subject } = await makeScene();
    const { runtime } = subject.host.startIdle();
    const foreign = await world.wait(runtime.databases.open(MAILBOX_PATH));
    foreign.exec("CREATE TABLE theirs (a INTEGER)");
    foreign.close();
    const host = subject.host;
    subject.process.kill();
    await world.run(SECOND_MS);
    await expect(startRelay(world, host, { boxes: {} })).rejects.toMatchObject({
      code: "DATABASE_ERROR",
      hint: expect.stringContaining("senders keep"),
    });
  });
});
