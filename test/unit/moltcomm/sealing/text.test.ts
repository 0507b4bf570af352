/** Hunts: an announcement read where there is none, addressings that give the same bytes, and two texts for one sealed message. */
import { describe, expect, test } from "vitest";
import { announceSealing, announcesSealing } from "../../../../src/moltcomm/sealing/announcement.ts";
import { InOrder } from "../../../../src/moltcomm/sealing/in-order.ts";
import {
  associatedData,
  isSealedText,
  readSealedText,
  writeSealedText,
} from "../../../../src/moltcomm/sealing/sealed-text.ts";
import { Sealer } from "../../../../src/moltcomm/sealing/sealer.ts";
import { createRandom } from "../../../../src/runtime/shared/random.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";
import { toHex } from "./support.ts";

const random = createRandom();

describe("the announcement", () => {
  test("is a comment at the end of agent", () => {
    expect(announceSealing("barnacle/0.1.0")).toBe("barnacle/0.1.0 (hpke1; hpke1s)");
    expect(announcesSealing(announceSealing("barnacle/0.1.0"))).toBe(true);
  });

  test.each([
    "other/2 (hpke1; mailbox1)",
    "other/2 (mailbox1; hpke1)",
    "x (hpke1)",
  ])("stands in %j", (agent) => expect(announcesSealing(agent)).toBe(true));

  test.each([
    undefined,
    "",
    "hpke1",
    "(hpke1)",
    " (hpke1)",
    "barnacle/0.1.0",
    "barnacle/0.1.0 hpke1",
    "barnacle/0.1.0(hpke1)",
    "barnacle/0.1.0  (hpke1)",
    "barnacle/0.1.0 ( hpke1)",
    "barnacle/0.1.0 (hpke1) ",
    "barnacle/0.1.0 (hpke1)\n",
    "barnacle/0.1.0 (HPKE1)",
    "barnacle/0.1.0 (hpke12)",
    "barnacle/0.1.0 (hpke1, x)",
    "barnacle/0.1.0 (hpke1;x)",
    "barnacle/0.1.0 (no hpke1)",
    "barnacle/0.1.0 ((hpke1))",
    "barnacle/0.1.0 (hpke1) (x)",
    "some agent (hpke1)",
    `${"x".repeat(121)} (hpke1)`,
  ])("does not stand in %j", (agent) => expect(announcesSealing(agent)).toBe(false));
});

describe("a sealed text", () => {
  const bytes = Uint8Array.from({ length: 49 }, (_, index) => index * 5);
  const parts = { enc: bytes.subarray(0, 32), ciphertext: bytes.subarray(32) };

  test("is hpke1: and base64url without padding", () => {
    const text = writeSealedText({ ...parts, number: undefined });
    expect(text).toMatch(/^hpke1:[A-Za-z0-9_-]{66}$/);
    expect(isSealedText(text)).toBe(true);
    expect(readSealedText(text)).toEqual({ ...parts, number: undefined });
  });

  test("has its number behind a full stop in a series", () => {
    for (const number of [1, 9, 10, 65_535]) {
      const text = writeSealedText({ ...parts, number });
      expect(text).toMatch(/^hpke1:[A-Za-z0-9_-]{66}\.\d{1,5}$/);
      expect(readSealedText(text)).toEqual({ ...parts, number });
    }
    for (const wrong of [".", ".0", ".01", ".1.", ".-1", ".1e3", ".100000", ".x", " .1", "..1", ".1\n"]) {
      const text = writeSealedText({ ...parts, number: undefined }) + wrong;
      expect([wrong, readSealedText(text)]).toEqual([wrong, undefined]);
    }
  });

  test("is read in its one form only", () => {
    const text = writeSealedText({ ...parts, number: undefined });
    const spareBits = `${text.slice(0, -1)}${
      text.endsWith("A") ? "B" : String.fromCharCode(text.charCodeAt(text.length - 1) + 1)
    }`;
    const wrong = [
      "hpke1:",
      `${text}=`,
      `${text}==`,
      ` ${text}`.trim() + " ",
      `${text.slice(0, 20)} ${text.slice(20)}`,
      `${text.slice(0, 20)}${" ".repeat(4)}${text.slice(20)}`,
      `${text}${"\n".repeat(4)}`,
      `${text.slice(0, 20)}+${text.slice(21)}`,
      `${text.slice(0, 20)}/${text.slice(21)}`,
      `${text.slice(0, 20)}=${text.slice(21)}`,
    ];
    wrong.push(spareBits, text.replace("hpke1:", "hpke1:+"), "hpke1:what is that?", `hpke1:${"A".repeat(63)}`);
    for (const each of wrong) expect([each, readSealedText(each)]).toEqual([each, undefined]);
  });

  test("is told from others by how it begins", () => {
    for (const text of ["", "hello", "hpke1", "HPKE1:x", " hpke1:x", "hpke2:x"]) expect(isSealedText(text)).toBe(false);
    expect(isSealedText("hpke1:")).toBe(true);
  });
});

describe("associatedData", () => {
  test("holds from, to and id as netstrings behind the domain", () => {
    const data = associatedData({ from: "ed25519:a", to: "ed25519:b", id: "ü" });
    expect(new TextDecoder().decode(data)).toBe("moltcomm/hpke1\n9:ed25519:a,9:ed25519:b,2:ü,");
  });

  test("differs wherever one value ends elsewhere", () => {
    const all = [["ab", "c", ""], ["a", "bc", ""], ["a", "b", "c"], ["", "abc", ""], ["", "", "1:a,"], [
      "a,1:b",
      "",
      "",
    ]];
    const seen = all.map(([from = "", to = "", id = ""]) => toHex(associatedData({ from, to, id })));
    expect(new Set(seen).size).toBe(all.length);
  });
});

describe("Sealer", () => {
  const { privatePkcs8 } = crypto.generateEd25519();
  const agreementKey = () => crypto.x25519FromEd25519(privatePkcs8);
  const sealer = new Sealer({ crypto, random }, { agreementKey });
  const addressing = { from: "a", to: "b", id: "1" };

  test.each(["", "hello", "\ufeffmark", "Grüße 😀", "hpke1:x", "\u0000", "x".repeat(70_000)])(
    "gives back what was sealed",
    async (text) => {
      const sealed = await sealer.seal(text, agreementKey().publicKey, addressing);
      expect(sealed).not.toContain(text === "" ? "\u0000" : text);
      expect(await sealer.open(sealed, addressing)).toEqual({ msg: text });
    },
  );

  test("opens nothing under another sender, recipient or id", async () => {
    const sealed = await sealer.seal("hello", agreementKey().publicKey, addressing);
    for (const other of [{ from: "x" }, { to: "x" }, { id: "2" }]) {
      expect(await sealer.open(sealed, { ...addressing, ...other })).toEqual({ wrong: "unopenable" });
    }
  });

  test("says what is no sealed message at all", async () => {
    expect(await sealer.open("hpke1:hello", addressing)).toEqual({ wrong: "malformed" });
    expect(await sealer.open(`hpke1:${"A".repeat(80)}`, addressing)).toEqual({ wrong: "unopenable" });
  });
});

describe("InOrder", () => {
  test("gives results on in the order of the calls, whichever comes first", async () => {
    const order = new InOrder();
    const seen: string[] = [];
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    expect(order.isIdle).toBe(true);
    order.add(first.promise, (text) => seen.push(text));
    order.add(second.promise, (text) => seen.push(text));
    order.addReady(() => seen.push("ready"));
    expect(order.isIdle).toBe(false);
    second.resolve("second");
    await second.promise;
    await Promise.resolve();
    expect(seen).toEqual([]);
    first.resolve("first");
    await first.promise;
    await Promise.resolve();
    expect(seen).toEqual(["first", "second", "ready"]);
    expect(order.isIdle).toBe(true);
    order.addReady(() => seen.push("at once"));
    expect(seen.at(-1)).toBe("at once");
  });
});
