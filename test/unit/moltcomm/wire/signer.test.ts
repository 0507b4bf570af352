/** Hunts: a message that we send and no other node can read or verify. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../../src/errors.ts";
import {
  type Draft,
  FrameReader,
  type MessageType,
  readMessage,
  signatureInput,
} from "../../../../src/moltcomm/wire/mod.ts";
import { independentInput, independentVerify } from "./independent.ts";
import { ana, ben, direct, ID, makeKeyBook, TS } from "./support.ts";

const peer = ana.record({ addrs: ["tcp://127.0.0.1:9001"], ts: TS, expires: TS + 1 });
const common = { id: ID, to: ben.nodeId, ts: TS };
const drafts: readonly Draft<MessageType>[] = [
  { t: "HELLO", ...common, body: { agent: "barnacle/1", peer } },
  { t: "HELLO_ACK", ...common, body: { peer } },
  { t: "PING", id: ID, ts: TS, body: { nonce: "é" } },
  { t: "PONG", ...common, body: { nonce: "" } },
  { t: "PEERS", id: ID, ts: TS, body: { n: 3 } },
  { t: "PEERS_RES", ...common, body: { ref: ID, peers: [peer] } },
  { t: "DIRECT", ...common, body: { msg: '"\\\u0000\u2028😀' } },
  { t: "ACK", ...common, body: { ref: ID } },
  { t: "ERROR", ...common, body: { ref: ID, code: "REPLAY", detail: "seen" } },
];

describe("Signer", () => {
  for (const draft of drafts) {
    test(`§5: signs and frames ${draft.t} so that it is read back, verified here and by an independent reading`, () => {
      const reader = new FrameReader({ maxFrameBytes: 10_000 });
      reader.push(ana.frame(draft));
      const body = reader.next() ?? new Uint8Array(0);
      const result = readMessage(body);
      if (!("message" in result)) throw new Error("The frame was refused");
      expect(result.message).toEqual({ ...draft, from: ana.nodeId, pub: ana.pub, sig: expect.any(String) });
      expect(result.message).toEqual(ana.sign(draft));
      expect(makeKeyBook().verify(result.message)).toBe(true);
      const json = JSON.parse(new TextDecoder().decode(body));
      expect(independentVerify(independentInput(json), json.from, json.pub, json.sig)).toBe(true);
    });
  }

  test("§3: puts the signature last, and leaves `to` out where there is none", () => {
    const draft: Draft<"PING"> = { t: "PING", id: ID, ts: TS, body: { nonce: "1" } };
    const json = JSON.parse(new TextDecoder().decode(ana.frame(draft).subarray(4)));
    expect("to" in ana.sign(draft)).toBe(false);
    expect(Object.keys(json)).toEqual(["v", "t", "id", "from", "pub", "ts", "body", "sig"]);
  });

  test.each(
    [
      ["a text", { t: "DIRECT", ...common, body: { msg: "half \ud83d" } }],
      ["an id", { t: "ACK", ...common, id: "\udc00", body: { ref: ID } }],
      ["a recipient", { t: "ACK", ...common, to: "\udc00", body: { ref: ID } }],
      ["a detail", { t: "ERROR", ...common, body: { code: "BAD_TS", detail: "\ud800\ud800" } }],
    ] as const,
  )("§11.8: refuses to sign %s with a lone surrogate", (_what, draft) => {
    for (const act of [() => ana.sign(draft), () => ana.frame(draft)]) {
      let thrown: unknown;
      try {
        act();
      } catch (error) {
        thrown = error;
      }
      expect(thrown instanceof BarnacleError && thrown.code).toBe("BODY_INVALID");
    }
  });

  test("§6: its record verifies, and says where and until when", () => {
    expect(peer).toMatchObject({ peer_id: ana.nodeId, addrs: ["tcp://127.0.0.1:9001"], ts: TS, expires: TS + 1 });
    expect(makeKeyBook().verifyRecord(peer)).toBe(true);
  });
});

describe("§4 signatureInput", () => {
  const textOf = (msg: string) => new TextDecoder().decode(signatureInput(direct(msg))).split(",").at(-2);

  test("counts bytes of UTF-8, not characters", () => {
    expect(textOf("a")).toBe("1:a");
    expect(textOf("é")).toBe("2:é");
    expect(textOf("€")).toBe("3:€");
    expect(textOf("😀")).toBe("4:😀");
    expect(textOf("\u07ff\u0800\ud7ff\ue000\uffff")).toBe("14:\u07ff\u0800\ud7ff\ue000\uffff");
  });

  test("gives bytes of its own: a later input changes no earlier", () => {
    const first = signatureInput(direct("one"));
    const copy = [...first];
    signatureInput(direct("two"));
    expect([...first]).toEqual(copy);
  });

  test("cannot be made equal by moving characters from one value to the next", () => {
    const message = direct("1:a,1:b");
    const moved = { ...message, id: `${ID},1:1`, body: { msg: "a,1:b" } };
    expect(signatureInput(message)).not.toEqual(signatureInput(moved));
  });
});
