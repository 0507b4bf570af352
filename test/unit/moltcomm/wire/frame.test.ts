/** Hunts: a body buffered before its length was checked, bytes lost between chunks, and copying that grows with the square. */
import { describe, expect, test } from "vitest";
import { isBarnacleError } from "../../../../src/errors.ts";
import { encodeFrame, FrameReader } from "../../../../src/moltcomm/wire/mod.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { takeAll } from "./support.ts";

const MIB = 1_048_576;

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function texts(bodies: readonly Uint8Array[]): string[] {
  return bodies.map((body) => new TextDecoder().decode(body));
}

/** Bytes copied by `set` while `act` runs. */
function countCopied(act: () => void): number {
  const { set } = Uint8Array.prototype;
  let copiedBytes = 0;
  Uint8Array.prototype.set = function (source, offset) {
    copiedBytes += source.length;
    set.call(this, source, offset);
  };
  try {
    act();
  } finally {
    Uint8Array.prototype.set = set;
  }
  return copiedBytes;
}

describe("§2 encodeFrame", () => {
  test("puts the length in bytes, not characters, big-endian, before the UTF-8", () => {
    expect([...encodeFrame("é")]).toEqual([0, 0, 0, 2, 0xc3, 0xa9]);
    expect([...encodeFrame("a".repeat(0x0102)).subarray(0, 5)]).toEqual([0, 0, 1, 2, 0x61]);
  });

  test("makes each frame its own: a later one changes no earlier", () => {
    const first = encodeFrame("one");
    encodeFrame("two");
    expect(texts([first.subarray(4)])).toEqual(["one"]);
  });
});

describe("§2 FrameReader", () => {
  test("gives the same frames however the stream is cut", () => {
    const random = new SeededRandom(7);
    const wanted = Array.from({ length: 200 }, (_, index) => "ü".repeat(random.integer(0, 300)) + index);
    const stream = concat(wanted.map(encodeFrame));
    for (const chunkBytesMax of [1, 2, 3, 7, 100, 1_000, 100_000]) {
      const reader = new FrameReader({ maxFrameBytes: MIB });
      const bodies: Uint8Array[] = [];
      for (let at = 0; at < stream.length;) {
        const chunkBytes = random.integer(0, chunkBytesMax);
        reader.push(stream.subarray(at, at + chunkBytes));
        at += chunkBytes;
        if (random.chance(0.5)) bodies.push(...takeAll(reader).bodies);
      }
      bodies.push(...takeAll(reader).bodies);
      expect(texts(bodies)).toEqual(wanted);
      expect(reader.bufferedBytes).toBe(0);
    }
  });

  test("keeps bodies as they are while more arrives", () => {
    const reader = new FrameReader({ maxFrameBytes: MIB });
    const frames = concat([encodeFrame("first"), encodeFrame("second")]);
    reader.push(frames.subarray(0, 12));
    const first = reader.next();
    for (const byte of frames.subarray(12)) reader.push(Uint8Array.of(byte));
    for (let count = 0; count < 50; count++) reader.push(encodeFrame("more"));
    expect(texts([first ?? new Uint8Array(0), ...takeAll(reader).bodies.slice(0, 1)])).toEqual(["first", "second"]);
  });

  test("refuses a length above the limit as soon as it is read, and everything after", () => {
    const reader = new FrameReader({ maxFrameBytes: 10 });
    reader.push(encodeFrame("1234567890"));
    reader.push(Uint8Array.of(0, 0, 0));
    expect(texts(takeAll(reader).bodies)).toEqual(["1234567890"]);
    reader.push(Uint8Array.of(11));
    expect(isBarnacleError(takeAll(reader).thrown, "FRAME_TOO_LARGE")).toBe(true);
    reader.push(encodeFrame("1"));
    expect(reader.bufferedBytes).toBe(0);
    expect(isBarnacleError(takeAll(reader).thrown, "FRAME_TOO_LARGE")).toBe(true);
  });

  test("reads lengths as unsigned", () => {
    const reader = new FrameReader({ maxFrameBytes: MIB });
    reader.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    expect(isBarnacleError(takeAll(reader).thrown, "FRAME_TOO_LARGE")).toBe(true);
  });

  test("sets no memory aside for a length alone, and lets go of a large chunk of which little is left", () => {
    const reader = new FrameReader({ maxFrameBytes: 64 * MIB });
    const chunk = concat([encodeFrame("a".repeat(60_000)), Uint8Array.of(4, 0, 0, 0, 0x61)]);
    const whole = new Uint8Array(chunk);
    reader.push(whole);
    expect(takeAll(reader).bodies.length).toBe(1);
    // Only if what waits was copied away can the chunk be overwritten without harm.
    whole.fill(0xff);
    expect(takeAll(reader)).toEqual({ bodies: [], thrown: undefined });
    expect(reader.bufferedBytes).toBe(5);
  });

  test("copies each byte a bounded number of times when a long frame comes byte by byte", () => {
    const frame = encodeFrame("a".repeat(MIB));
    const reader = new FrameReader({ maxFrameBytes: MIB });
    const copiedBytes = countCopied(() => {
      for (let at = 0; at < frame.length; at++) {
        if (reader.next() !== undefined) throw new Error("A frame was whole too early");
        reader.push(frame.subarray(at, at + 1));
      }
    });
    expect(reader.next()?.length).toBe(MIB);
    expect(copiedBytes).toBeLessThan(4 * MIB);
  });

  test("copies each byte a bounded number of times when frames wait to be taken", () => {
    const frame = encodeFrame("a".repeat(96));
    const reader = new FrameReader({ maxFrameBytes: MIB });
    const copiedBytes = countCopied(() => {
      for (let count = 0; count < 10_000; count++) reader.push(frame);
    });
    expect(takeAll(reader).bodies.length).toBe(10_000);
    expect(copiedBytes).toBeLessThan(4 * MIB);
  });
});
