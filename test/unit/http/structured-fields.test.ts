/** Hunts: a field that two readers understand differently. */
import { describe, expect, test } from "vitest";
import { parseDictionary, serializeInnerList } from "../../../src/http/structured-fields.ts";

describe("parseDictionary", () => {
  test("reads items of every kind that signatures use", () => {
    const members = parseDictionary('a=1, b=-2;q , c="x\\"\\\\y",d=token/1;e=?0, f=:AQI=:, g');
    expect([...members ?? []].map(([key, member]) => [key, "value" in member ? member.value : undefined])).toEqual([
      ["a", 1],
      ["b", -2],
      ["c", 'x"\\y'],
      ["d", { token: "token/1" }],
      ["f", new Uint8Array([1, 2])],
      ["g", true],
    ]);
  });

  test("takes the last of equal keys, in the place of the first", () => {
    const members = parseDictionary("a=1, b=2;x=1;y=2;x=3, a=3");
    expect([...members?.keys() ?? []]).toEqual(["a", "b"]);
    expect(members?.get("a")).toEqual({ value: 3, parameters: new Map() });
    expect([...members?.get("b")?.parameters ?? []]).toEqual([["x", 3], ["y", 2]]);
  });

  test("looks at no field longer than 8 KiB", () => {
    expect(parseDictionary("a".repeat(8_192))?.size).toBe(1);
    expect(parseDictionary("a".repeat(8_193))).toBe(undefined);
  });

  test("brings inner lists into the canonical form", () => {
    const list = parseDictionary('a=(  "x";k   "y"  );created=7;  keyid="z"')?.get("a");
    if (list === undefined || !("items" in list)) throw new Error("No list came out");
    expect(serializeInnerList(list)).toBe('("x";k "y");created=7;keyid="z"');
  });

  test("reads an empty field as an empty dictionary", () => {
    expect(parseDictionary("")).toEqual(new Map());
  });

  test.each([
    "a=",
    "A=1",
    "a=1,",
    "a=1 b=2",
    'a="x',
    "a=(1",
    'a=("x""y")',
    "a=1.5",
    "a=:AQ:",
    "a=:!!!!:",
    "a=?2",
    "é=1",
  ])(
    "refuses %j",
    (text) => {
      expect(parseDictionary(text)).toBe(undefined);
    },
  );
});
