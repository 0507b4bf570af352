/** Hunts: an entry that comes back other than it was written, and a damaged segment that is taken for a sound one. */
import { describe, expect, test } from "vitest";
import { isBarnacleError } from "../../../src/errors.ts";
import type { Instance } from "../../../src/hub/instance.ts";
import { decodeSegment, encodeSegment } from "../../../src/hub/segment.ts";
import type { SqlValue } from "../../../src/runtime/port.ts";
import { SeededRandom } from "../../sim/random.ts";

function instance(more: Partial<Instance> = {}): Instance {
  return {
    id: "one",
    owner: "chimera",
    verified: false,
    heardAtMs: 1_770_000_000_000,
    sequence: 7,
    messageIds: [],
    documentText: '{"a":1}',
    ...more,
  } as Instance;
}

/** A row as the database gives it back. */
function rowOf(instances: readonly Instance[]): Record<string, SqlValue> {
  const [ids = null, owners = null, numbers = null, documents = null] = encodeSegment(instances);
  return { first: 1, ids, owners, numbers, documents };
}

/** The code of the error that it throws. */
function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    return isBarnacleError(thrown) ? thrown.code : String(thrown);
  }
}

describe("a segment", () => {
  test("gives back what was written, whatever is in it", () => {
    const random = new SeededRandom(3);
    const texts = ["", "plain", "\u0000\u001e\n", "zwölf", "図書館", "🦪🦪", '"\\', "\ufeffmarked"];
    const instances = Array.from({ length: 200 }, (_, index) =>
      instance({
        id: `${index}${random.pick(texts)}`,
        owner: random.pick(texts),
        verified: random.chance(0.5),
        heardAtMs: random.integer(0, 2 ** 45),
        sequence: random.integer(1, Number.MAX_SAFE_INTEGER),
        messageIds: Array.from({ length: index % 9 }, () => random.integer(1, Number.MAX_SAFE_INTEGER)),
        documentText: JSON.stringify({ text: random.pick(texts), index }, undefined, index % 3),
      }));
    const entries = decodeSegment(rowOf(instances));
    expect(entries.map((entry) => ({ ...entry, documentText: entry.documentText() }))).toEqual(instances);
  });

  test("of one entry is a segment", () => {
    expect(decodeSegment(rowOf([instance()])).map(({ id, documentText }) => [id, documentText()])).toEqual([[
      "one",
      '{"a":1}',
    ]]);
  });

  test("that is damaged is refused", () => {
    const row = rowOf([instance(), instance({ id: "two", owner: "other" })]);
    const numbers = row["numbers"] as Uint8Array;
    const spoilt = (at: number, value: number) => {
      const copy = numbers.slice();
      new DataView(copy.buffer).setFloat64(at * 8, value, true);
      return copy;
    };
    const damages: readonly Record<string, SqlValue>[] = [
      { ids: '["one"]' },
      { ids: '["one",2]' },
      { ids: '["one","two"' },
      { ids: "{}" },
      { owners: '["chimera"]' },
      { owners: "null" },
      { numbers: numbers.slice(8) },
      { numbers: "text" },
      { numbers: spoilt(0, Number.NaN) },
      { numbers: spoilt(1, 1.5) },
      { numbers: spoilt(2, -1) },
      { numbers: spoilt(2, Infinity) },
      { documents: new TextEncoder().encode('{"a":1}{"a":1}') },
      { documents: null },
    ];
    for (const damage of damages) {
      expect([codeOf(() => decodeSegment({ ...row, ...damage })), damage]).toEqual(["DATABASE_ERROR", damage]);
    }
    const [entry] = decodeSegment({ ...row, documents: Uint8Array.of(0x22, 0xff, 0x22, 0x1e, 0x31) });
    expect(codeOf(() => entry?.documentText())).toBe("DATABASE_ERROR");
  });
});
