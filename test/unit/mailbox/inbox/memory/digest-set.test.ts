/** Hunts: a digest forgotten while a shard grows, one found that was never added, memory beyond what is promised. */
import { describe, expect, test } from "vitest";
import { DIGEST_BYTES, DigestSet } from "../../../../../src/mailbox/inbox/memory/digest-set.ts";
import { SeededRandom } from "../../../../sim/mod.ts";

const COUNT = 50_000;

function digestsOf(bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / DIGEST_BYTES;
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES));
}

describe("DigestSet", () => {
  test.each([["without", 0], ["with", COUNT]])(
    "has all that was added and nothing else, %s room made before",
    (_, expected) => {
      const random = new SeededRandom(7);
      const added = random.bytes(COUNT * DIGEST_BYTES);
      const others = random.bytes(COUNT * DIGEST_BYTES);
      const set = new DigestSet(expected);
      for (const digest of digestsOf(added)) expect(set.add(digest)).toBe(true);
      expect(set.size).toBe(COUNT);
      const found = digestsOf(added).filter((digest) => set.has(digest)).length;
      const mistaken = digestsOf(others).filter((digest) => set.has(digest)).length;
      const again = digestsOf(added).filter((digest) => set.add(digest)).length;
      expect([found, mistaken, again, set.size]).toEqual([COUNT, 0, 0, COUNT]);
    },
  );

  test("addAll adds what add would, each once", () => {
    const digests = new SeededRandom(11).bytes(1_000 * DIGEST_BYTES);
    const set = new DigestSet();
    set.add(digests.subarray(DIGEST_BYTES));
    set.addAll(digests);
    set.addAll(digests.subarray(4 * DIGEST_BYTES, 9 * DIGEST_BYTES));
    expect(set.size).toBe(1_000);
    expect(digestsOf(digests).every((digest) => set.has(digest))).toBe(true);
    expect(set.has(new SeededRandom(12).bytes(DIGEST_BYTES))).toBe(false);
  });

  test("tells digests apart that differ in one byte", () => {
    const base = new SeededRandom(1).bytes(DIGEST_BYTES);
    const set = new DigestSet();
    set.add(base);
    for (let at = 0; at < DIGEST_BYTES; at++) {
      const other = base.slice();
      other[at] = (other[at] as number) ^ 1;
      expect(set.has(other)).toBe(false);
      expect(set.add(other)).toBe(true);
    }
    expect(set.size).toBe(DIGEST_BYTES + 1);
  });

  test("takes all zeros and all ones as any other digest", () => {
    const set = new DigestSet();
    const zeros = new Uint8Array(DIGEST_BYTES);
    expect(set.has(zeros)).toBe(false);
    expect([set.add(zeros), set.add(zeros), set.has(zeros)]).toEqual([true, false, true]);
    const ones = new Uint8Array(DIGEST_BYTES).fill(255);
    expect([set.has(ones), set.add(ones), set.has(ones)]).toEqual([false, true, true]);
  });

  test("looks at 16 bytes of a longer digest", () => {
    const digest = new SeededRandom(3).bytes(32);
    const set = new DigestSet();
    set.add(digest);
    digest.fill(0, DIGEST_BYTES);
    expect(set.has(digest)).toBe(true);
  });
});
