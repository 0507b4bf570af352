/**
 * Hunts: a message taken for delivered by somebody else's word, one that waits for an answer that cannot come, and mail out of order.
 * Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { SimWorld } from "../../../sim/mod.ts";
import { makeIdentity, makeScene, MINUTE_MS, newId, PORT, RawPeer, SECOND_MS, startNode } from "./support.ts";

/** A node, and a raw peer that listens, shakes hands, and leaves mail without an answer. */
async function makeMailScene(options: Parameters<typeof makeScene>[0] = {}) {
  const scene = await makeScene({ addressesOf: () => ["tcp://10.0.0.2:9001"], ...options });
  const peer = (await RawPeer.listen(scene.world, scene.runtime, scene.there)).answersHellos();
  const attempt = (msg = "hi", id = newId()) => scene.subject.node.attempt({ to: peer.nodeId, id, msg });
  const sent = async () => await peer.next("DIRECT");
  return { ...scene, peer, attempt, sent };
}

describe("an attempt", () => {
  test("is signed afresh each time, with the id it was given (§11, reading 3)", async () => {
    const { world, peer, attempt, subject } = await makeMailScene();
    peer.answersDirects(() => "RATE_LIMIT");
    const id = newId();
    await world.wait(attempt("hi", id));
    await world.run(MINUTE_MS);
    await world.wait(attempt("hi", id));
    const [first, second] = peer.all("DIRECT");
    expect(second).toMatchObject({ id, to: peer.nodeId, from: subject.nodeId, body: { msg: "hi" } });
    expect(first?.id).toBe(id);
    expect(second?.ts).toBeGreaterThan(first?.ts ?? 0);
    expect(second?.sig).not.toBe(first?.sig);
  });

  test("that was prepared leaves as it was signed then, unless that is a second ago or more", async () => {
    const { world, peer, attempt, subject } = await makeMailScene();
    peer.answersDirects(({ body }) => body.msg === "first" ? undefined : "ACK");
    const prepare = (id: string) => subject.node.prepare({ to: peer.nodeId, id, msg: "next" });
    const [early, soon, late] = [newId(), newId(), newId()];
    // Nothing is on its way yet.
    prepare(early);
    void attempt("first");
    await world.run(500);
    const earlyMs = Math.floor(world.clock.wallMs());
    await world.wait(attempt("next", early));
    const soonMs = Math.floor(world.clock.wallMs());
    prepare(soon);
    await world.run(900);
    await world.wait(attempt("next", soon));
    prepare(late);
    await world.run(1_100);
    const lateMs = Math.floor(world.clock.wallMs());
    await world.wait(attempt("next", late));
    expect(peer.all("DIRECT").slice(1).map(({ id, ts }) => [id, ts])).toEqual([
      [early, earlyMs],
      [soon, soonMs],
      [late, lateMs],
    ]);
  });

  test("is not taken for another that was prepared", async () => {
    const { world, peer, attempt, subject } = await makeMailScene();
    peer.answersDirects(({ body }) => body.msg === "first" ? undefined : "ACK");
    void attempt("first");
    await world.run(500);
    subject.node.prepare({ to: peer.nodeId, id: newId(), msg: "prepared" });
    const id = newId();
    expect(await world.wait(attempt("another", id))).toEqual({ outcome: "delivered" });
    expect(peer.all("DIRECT").at(-1)).toMatchObject({ id, body: { msg: "another" } });
  });

  test("many at once go over one connection in the order of the calls", async () => {
    const { world, peer, attempt } = await makeMailScene();
    peer.answersDirects(() => "ACK");
    const outcomes = Array.from({ length: 50 }, (_, index) => attempt(`${index}`));
    for (const outcome of await world.wait(Promise.all(outcomes))) expect(outcome).toEqual({ outcome: "delivered" });
    expect(peer.all("DIRECT").map(({ body }) => body.msg)).toEqual(
      Array.from({ length: 50 }, (_, index) => `${index}`),
    );
    expect(peer.events.filter((event) => event === "accept").length).toBe(1);
    expect(peer.all("HELLO").length).toBe(1);
  });

  test.each([
    ["BAD_SIG"],
    ["BAD_FRAME"],
    ["UNSUPPORTED"],
    ["RATE_LIMIT"],
    ["BAD_TS"],
    ["NOT_FOR_ME"],
    ["UNREACHABLE"],
  ])("that the recipient refuses with %s failed by the recipient's word", async (code) => {
    const { world, peer, attempt } = await makeMailScene();
    peer.answersDirects(() => code);
    expect(await world.wait(attempt())).toEqual({ outcome: "failed", reason: code, byRecipient: true, detail: "" });
  });

  test("REPLAY from the recipient means delivered (§11, reading 4)", async () => {
    const { world, peer, attempt } = await makeMailScene();
    peer.answersDirects(() => "REPLAY");
    expect(await world.wait(attempt())).toEqual({ outcome: "delivered" });
  });

  test("an unknown code is a failed attempt, and its words are cut (§11, reading 7)", async () => {
    const { world, peer, attempt } = await makeMailScene();
    peer.answersDirects(() => `OUT_OF_TEA ${"x".repeat(5_000)}`);
    const outcome = await world.wait(attempt());
    expect(outcome).toMatchObject({ outcome: "failed", reason: "UNKNOWN_CODE", byRecipient: true });
    if (outcome.outcome === "failed") expect(outcome.detail.length).toBeLessThanOrEqual(200);
  });

  test("without an answer it times out", async () => {
    const { world, attempt, sent } = await makeMailScene();
    const outcome = attempt();
    await sent();
    const startMs = world.clock.monotonicMs();
    expect(await world.wait(outcome)).toMatchObject({ reason: "TIMED_OUT", byRecipient: false });
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(16 * SECOND_MS);
  });

  test("after one that timed out asks who is there before it goes: a HELLO_ACK may have been played again", async () => {
    const { world, peer, attempt, subject } = await makeMailScene();
    peer.answersDirects(() => peer.all("HELLO").length > 1 ? "ACK" : undefined);
    const outcome = attempt("1");
    await world.run(10 * SECOND_MS);
    // Somebody is there, who does not answer for the node that is sought.
    peer.say("PING", { nonce: "n" }, { to: subject.nodeId });
    expect(await world.wait(outcome)).toMatchObject({ reason: "TIMED_OUT" });
    expect(await world.wait(attempt("2"))).toEqual({ outcome: "delivered" });
    expect(peer.all("HELLO").map(({ to }) => to)).toEqual([peer.nodeId, peer.nodeId]);
    expect(peer.events.filter((event) => event === "accept").length).toBe(1);
  });

  test("when its connection dies it fails at once, and with it all behind it", async () => {
    const { world, peer, attempt, sent } = await makeMailScene();
    const outcomes = [attempt("1"), attempt("2"), attempt("3")];
    await sent();
    await world.run(100);
    const startMs = world.clock.monotonicMs();
    peer.connection?.destroy();
    for (const outcome of await world.wait(Promise.all(outcomes))) {
      expect(outcome).toMatchObject({ reason: "CONNECTION_LOST", byRecipient: false });
    }
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(100);
  });

  test("when the peer ends the connection it fails at once, but what came before the end counts", async () => {
    const { world, peer, attempt } = await makeMailScene();
    peer.answersDirects((message) => {
      if (message.body.msg === "1") return "ACK";
      peer.connection?.end();
      return undefined;
    });
    const outcomes = await world.wait(Promise.all([attempt("1"), attempt("2")]));
    expect(outcomes).toEqual([{ outcome: "delivered" }, expect.objectContaining({ reason: "CONNECTION_LOST" })]);
  });

  test("to a node of which no address is known has nowhere to go", async () => {
    const { world, subject, runtime } = await makeScene();
    const outcome = await world.wait(
      subject.node.attempt({ to: makeIdentity(runtime.crypto).nodeId, id: newId(), msg: "x" }),
    );
    expect(outcome).toMatchObject({ outcome: "failed", reason: "NO_ADDRESS", byRecipient: false });
  });

  test("tries each address in turn, and relays are none to dial", async () => {
    const addresses = ["relay://10.0.0.9:1", "tcp://10.0.0.1:4444", "rubbish", "tcp://10.0.0.2:9001"];
    const { world, peer, attempt } = await makeMailScene({ addressesOf: () => addresses });
    peer.answersDirects(() => "ACK");
    expect(await world.wait(attempt())).toEqual({ outcome: "delivered" });
  });

  test("says of each address why it did not lead there", async () => {
    const { world, attempt } = await makeMailScene({ addressesOf: () => ["tcp://10.0.0.1:4444", "tcp://nobody:1"] });
    expect(await world.wait(attempt())).toEqual({
      outcome: "failed",
      reason: "CONNECTION_LOST",
      byRecipient: false,
      detail: "tcp://10.0.0.1:4444: CONNECTION_REFUSED; tcp://nobody:1: HOST_NOT_FOUND",
    });
  });

  test("a contact list that breaks costs the attempt, and nothing hangs", async () => {
    const { world, attempt } = await makeMailScene({
      addressesOf: () => {
        throw new Error("a mistake of ours");
      },
    });
    expect(await world.wait(attempt())).toMatchObject({ outcome: "failed", reason: "CONNECTION_LOST" });
  });

  test("a message that fits into no frame is not sent", async () => {
    const { world, peer, attempt } = await makeMailScene({ limits: { maxFrameBytes: 4_096 } });
    for (const msg of ["x".repeat(5_000), "€".repeat(1_300)]) {
      expect(await world.wait(attempt(msg))).toMatchObject({ outcome: "failed", reason: "TOO_LARGE" });
    }
    expect(peer.all("DIRECT")).toEqual([]);
  });

  test("a lone surrogate, which no peer would take, is not sent", async () => {
    const { world, peer, attempt } = await makeMailScene();
    expect(await world.wait(attempt("\ud800"))).toMatchObject({
      outcome: "failed",
      reason: "BAD_FRAME",
      byRecipient: false,
    });
    expect(peer.all("DIRECT")).toEqual([]);
  });

  test("a second one for a message that is under way fails by itself, and spoils nothing", async () => {
    const { world, peer, attempt, sent } = await makeMailScene();
    const id = newId();
    const first = attempt("hi", id);
    const { id: ref, from } = await sent();
    expect(await world.wait(attempt("hi", id))).toMatchObject({ outcome: "failed", byRecipient: false });
    peer.say("ACK", { ref }, { to: from });
    expect(await world.wait(first)).toEqual({ outcome: "delivered" });
  });

  test("to one more node than there are places takes that of a connection without use", async () => {
    const world = new SimWorld({ seed: 3 });
    const hosts = ["a", "b", "c"].map((name) => world.addHost(name));
    const others: Awaited<ReturnType<typeof startNode>>[] = [];
    for (const host of hosts) others.push(await startNode(world, host));
    const addressesOf = (nodeId: string) => {
      const host = others.find((other) => other.nodeId === nodeId)?.host;
      return host === undefined ? [] : [`tcp://${host.ip}:${PORT}`];
    };
    const subject = await startNode(world, world.addHost("here"), { addressesOf, limits: { connectionsMax: 2 } });
    for (const other of [...others, ...others]) {
      const outcome = subject.node.attempt({ to: other.nodeId, id: newId(), msg: "hi" });
      expect(await world.wait(outcome)).toEqual({ outcome: "delivered" });
      expect(subject.node.view.connections.dialled).toBeLessThanOrEqual(2);
    }
  });

  test("to ourselves needs no wire", async () => {
    const { world, subject } = await makeScene();
    const outcome = await world.wait(subject.node.attempt({ to: subject.nodeId, id: newId(), msg: "note to self" }));
    expect(outcome).toEqual({ outcome: "delivered" });
    expect(subject.inbox.messages[0]).toMatchObject({ from: subject.nodeId, to: subject.nodeId, msg: "note to self" });
  });
});

describe("§11 reading 4: whose answer counts", () => {
  test("nobody else's ACK or ERROR, nothing unsigned, nothing addressed to others, nothing about another message", async () => {
    const { world, subject, peer, attempt, sent, dial } = await makeMailScene();
    const outcome = attempt();
    const { id: ref, from: to } = await sent();
    const stranger = await dial();
    stranger.say("ACK", { ref }, { to });
    stranger.say("ERROR", { ref, code: "REPLAY" }, { to });
    stranger.send({ v: 1, ...peer.sign("ACK", { ref }, { to }), sig: stranger.sign("ACK", { ref }, { to }).sig });
    peer.say("ACK", { ref }, { to: stranger.nodeId });
    peer.say("ACK", { ref });
    peer.say("ERROR", { ref, code: "REPLAY" });
    peer.say("ACK", { ref: newId() }, { to });
    peer.say("ERROR", { code: "REPLAY" }, { to });
    peer.say("ACK", { ref }, { to, ts: peer.runtime.clock.wallMs() - 11 * MINUTE_MS });
    peer.say("PONG", { nonce: ref }, { to });
    peer.say("PEERS_RES", { ref, peers: [] }, { to });
    await world.run(5 * SECOND_MS);
    expect(subject.node.view.requestsOpen).toBe(1);
    expect(subject.sample('barnacle_moltcomm_stray_answers_total{type="ACK"}')).toBe(4);
    expect(peer.errors).toEqual([]);
    expect(stranger.errors).toEqual([]);
    peer.say("ACK", { ref }, { to });
    expect(await world.wait(outcome)).toEqual({ outcome: "delivered" });
  });

  test("the recipient's own ACK counts on whichever connection it comes", async () => {
    const { world, here, runtime, subject } = await makeScene();
    const identity = makeIdentity(runtime.crypto);
    const [peer, further] = [
      await RawPeer.dial(world, runtime, here, identity),
      await RawPeer.dial(world, runtime, here, identity),
    ];
    peer.answersHellos().hello();
    await peer.next("HELLO_ACK");
    const outcome = subject.node.attempt({ to: peer.nodeId, id: newId(), msg: "hi" });
    const { id: ref, from: to } = await peer.next("DIRECT");
    further.say("ACK", { ref }, { to });
    expect(await world.wait(outcome)).toEqual({ outcome: "delivered" });
  });

  test("BAD_TS is believed although its own time is off: nobody would learn that the clocks differ", async () => {
    const { world, subject, peer, attempt, sent } = await makeMailScene();
    const outcome = attempt();
    const { id: ref, from: to } = await sent();
    peer.say("ERROR", { ref, code: "BAD_TS" }, { to, ts: peer.runtime.clock.wallMs() + 60 * MINUTE_MS });
    expect(await world.wait(outcome)).toMatchObject({ reason: "BAD_TS", byRecipient: true });
    expect(subject.log.named("clocks_differ")[0]?.fields["ahead_ms"]).toBeGreaterThan(59 * MINUTE_MS);
  });
});

describe("two nodes", () => {
  async function makeTwo() {
    const world = new SimWorld({ seed: 2 });
    const [a, b] = [world.addHost("a"), world.addHost("b")];
    const two = await startNode(world, b);
    const one = await startNode(world, a, { addressesOf: () => [`tcp://${b.ip}:${PORT}`] });
    const send = (msg: string) => one.node.attempt({ to: two.nodeId, id: newId(), msg });
    return { world, a, b, one, two, send };
  }

  test("onReachable tells of a node that shook hands, on both sides, until it is ended", async () => {
    const { world, one, two, send } = await makeTwo();
    const heard: string[] = [];
    const end = two.node.onReachable((nodeId) => heard.push(nodeId));
    one.node.onReachable((nodeId) => heard.push(nodeId));
    await world.wait(send("hello"));
    expect(heard.sort()).toEqual([one.nodeId, two.nodeId].sort());
    end();
    await world.run(5 * MINUTE_MS);
    await world.wait(send("again"));
    expect(heard.filter((nodeId) => nodeId === one.nodeId).length).toBe(1);
  });

  test("a connection that is of no use any more is closed, and made again when it is needed", async () => {
    const { world, one, two, send } = await makeTwo();
    await world.wait(send("1"));
    await world.run(4 * MINUTE_MS);
    expect(one.node.view.connections).toEqual({ accepted: 0, dialled: 0 });
    expect(two.node.view.connections).toEqual({ accepted: 0, dialled: 0 });
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
    expect(two.inbox.texts).toEqual(["1", "2"]);
  });

  test("a partition costs attempts their time, and mail flows again after it", async () => {
    const { world, a, b, two, send } = await makeTwo();
    await world.wait(send("1"));
    world.network.partition([a], [b]);
    expect(await world.wait(send("2"))).toMatchObject({ reason: "TIMED_OUT" });
    world.network.heal();
    expect(await world.wait(send("3"))).toEqual({ outcome: "delivered" });
    expect(two.inbox.texts).toEqual(["1", "3"]);
  });

  test("a connection that times out in silence is given up, so that the next attempt makes a new one", async () => {
    const { world, one, two, b, send } = await makeTwo();
    await world.wait(send("1"));
    b.powerCut();
    expect(await world.wait(send("2"))).toMatchObject({ reason: "TIMED_OUT" });
    expect(one.node.view.connections.dialled).toBe(0);
    b.boot();
    const back = await startNode(world, b, { identity: two.identity });
    expect(await world.wait(send("2"))).toEqual({ outcome: "delivered" });
    expect(back.inbox.texts).toEqual(["2"]);
  });

  test("ping measures a round trip; of a node that is away it says so", async () => {
    const { world, one, two, b } = await makeTwo();
    const { roundTripMs } = await world.wait(one.node.ping(two.nodeId));
    expect(roundTripMs).toBeGreaterThan(0);
    expect(roundTripMs).toBeLessThan(20);
    two.process.kill();
    await world.run(SECOND_MS);
    await expect(world.wait(one.node.ping(two.nodeId))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    b.powerCut();
    await expect(world.wait(one.node.ping(two.nodeId))).rejects.toMatchObject({ code: "TIMED_OUT" });
  });

  test("stop ends what waits for an answer", async () => {
    const { world, subject, attempt, sent } = await makeMailScene();
    const outcome = attempt();
    await sent();
    const stopped = subject.node.stop();
    expect(await world.wait(outcome)).toMatchObject({ outcome: "failed", reason: "STOPPED", byRecipient: false });
    await world.wait(stopped);
  });

  test("stop answers what is being written, ends what waits, and leaves nothing open", async () => {
    const { world, one, two, send } = await makeTwo();
    await world.wait(send("1"));
    let settle: () => void = () => undefined;
    two.inbox.behave = () => new Promise((resolve) => settle = () => resolve({ outcome: "delivered" }));
    const underWay = send("2");
    await world.until(() => two.node.view.deliveriesOpen === 1);
    const stopped = two.node.stop();
    await world.run(500);
    settle();
    expect(await world.wait(underWay)).toEqual({ outcome: "delivered" });
    await world.wait(stopped);
    const waiting = send("3");
    const ended = one.node.stop();
    expect(await world.wait(waiting)).toMatchObject({ outcome: "failed" });
    await world.wait(ended);
    expect(await world.wait(send("4"))).toMatchObject({ reason: "STOPPED" });
    expect(one.node.view.connections).toEqual({ accepted: 0, dialled: 0 });
  });
});
