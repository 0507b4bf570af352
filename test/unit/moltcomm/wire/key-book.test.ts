/** Hunts: a forgery that passes, a key read twice, and a book of keys that grows with every stranger. */
import { describe, expect, test } from "vitest";
import { KeyBook, type Message } from "../../../../src/moltcomm/wire/mod.ts";
import { nodeCryptoPort } from "../../../support/node-crypto.ts";
import { ana, ben, direct, ID, makeKeyBook, makeSigner, TS } from "./support.ts";

function countingBook(keysMax: number) {
  const counts = { reads: 0, checks: 0 };
  const ed25519Verifier: typeof nodeCryptoPort.ed25519Verifier = (publicSpki) => {
    counts.reads += 1;
    const verifier = nodeCryptoPort.ed25519Verifier(publicSpki);
    return verifier && ((data, signature) => {
      counts.checks += 1;
      return verifier(data, signature);
    });
  };
  return { counts, book: new KeyBook({ crypto: { ...nodeCryptoPort, ed25519Verifier } }, { keysMax }) };
}

function ping(seed: number): Message {
  return makeSigner(seed).sign({ t: "PING", id: ID, ts: TS, body: { nonce: "1" } });
}

describe("KeyBook.verify", () => {
  test("§4: takes what was signed and nothing else", () => {
    const book = makeKeyBook();
    const message = direct("hello");
    expect(book.verify(message)).toBe(true);
    expect(book.verify({ ...message, id: `${ID}0` })).toBe(false);
    expect(book.verify({ ...message, to: ana.nodeId })).toBe(false);
    expect(book.verify({ ...message, ts: TS + 1 })).toBe(false);
    expect(book.verify({ ...message, sig: direct("other").sig })).toBe(false);
  });

  test("§1: refuses a sender that is not derived from the key, whether or not the key is known", () => {
    const message = direct("hello");
    const claims = { ...message, from: ben.nodeId };
    const { book, counts } = countingBook(4);
    expect(book.verify(claims)).toBe(false);
    expect(counts.reads).toBe(0);
    expect(book.verify(message)).toBe(true);
    expect(book.verify(claims)).toBe(false);
    expect(counts).toEqual({ reads: 1, checks: 1 });
  });

  test("reads a key once, however many messages and records come with it", () => {
    const { book, counts } = countingBook(4);
    for (let count = 0; count < 10; count++) expect(book.verify(direct(`message ${count}`))).toBe(true);
    expect(book.verifyRecord(ana.record({ addrs: [], ts: TS, expires: TS }))).toBe(true);
    expect(book.nodeIdOf(ana.pub)).toBe(ana.nodeId);
    expect(counts).toEqual({ reads: 1, checks: 11 });
  });

  test("reads a key once even when every signature by it is bad", () => {
    const { book, counts } = countingBook(4);
    for (let count = 0; count < 10; count++) book.verify({ ...direct("hello"), id: `${count}` });
    expect(counts).toEqual({ reads: 1, checks: 10 });
  });

  test("keeps so many keys, and lets the one longest unused make room", () => {
    const { book, counts } = countingBook(2);
    const [first, second, third] = [ping(11), ping(12), ping(13)];
    for (const message of [first, second, first, third]) expect(book.verify(message)).toBe(true);
    expect([book.size, counts.reads]).toEqual([2, 3]);
    book.verify(first);
    expect(counts.reads).toBe(3);
    book.verify(second);
    expect([book.size, counts.reads]).toEqual([2, 4]);
  });

  test("§11.9: spends no reading of a key on a malformed signature", () => {
    const { book, counts } = countingBook(2);
    for (const sig of ["", "AA==", "x".repeat(88), `${direct("a").sig}\n`]) {
      expect(book.verify({ ...direct("a"), sig })).toBe(false);
    }
    expect(counts.reads).toBe(0);
  });

  test("§11.9: an exact encoding of bytes that are no point of the curve verifies nothing", () => {
    const book = makeKeyBook();
    const spki = Uint8Array.from(Buffer.from(ana.pub, "base64"));
    spki.fill(0xff, 12);
    const pub = Buffer.from(spki).toString("base64");
    const message = { ...direct("hello"), pub, from: book.nodeIdOf(pub) ?? "" };
    expect(book.verify(message)).toBe(false);
  });
});

describe("KeyBook.verifyRecord", () => {
  test("§6: refuses a record whose peer_id does not match its key", () => {
    const record = ana.record({ addrs: ["tcp://127.0.0.1:9001"], ts: TS, expires: TS + 1 });
    expect(makeKeyBook().verifyRecord(record)).toBe(true);
    expect(makeKeyBook().verifyRecord({ ...record, peer_id: ben.nodeId })).toBe(false);
    expect(makeKeyBook().verifyRecord({ ...record, addrs: ["tcp://127.0.0.1:9002"] })).toBe(false);
  });

  test("§4: a message's signature is none for a record, and the other way", () => {
    const record = ana.record({ addrs: [], ts: TS, expires: TS });
    expect(makeKeyBook().verifyRecord({ ...record, sig: direct("a").sig })).toBe(false);
    expect(makeKeyBook().verify({ ...direct("a"), sig: record.sig })).toBe(false);
  });
});

describe("KeyBook.nodeIdOf", () => {
  test("§1: derives the id without reading the key, and knows what is no key", () => {
    const { book, counts } = countingBook(2);
    expect(book.nodeIdOf(ana.pub)).toBe(ana.nodeId);
    for (const pub of ["", "x", ` ${ana.pub}`, ana.pub.slice(4)]) expect(book.nodeIdOf(pub)).toBe(undefined);
    expect([counts.reads, book.size]).toEqual([0, 0]);
  });

  test("§11.9: knows a key of another algorithm for none, though it is as long", () => {
    const x25519 = Buffer.from(ana.pub, "base64");
    x25519.writeUInt8(0x6e, 8);
    expect(makeKeyBook().nodeIdOf(x25519.toString("base64"))).toBe(undefined);
  });
});
