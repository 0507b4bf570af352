/** Hunts: a frame that crashes, hangs or fools the wire; and a fuzzer that would not notice. */
import { describe, expect, test } from "vitest";
import { KeyBook, type Message, readMessage } from "../../src/moltcomm/wire/mod.ts";
import { nodeCryptoPort as crypto } from "../support/node-crypto.ts";
import { readCorpus } from "./corpus.ts";
import { makeSubject, type Subject } from "./examine.ts";
import { Finding, Fuzzer } from "./fuzzer.ts";

const FRAMES = 20_000;
/** About 2 s of work; a machine that does much else at once takes longer. */
const TIMEOUT_MS = 60_000;

describe("the wire", () => {
  test("makes of every input kept what it made of it when it was found", () => {
    const corpus = readCorpus();
    expect(corpus.length).toBeGreaterThan(50);
    const replayed = new Fuzzer({ seed: 1 }).replay(corpus);
    expect(replayed.map(({ outcomes }) => outcomes)).toEqual(corpus.map(({ outcomes }) => outcomes));
  });

  test(`withstands ${FRAMES} fuzzed frames`, () => {
    const fuzzer = new Fuzzer({ seed: 20_260_901 });
    fuzzer.replay(readCorpus());
    while (fuzzer.frames < FRAMES) fuzzer.runBatch();
    expect(fuzzer.outcomeCount).toBeGreaterThan(50);
  }, TIMEOUT_MS);
});

describe("the fuzzer notices", () => {
  const real = makeSubject();
  const book = new KeyBook({ crypto }, { keysMax: 8 });
  const verifyWith = (over: (message: Message) => Message): Subject => ({
    ...makeSubject(),
    keyBook: {
      size: 0,
      verify: (message) => book.verify(over(message)),
      verifyRecord: (record) => book.verifyRecord(record),
    },
  });
  const broken: readonly (readonly [string, Subject])[] = [
    ["a check that takes any signature", {
      ...real,
      keyBook: { size: 0, verify: () => true, verifyRecord: () => true },
    }],
    ["a check that takes none", { ...real, keyBook: { size: 0, verify: () => false, verifyRecord: () => false } }],
    ["a recipient that is not signed", verifyWith(({ to: _to, ...message }) => message as Message)],
    ["a signature loosely read", verifyWith((message) => ({ ...message, sig: loosely(message.sig) }))],
    ["a reader that takes any integer for a version", {
      ...real,
      readMessage: (body) => readMessage(Buffer.from(Buffer.from(body).toString().replace('"v":2', '"v":1'))),
    }],
    ["a reader that mends bad UTF-8", {
      ...real,
      readMessage: (body) => readMessage(Buffer.from(Buffer.from(body).toString())),
    }],
    ["a reader of frames that loses a byte between chunks", {
      ...real,
      makeReader: () => {
        const reader = real.makeReader();
        return {
          push: (chunk) => reader.push(chunk.length === 17 ? chunk.subarray(1) : chunk),
          next: () => reader.next(),
          bufferedBytes: 0,
        };
      },
    }],
    ["a reader that throws", {
      ...real,
      readMessage: (body) => body.length > 800 ? JSON.parse("") : readMessage(body),
    }],
  ];
  for (const [what, subject] of broken) {
    test(what, () => {
      const fuzzer = new Fuzzer({ seed: 1, subject });
      expect(() => {
        while (fuzzer.frames < FRAMES) fuzzer.runBatch();
      }).toThrow(Finding);
    }, TIMEOUT_MS);
  }
});

/** The base64 as a reader has it that cares neither for padding nor for white space. */
function loosely(base64: string): string {
  return Buffer.from(base64, "base64").toString("base64");
}
