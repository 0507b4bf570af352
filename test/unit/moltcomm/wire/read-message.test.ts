/** Hunts: a malformed frame that is taken, a right one that is refused, and anything that makes the reader throw. */
import { describe, expect, test } from "vitest";
import { readMessage, readPeerRecord } from "../../../../src/moltcomm/wire/mod.ts";
import { ana, ben, direct, ID, makeKeyBook, read, TS, withFields } from "./support.ts";

describe("§3 readMessage", () => {
  test("gives the message without its version and without unknown fields, at every level", () => {
    const peer = ana.record({ addrs: ["tcp://127.0.0.1:9001"], ts: TS, expires: TS + 1 });
    const hello = ana.sign({ t: "HELLO", id: ID, ts: TS, body: { agent: "a", peer } });
    const noisy = withFields(hello, { hop: 1, body: { ...hello.body, x: [1], peer: { ...peer, y: {} } } });
    expect(read(noisy)).toEqual({ message: hello });
  });

  test("reads a missing, a null and an empty recipient as none", () => {
    const ping = ana.sign({ t: "PING", id: ID, ts: TS, body: { nonce: "1" } });
    for (const over of [{}, { to: null }, { to: "" }]) {
      const result = read(withFields(ping, over));
      expect(result).toEqual({ message: ping });
      expect("message" in result && "to" in result.message).toBe(false);
    }
  });

  test("§4: reads an optional text that is empty as missing, since the signature covers both alike", () => {
    const error = ana.sign({ t: "ERROR", id: ID, ts: TS, body: { code: "BAD_TS" } });
    const result = read(withFields(error, { body: { code: "BAD_TS", ref: "", detail: "" } }));
    expect(result).toEqual({ message: error });
    expect("message" in result && makeKeyBook().verify(result.message)).toBe(true);
  });

  test("§3: takes what a prototype has for no field", () => {
    const { body: _body, ...rest } = direct("hello");
    const smuggled = JSON.stringify({ v: 1, ...rest }).replace(/\}$/, ',"__proto__":{"body":{"msg":"hello"}}}');
    expect(read(smuggled)).toMatchObject({ refused: { code: "BAD_FRAME" } });
    expect({}).not.toHaveProperty("body");
  });

  test.each(["constructor", "__proto__", "toString", "hasOwnProperty", ""])("§5: t = %j is UNSUPPORTED", (t) => {
    const text = JSON.stringify(withFields(direct("hello"), { t }));
    expect(read(text)).toMatchObject({ refused: { code: "UNSUPPORTED" } });
  });

  test("§3: answers a wrong version before it looks at fields which that version may not have", () => {
    expect(read({ v: 2 })).toMatchObject({ refused: { code: "UNSUPPORTED" } });
    expect(read({ v: true })).toMatchObject({ refused: { code: "BAD_FRAME" } });
  });

  test("§4: a body that is an array with the right properties is no object", () => {
    const text = JSON.stringify(withFields(direct("hello"), { body: [{ msg: "hello" }] }));
    expect(read(text)).toMatchObject({ refused: { code: "BAD_FRAME" } });
  });

  test("survives any depth of nesting, in what it reads and in what it ignores", () => {
    const depth = 300_000;
    const deep = "[".repeat(depth) + "]".repeat(depth);
    expect(read("[".repeat(depth))).toMatchObject({ refused: { code: "BAD_FRAME" } });
    expect(read(deep)).toMatchObject({ refused: { code: "BAD_FRAME" } });
    const message = JSON.stringify(withFields(direct("hello"), { x: 0 }));
    for (const text of [message.replace('"x":0', `"x":${deep}`), message.replace('"hello"', deep)]) {
      const result = read(text);
      expect("message" in result || result.refused.code === "BAD_FRAME").toBe(true);
    }
  });

  test("works as before after a frame that was no UTF-8", () => {
    expect(readMessage(Uint8Array.of(0x7b, 0xe2, 0x82))).toMatchObject({ refused: { code: "BAD_FRAME" } });
    expect(read(withFields(direct("hello"), {}))).toEqual({ message: direct("hello") });
  });
});

describe("§5 what a refusal tells", () => {
  test("names the id and the sender where they can be read, to address the answer", () => {
    expect(read(withFields(direct("hello"), { t: "GOSSIP" }))).toEqual({
      refused: { code: "UNSUPPORTED", detail: expect.any(String), id: ID, from: ana.nodeId },
    });
  });

  test.each([
    ["an id that is no string", { id: 1 }, ["from"]],
    ["an id with a lone surrogate", { id: "\ud800" }, ["from"]],
    ["an id too long to be repeated", { id: "i".repeat(257) }, ["from"]],
    ["a sender that is no node id", { from: "ed25519:x" }, ["id"]],
    ["neither", { id: null, from: null }, []],
  ])("leaves out %s", (_what, over, left) => {
    const result = read(withFields(direct("hello"), { ts: null, ...over }));
    expect("refused" in result && Object.keys(result.refused)).toEqual(["code", "detail", ...left]);
  });

  test("repeats nothing of the frame but names of fields", () => {
    const secret = "wxyzzyw";
    const texts = [
      secret,
      `{"v":1,"${secret}`,
      JSON.stringify(withFields(direct("hello"), { t: secret })),
      JSON.stringify(withFields(direct("hello"), { body: { msg: [secret] } })),
    ];
    for (const text of texts) expect(JSON.stringify(read(text))).not.toContain(secret);
  });
});

describe("§6 readPeerRecord", () => {
  const record = ben.record({ addrs: [], ts: TS, expires: TS + 1 });

  test("takes a record with no address, and drops unknown fields", () => {
    expect(readPeerRecord({ ...record, extra: 1 })).toEqual(record);
  });

  test("takes what is no object with all its fields for none", () => {
    for (const value of [null, undefined, 1, "x", [], [record], {}]) expect(readPeerRecord(value)).toBe(undefined);
  });

  test("takes a record with a lone surrogate for none", () => {
    expect(readPeerRecord({ ...record, addrs: ["tcp://\udfff:1"] })).toBe(undefined);
    expect(readPeerRecord({ ...record, peer_id: "\ud83d" })).toBe(undefined);
  });
});
