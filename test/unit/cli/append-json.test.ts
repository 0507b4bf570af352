/** Hunts: an operator's file that another program cannot read any more, a comment lost or moved to another entry. */
import { parse, type ParseError } from "jsonc-parser";
import { describe, expect, test } from "vitest";
import { appendToList } from "../../../src/cli/mail/append-json.ts";

const PATH = ["agents", "others"];
const NEW = [{ id: "a", n: 1 }, { id: "b" }];

function read(text: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  expect(errors).toEqual([]);
  return value;
}

describe("appendToList", () => {
  test.each([
    ["{}", []],
    ["{\n}\n", []],
    ['{ "log": { "level": "warn" } }', []],
    ['{\n  "log": {}, // why\n}\n', []],
    ['{\n  "log": {} // why\n}\n', []],
    ['{\n\t"agents": {\n\t\t"id": "x" /* , */\n\t}\n}', []],
    ['{\r\n  "agents": {\r\n    "id": "x",\r\n  }\r\n}\r\n', []],
    ['{ "agents": {} }', []],
    ['{ "agents": { "others": [] } }', []],
    ['{ "agents": { "others": [{ "id": "x" }] } }', ["x"]],
    ['{ "agents": { "others": [ { "id": "x" }, /* , */ ] } }', ["x"]],
    [
      '{\n  "agents": {\n    "others": [\n      { "id": "x" }, // mine, not yours\n      { "id": "y" } // too\n    ]\n  }\n}',
      ["x", "y"],
    ],
    ['{\n  "agents": {\n    "others": [\n      { "id": "x" }, // ]\n      // the end\n    ],\n  },\n}\n', ["x"]],
    ['{ "agents": { "others": [\n  { "id": "x" }] } }', ["x"]],
  ])("to %j keeps all that stands there", async (before, ids) => {
    const after = await appendToList(before, PATH, NEW);
    const { agents: { others, ...rest }, ...sections } = read(after) as { agents: { others: { id: string }[] } };
    expect(others).toEqual([...ids.map((id) => ({ id })), ...NEW]);
    const { agents: { others: _, ...restBefore } = {}, ...sectionsBefore } = read(before) as {
      agents?: { others?: unknown };
    };
    expect([rest, sections]).toEqual([restBefore, sectionsBefore]);
    // Nothing was taken away, but for blanks before a bracket.
    let from = 0;
    for (const character of before.replaceAll(/\s/g, "")) {
      from = after.indexOf(character, from) + 1;
      expect(from).toBeGreaterThan(0);
    }
    for (const [comment] of before.matchAll(/\/\/.*|\/\*.*?\*\//g)) expect(after).toContain(comment.trimEnd());
  });

  test("leaves each comment with its entry", async () => {
    const before = '{\n  "agents": {\n    "others": [\n      { "id": "x" } // mine\n    ]\n  }\n}\n';
    expect(await appendToList(before, PATH, [{ id: "a" }])).toBe(
      '{\n  "agents": {\n    "others": [\n      { "id": "x" }, // mine\n      {\n        "id": "a"\n      }\n    ]\n  }\n}\n',
    );
  });
});
