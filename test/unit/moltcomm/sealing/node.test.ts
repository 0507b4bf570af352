/**
 * Hunts: a message in plain that somebody on the way could have caused, a sealed one that does not open, and an order that breaks because
 * sealing takes its time. Sections are those of MoltComm v1.
 */
import { describe, expect, test } from "vitest";
import { nameOf, readSealedText } from "../../../../src/moltcomm/sealing/sealed-text.ts";
import { Sealer } from "../../../../src/moltcomm/sealing/sealer.ts";
import { SimWorld } from "../../../sim/mod.ts";
import { MINUTE_MS, newId, SECOND_MS, startNode } from "../node/support.ts";
import { makeSealingScene, type Mode, openAll, SEALS } from "./scene.ts";

// A first import takes real time, which no world waits for.
await import("../../../../src/moltcomm/sealing/suite.ts");

const NOT_SEALED = { outcome: "failed", reason: "NOT_SEALED", byRecipient: false };

describe("§11 reading 10: a message out", () => {
  test("goes sealed to a node that announces it, and opens there", async () => {
    const { world, attempt, peer, sealer, subject } = await makeSealingScene();
    expect(await world.wait(attempt("hello"))).toEqual({ outcome: "delivered" });
    const [direct] = peer.all("DIRECT");
    expect(direct?.body.msg).toMatch(/^hpke1:[A-Za-z0-9_-]{71}$/);
    expect(await openAll(sealer, peer.all("DIRECT"))).toEqual(["hello"]);
    expect(peer.all("HELLO")[0]?.body.agent).toBe("barnacle/test (hpke1; hpke1s; inorder)");
    expect(subject.sample('barnacle_moltcomm_sealed_messages_total{outcome="sent"}')).toBe(1);
  });

  test.each([undefined, "other/1", "other/1 hpke1", "other/1 (hpke2)"])(
    "goes in plain to one that says %j",
    async (agent) => {
      const { world, attempt, peer, texts } = await makeSealingScene();
      peer.agent = agent;
      expect(await world.wait(attempt("hello"))).toEqual({ outcome: "delivered" });
      expect(texts()).toEqual(["hello"]);
    },
  );

  test("many at once keep the order of the calls", async () => {
    const { world, attempt, peer, sealer } = await makeSealingScene();
    const wanted = Array.from({ length: 60 }, (_, index) => `${index}`.repeat(1 + (index % 7) * 300));
    await world.wait(Promise.all(wanted.map((text) => attempt(text))));
    expect(await openAll(sealer, peer.all("DIRECT"))).toEqual(wanted);
  });

  test("is sealed afresh for each attempt", async () => {
    const { world, attempt, peer, texts } = await makeSealingScene();
    peer.answer = "RATE_LIMIT";
    const id = newId();
    await world.wait(attempt("hi", id));
    await world.wait(attempt("hi", id));
    expect(new Set(texts()).size).toBe(2);
  });

  test("that does not fit once it is sealed is not sent in plain instead", async () => {
    const { world, attempt, texts } = await makeSealingScene("auto", { limits: { maxFrameBytes: 8_192 } });
    expect(await world.wait(attempt("x".repeat(7_000)))).toMatchObject({ outcome: "failed", reason: "TOO_LARGE" });
    expect(texts()).toEqual([]);
  });

  test("with half of a surrogate pair is BAD_FRAME, sealed or not", async () => {
    const { world, attempt, texts } = await makeSealingScene();
    expect(await world.wait(attempt("\ud800"))).toMatchObject({ reason: "BAD_FRAME", byRecipient: false });
    expect(texts()).toEqual([]);
  });

  test("whose recipient cannot open it is failed by its word", async () => {
    const { world, attempt, peer } = await makeSealingScene();
    peer.answer = "BAD_FRAME";
    expect(await world.wait(attempt())).toMatchObject({ outcome: "failed", reason: "BAD_FRAME", byRecipient: true });
  });
});

describe("§11 reading 10: a series", () => {
  const SERIES = "other/1 (hpke1; hpke1s)";

  /** Ephemeral key and number of each message that came. */
  const namesOf = (texts: readonly string[]) =>
    texts.map((text) => {
      const parts = readSealedText(text);
      return { enc: parts === undefined ? "" : nameOf(parts.enc), number: parts?.number };
    });

  test("serves a node that announces it: one ephemeral key, numbered, opened in any order and after a restart", async () => {
    const { world, attempt, identity, peer, runtime, sealer, texts } = await makeSealingScene();
    peer.agent = SERIES;
    const wanted = Array.from({ length: 30 }, (_, index) => `${index}`);
    await world.wait(Promise.all(wanted.map((text) => attempt(text))));
    const names = namesOf(texts());
    expect(new Set(names.map(({ enc }) => enc)).size).toBe(1);
    expect(names.map(({ number }) => number)).toEqual(wanted.map((_, index) => index + 1));
    const last = peer.all("DIRECT").toReversed();
    expect(await openAll(sealer, last)).toEqual(wanted.toReversed());
    // One that has restarted knows nothing of it, and one that does opens it at once.
    expect(await openAll(new Sealer(runtime, identity), last.slice(0, 1))).toEqual(["29"]);
    const [first] = last;
    if (first?.t !== "DIRECT") throw new TypeError("no message");
    const { from, to = "", id, body } = first;
    expect(sealer.openNow(body.msg, { from, to, id })).toEqual({ msg: "29" });
    expect(sealer.openNow(body.msg, { from, to, id: newId() })).toEqual({ wrong: "unopenable" });
    expect(sealer.openNow(body.msg.replace(/\d+$/, "7"), { from, to, id })).toEqual({ wrong: "unopenable" });
  });

  test("is not used with a node that announces single messages only", async () => {
    const { world, attempt, texts } = await makeSealingScene();
    await world.wait(attempt("one"));
    await world.wait(attempt("two"));
    expect(namesOf(texts()).map(({ number }) => number)).toEqual([undefined, undefined]);
    expect(new Set(namesOf(texts()).map(({ enc }) => enc)).size).toBe(2);
  });

  test("ends after ten minutes, and when the node does not announce it any more", async () => {
    const { world, attempt, comesBack, peer, sealer, texts } = await makeSealingScene();
    peer.agent = SERIES;
    await world.wait(attempt("one"));
    await world.run(11 * MINUTE_MS);
    await world.wait(attempt("two"));
    await comesBack(SEALS);
    await world.wait(attempt("three"));
    const names = namesOf(texts());
    expect(names.map(({ number }) => number)).toEqual([1, 1, undefined]);
    expect(new Set(names.map(({ enc }) => enc)).size).toBe(3);
    expect(await openAll(sealer, peer.all("DIRECT"))).toEqual(["one", "two", "three"]);
  });
});

describe("§11 reading 10: never back to plain by itself", () => {
  test("to a node that took sealed messages and does not say so now, nothing goes", async () => {
    const { world, attempt, comesBack, subject, texts } = await makeSealingScene();
    await world.wait(attempt("one"));
    await comesBack("other/1");
    const outcome = await world.wait(attempt("two"));
    expect(outcome).toMatchObject(NOT_SEALED);
    if (outcome.outcome === "failed") expect(outcome.detail).toContain("barnacle contacts unseal");
    expect(texts().length).toBe(1);
    expect(subject.sample('barnacle_moltcomm_sealed_messages_total{outcome="withheld"}')).toBe(1);
  });

  test("nor to one that only announced it, before anything was sealed to it", async () => {
    const { world, attempt, comesBack, subject, peer } = await makeSealingScene();
    await world.wait(subject.node.ping(peer.nodeId).catch(() => undefined));
    await comesBack("other/1");
    expect(await world.wait(attempt())).toMatchObject(NOT_SEALED);
  });

  test("once it announces it again, messages go sealed again", async () => {
    const { world, attempt, comesBack, peer, sealer } = await makeSealingScene();
    await world.wait(attempt("one"));
    await comesBack("other/1");
    await world.wait(attempt("two"));
    await comesBack(SEALS);
    expect(await world.wait(attempt("three"))).toEqual({ outcome: "delivered" });
    expect(await openAll(sealer, peer.all("DIRECT"))).toEqual(["one", "three"]);
  });

  test("the operator may allow plain messages, until the node announces it again", async () => {
    const { world, attempt, comesBack, peer, subject, texts, unsealed } = await makeSealingScene();
    await world.wait(attempt("one"));
    await comesBack(undefined);
    unsealed.set(peer.nodeId, subject.runtime.clock.wallMs());
    expect(await world.wait(attempt("two"))).toEqual({ outcome: "delivered" });
    expect(texts()[1]).toBe("two");
    await comesBack(SEALS);
    await world.wait(attempt("three"));
    expect(texts()[2]).toMatch(/^hpke1:/);
    await comesBack(undefined);
    expect(await world.wait(attempt("four"))).toMatchObject(NOT_SEALED);
  });

  test("it is remembered over a restart, also one without a good end", async () => {
    const { world, attempt, comesBack, here, peer, subject } = await makeSealingScene();
    await world.wait(attempt("one"));
    const file = await world.wait(subject.runtime.files.read("/work/.moltcomm/sealing.json", 10_000));
    expect(JSON.parse(new TextDecoder().decode(file)).nodes).toMatchObject([{ node_id: peer.nodeId }]);
    subject.process.kill("SIGKILL");
    await comesBack("other/1");
    const again = await startNode(world, here, {
      identity: subject.identity,
      addressesOf: () => ["tcp://10.0.0.2:9001"],
      sealing: { mode: "auto", unsealedAtMs: () => undefined },
    });
    expect(await world.wait(again.node.attempt({ to: peer.nodeId, id: newId(), msg: "two" }))).toMatchObject(
      NOT_SEALED,
    );
  });

  test("the first one does not leave before the disk has taken that the node gets them sealed", async () => {
    const { world, attempt, here, texts } = await makeSealingScene();
    here.disk.limitFree(0);
    expect(await world.wait(attempt("one"))).toMatchObject(NOT_SEALED);
    expect(await world.wait(attempt("one"))).toMatchObject(NOT_SEALED);
    expect(texts()).toEqual([]);
    here.disk.limitFree(1_000_000);
    expect(await world.wait(attempt("one"))).toEqual({ outcome: "delivered" });
    expect(texts().length).toBe(1);
  });

  test("an older handshake without the announcement, played again, changes nothing", async () => {
    const { world, dial, identity, peer, attempt, sealer, subject } = await makeSealingScene();
    const older = peer.sign("HELLO", { agent: "other/1", peer: peer.record() });
    await world.run(SECOND_MS);
    await world.wait(attempt("one"));
    const other = await dial();
    other.send({ v: 1, ...older });
    await other.next("HELLO_ACK");
    expect(identity.nodeId).toBe(older.from);
    await world.wait(attempt("two"));
    expect(await openAll(sealer, peer.all("DIRECT"))).toEqual(["one", "two"]);
    expect(subject.sample('barnacle_moltcomm_sealed_messages_total{outcome="withheld"}')).toBe(0);
  });

  test("an announcement that somebody changed on the way does not count: the signature covers it", async () => {
    const { world, dial, peer, attempt, comesBack, subject } = await makeSealingScene();
    await comesBack(undefined);
    const hello = peer.sign("HELLO", { agent: "other/1", peer: peer.record() });
    const other = await dial();
    other.send({ v: 1, ...hello, body: { ...hello.body, agent: SEALS } });
    await world.until(() => other.errors.length > 0);
    expect(other.errors).toEqual(["BAD_SIG"]);
    expect(await world.wait(attempt("one"))).toEqual({ outcome: "delivered" });
    expect(subject.sample('barnacle_moltcomm_sealed_messages_total{outcome="sent"}')).toBe(0);
  });
});

describe("§11 reading 10: a message in", () => {
  async function makeIncoming(mode: Mode = "auto") {
    const scene = await makeSealingScene(mode);
    const sender = await scene.dial();
    const sealer = new Sealer(scene.runtime, { agreementKey: () => scene.identity.agreementKey() });
    const { subject } = scene;
    const seal = (text: string, id: string, over: { from?: string; to?: string; id?: string } = {}) =>
      sealer.seal(text, subject.identity.agreementKey().publicKey, {
        from: sender.nodeId,
        to: subject.nodeId,
        id,
        ...over,
      });
    const say = (msg: string, id: string) => sender.direct(subject.nodeId, msg, { id });
    return { ...scene, sender, seal, say };
  }

  test.each(["auto", "required", "off"] as const)(
    "that is sealed is opened for the inbox, in the mode %s",
    async (mode) => {
      const { inbox, seal, say, sender, subject } = await makeIncoming(mode);
      const id = newId();
      const answer = await sender.answerTo(say(await seal("Grüße", id), id));
      expect(answer.t).toBe("ACK");
      expect(inbox.messages).toMatchObject([{ from: sender.nodeId, to: subject.nodeId, id, msg: "Grüße" }]);
      expect(subject.sample('barnacle_moltcomm_sealed_messages_total{outcome="opened"}')).toBe(1);
    },
  );

  test("that does not open is BAD_FRAME, for good, and nothing of it is kept", async () => {
    const { inbox, seal, say, sender, subject } = await makeIncoming();
    const other = newId();
    const wrong = [
      "hpke1:",
      "hpke1:what is that?",
      `hpke1:${"A".repeat(90)}`,
      await seal("x", other, { to: sender.nodeId }),
    ];
    wrong.push(await seal("x", other, { from: subject.nodeId }), await seal("x", newId()));
    for (const msg of wrong) {
      const answer = await sender.answerTo(say(msg, newId()));
      expect([msg, answer.body]).toMatchObject([msg, { code: "BAD_FRAME" }]);
    }
    expect(inbox.messages).toEqual([]);
    const id = newId();
    // What follows is not held up by it.
    expect((await sender.answerTo(say(await seal("good", id), id))).t).toBe("ACK");
    expect(inbox.texts).toEqual(["good"]);
    expect(subject.node.view).toMatchObject({ deliveriesOpen: 0, refusals: { BAD_FRAME: wrong.length } });
  });

  test("sealed and plain ones of a sender keep their order", async () => {
    const { inbox, seal, say, world } = await makeIncoming();
    const ids = Array.from({ length: 40 }, newId);
    const textOf = async (id: string, index: number) => index % 3 === 0 ? `plain ${index}` : await seal(`${index}`, id);
    const texts = await Promise.all(ids.map(textOf));
    texts.forEach((text, index) => say(text, ids[index] ?? ""));
    await world.until(() => inbox.messages.length === 40);
    expect(inbox.messages.map(({ id }) => id)).toEqual(ids);
  });

  test("that came before is a duplicate, whatever it is sealed with", async () => {
    const { inbox, seal, say, sender } = await makeIncoming();
    const id = newId();
    await sender.answerTo(say(await seal("once", id), id));
    sender.received.length = 0;
    expect((await sender.answerTo(say(await seal("once", id), id))).body).toMatchObject({ code: "REPLAY" });
    expect(inbox.texts).toEqual(["once"]);
  });

  test("in plain is UNSUPPORTED where sealing is required", async () => {
    const { inbox, say, sender } = await makeIncoming("required");
    expect((await sender.answerTo(say("hello", newId()))).body).toMatchObject({ code: "UNSUPPORTED" });
    expect(inbox.messages).toEqual([]);
  });
});

describe("moltcomm.sealing", () => {
  test("required sends nothing in plain", async () => {
    const { world, attempt, peer, texts } = await makeSealingScene("required");
    peer.agent = "other/1";
    expect(await world.wait(attempt())).toMatchObject(NOT_SEALED);
    expect(texts()).toEqual([]);
  });

  test("off goes on sealing to a node that it has sealed to, and sends it nothing in plain by itself", async () => {
    const { world, attempt, comesBack, peer, sealer, texts, turnOff, unsealed } = await makeSealingScene();
    await world.wait(attempt("one"));
    const { again, say } = await turnOff();
    expect(await say("two")).toEqual({ outcome: "delivered" });
    expect(await openAll(sealer, peer.all("DIRECT"))).toEqual(["one", "two"]);
    expect(peer.all("HELLO").at(-1)?.body.agent).toBe("barnacle/test (inorder)");
    await comesBack("other/1");
    expect(await say("three")).toMatchObject(NOT_SEALED);
    unsealed.set(peer.nodeId, again.runtime.clock.wallMs());
    expect(await say("four")).toEqual({ outcome: "delivered" });
    expect(texts().at(-1)).toBe("four");
  });

  test("off sends in plain to a node that only announced that it takes sealed messages", async () => {
    const { world, peer, subject, texts, turnOff } = await makeSealingScene();
    await world.wait(subject.node.ping(peer.nodeId).catch(() => undefined));
    await (await turnOff()).say("plain");
    expect(texts()).toEqual(["plain"]);
  });

  test("off neither announces nor seals, nor remembers", async () => {
    const { world, attempt, peer, subject, texts } = await makeSealingScene("off");
    await world.wait(attempt("hello"));
    expect(texts()).toEqual(["hello"]);
    expect(peer.all("HELLO")[0]?.body.agent).toBe("barnacle/test (inorder)");
    await world.wait(subject.node.stop());
    expect(await world.wait(subject.runtime.files.list("/work/.moltcomm"))).not.toContain("sealing.json");
  });

  test("auto on both sides seals both ways between two nodes", async () => {
    const world = new SimWorld({ seed: 7 });
    const [a, b] = [world.addHost("a"), world.addHost("b")];
    const sealing = { mode: "auto", unsealedAtMs: () => undefined } as const;
    const one = await startNode(world, a, { sealing, addressesOf: () => [`tcp://${b.ip}:9001`] });
    const two = await startNode(world, b, { sealing, addressesOf: () => [`tcp://${a.ip}:9001`] });
    await world.wait(one.node.attempt({ to: two.nodeId, id: newId(), msg: "there" }));
    await world.wait(two.node.attempt({ to: one.nodeId, id: newId(), msg: "and back" }));
    expect([one.inbox.texts, two.inbox.texts]).toEqual([["and back"], ["there"]]);
    for (const node of [one, two]) {
      for (const outcome of ["sent", "opened"]) {
        expect(node.sample(`barnacle_moltcomm_sealed_messages_total{outcome="${outcome}"}`)).toBe(1);
      }
    }
    await world.run(MINUTE_MS);
    expect(two.node.peers()).toMatchObject([{ nodeId: one.nodeId, agent: "barnacle/test (hpke1; hpke1s; inorder)" }]);
  });
});
