/** Hunts: a message that is lost, altered or sent to the wrong one because a language model wrote it a little differently. */
import { describe, expect, test } from "vitest";
import { ALICE, BOB, Desk, line, lines, readText, SELF } from "./support.ts";

const ID = "0b5f0d0e-6f0b-4f7c-9d5a-3f1e2d4c5b6a";
const TWO = [{ to: ALICE, msg: "one" }, { to: BOB, msg: "two" }];

/** Each gives the messages `one` to Alice and `two` to Bob. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ["plain lines", '{"to":"ALICE","msg":"one"}\n{"to":"BOB","msg":"two"}\n'],
  ["CRLF", '{"to":"ALICE","msg":"one"}\r\n{"to":"BOB","msg":"two"}\r\n'],
  ["lone carriage returns", '{"to":"ALICE","msg":"one"}\r{"to":"BOB","msg":"two"}\r'],
  ["a byte-order mark", '\uFEFF{"to":"ALICE","msg":"one"}\n{"to":"BOB","msg":"two"}\n'],
  ["blank lines and blanks", '\n\n  {"to":"ALICE","msg":"one"}  \n \t\n\u00a0{"to":"BOB","msg":"two"}\n\n'],
  ["a trailing comma in the object", '{"to":"ALICE","msg":"one",}\n{"to":"BOB","msg":"two" , }\n'],
  ["a trailing comma after each line", '{"to":"ALICE","msg":"one"},\n{"to":"BOB","msg":"two"},\n'],
  ["a trailing semicolon", '{"to":"ALICE","msg":"one"};\n{"to":"BOB","msg":"two"};\n'],
  ["a brace too many", '{"to":"ALICE","msg":"one"}}\n{"to":"BOB","msg":"two"}\n'],
  ["the file as one array", '[{"to":"ALICE","msg":"one"},{"to":"BOB","msg":"two"}]'],
  ["an array over several lines", '[\n  {"to":"ALICE","msg":"one"},\n  {"to":"BOB","msg":"two"}\n]\n'],
  ["an array that is not closed", '[\n{"to":"ALICE","msg":"one"},\n{"to":"BOB","msg":"two"}\n'],
  [
    "pretty-printed objects",
    `${JSON.stringify({ to: "ALICE", msg: "one" }, null, 2)}\n{\n\t"to": "BOB",\n\t"msg": "two"\n}\n`,
  ],
  ["a pretty-printed array", JSON.stringify([{ to: "ALICE", msg: "one" }, { to: "BOB", msg: "two" }], null, 4)],
  ["several objects on a line", '{"to":"ALICE","msg":"one"}{"to":"BOB","msg":"two"}\n'],
  ["several objects on a line with commas", '{"to":"ALICE","msg":"one"}, {"to":"BOB","msg":"two"},\n'],
  ["a code fence", '```json\n{"to":"ALICE","msg":"one"}\n{"to":"BOB","msg":"two"}\n```\n'],
  ["a code fence without its last newline", '```\n{"to":"ALICE","msg":"one"}\n{"to":"BOB","msg":"two"}\n```'],
  [
    "comments",
    '// for Alice\n# a title\n{"to":"ALICE","msg":"one" /* first */}\n<!-- x -->{"to":"BOB","msg":"two"} // done\n',
  ],
  ["a comment inside the object", '{\n // who\n "to":"ALICE",\n "msg":"one" // what\n}\n{"to":"BOB","msg":"two"}\n'],
  [
    "unknown fields",
    '{"to":"ALICE","msg":"one","cc":["x",{"y":null}],"urgent":true}\n{"v":1.5e3,"to":"BOB","msg":"two"}\n',
  ],
  ["a contact's name in any case", '{"to":"Alice","msg":"one"}\n{"to":"bOB","msg":"two"}\n'],
  ["blanks around the recipient", '{"to":"  ALICE ","msg":"one"}\n{"to":"\\tBOB\\n","msg":"two"}\n'],
  ["angle brackets copied from the contract", '{"to":"<ALICE>","msg":"one"}\n{"to":"< BOB >","msg":"two"}\n'],
  ["zeros left by a crashed disk", '\0\0\0\0{"to":"ALICE","msg":"one"}\n\0\0\n{"to":"BOB","msg":"two"}\n'],
  ["no newline at the end", '{"to":"ALICE","msg":"one"}\n{"to":"BOB","msg":"two"}'],
  ["a line that repeats a key", '{"to":"nobody","to":"ALICE","msg":"one"}\n{"to":"BOB","msg":"two"}\n'],
];

describe("accepted because the meaning is plain:", () => {
  test.each(ACCEPTED)("%s", async (_name, text) => {
    for (const ids of [false, true]) {
      const written = ids ? text.replaceAll("ALICE", ALICE).replaceAll("BOB", BOB) : text;
      const { messages, rejected } = await readText(written);
      expect(rejected).toEqual([]);
      expect(messages.map(({ to, msg }) => ({ to, msg }))).toEqual(TWO);
    }
  });
});

describe("one of several agents", () => {
  test.each([
    ["by the contact's name", { to: "Alice/Research", msg: "one" }, { to: ALICE, agent: "research", id: undefined }],
    ["by the node id", { to: `${ALICE}/research`, msg: "one" }, { to: ALICE, agent: "research", id: undefined }],
    ["with an id of the line's", { to: "alice/research", msg: "one", id: ID }, {
      to: ALICE,
      agent: "research",
      id: `${ID}/research`,
    }],
    ["by the id alone", { to: "alice", msg: "one", id: `${ID}/Research` }, { to: ALICE, id: `${ID}/research` }],
    ["under this very identity", { to: "/research", msg: "one" }, { to: SELF, agent: "research", id: undefined }],
  ])("is named %s", async (_name, written, meant) => {
    const { messages, rejected } = await readText(`${JSON.stringify(written)}\n`);
    expect(rejected).toEqual([]);
    expect(messages).toMatchObject([{ ...meant, msg: "one" }]);
  });

  test.each([
    ["an unknown contact's", "carol/research", "no contact has this name"],
    ["what is no agent's id", "alice/re search", "no contact has this name"],
    ["oneself, or nobody under this identity", "/main", "this node itself"],
  ])("is rejected as %s", async (_name, to, reason) => {
    const { messages, rejected } = await readText(`${line("one", to)}\n`);
    expect(messages).toEqual([]);
    expect(rejected[0]?.reason).toContain(reason);
  });
});

describe("a text", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["with line breaks inside", '{"to":"alice","msg":"one\ntwo\r\nthree"}\n', "one\ntwo\nthree"],
    ["with control characters inside", '{"to":"alice","msg":"a\tb\u0001c"}\n', "a\tb\u0001c"],
    ["with an escaped apostrophe", `{"to":"alice","msg":"don\\'t"}\n`, "don't"],
    [
      "with JSON inside",
      `{"to":"alice","msg":${JSON.stringify('{"to":"bob","msg":"x"}\n')},}\n`,
      '{"to":"bob","msg":"x"}\n',
    ],
    ["with brackets, commas and comment marks", '{"to":"alice","msg":"],}, // # /* [{",}\n', "],}, // # /* [{"],
    ["with curly quotes", '{"to":"alice","msg":"“hi”"}\n', "“hi”"],
    ["with escapes", '{"to":"alice","msg":"\\u00e9\\ud83d\\ude00\\\\\\"\\/",}\n', 'é😀\\"/'],
    ["in another script", '{"to":"alice","msg":"你好 😀 مرحبا"}\n', "你好 😀 مرحبا"],
    ["that is empty", '{"to":"alice","msg":""}\n', ""],
    ["that is a whole number", '{"to":"alice","msg":42}\n', "42"],
  ];
  test.each(cases)("%s is sent as it was meant", async (_name, text, expected) => {
    const { messages, rejected } = await readText(`${text}${line("behind")}\n`);
    expect(rejected).toEqual([]);
    expect(messages.map((message) => message.msg)).toEqual([expected, "behind"]);
  });
});

describe("created_ts", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["1700000000123", 1_700_000_000_123],
    ['"1700000000123"', 1_700_000_000_123],
    ["1700000000", 1_700_000_000_000],
    ["1700000000.5", 1_700_000_000_500],
    ["1700000000123456", 1_700_000_000_123],
    ["1700000000123456789", 1_700_000_000_123],
    ['"2023-11-14T22:13:20Z"', 1_700_000_000_000],
    ['"2023-11-14 22:13:20"', 1_700_000_000_000],
    ['"2023-11-14T23:13:20+01:00"', 1_700_000_000_000],
    ['"2023-11-14"', 1_699_920_000_000],
    ['"yesterday"', undefined],
    ["null", undefined],
    ["-5", undefined],
    ["1e999", undefined],
    ["{}", undefined],
  ];
  test.each(cases)("as %s is understood or passed over", async (written, expected) => {
    const { messages } = await readText(`{"to":"alice","msg":"x","created_ts":${written}}\n`);
    expect(messages.map((message) => message.createdAtMs)).toEqual([expected]);
  });
});

test("an id that is a UUID is given on in lower case, and any other is passed over", async () => {
  const text = [`"${ID.toUpperCase()}"`, '"7"', "7", "null"].map((id) => `{"to":"alice","msg":"x","id":${id}}\n`).join(
    "",
  );
  const { messages } = await readText(text);
  expect(messages.map((message) => message.id)).toEqual([ID, undefined, undefined, undefined]);
});

describe("rejected with what to do:", () => {
  const deep = "[".repeat(40) + "]".repeat(40);
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["prose", "Hello Alice, how are you?", /one JSON object/],
    ["a text alone", '"hello"', /one JSON object/],
    ["curly quotes", "{“to”:“alice”,“msg”:“hi”}", /straight quotes/],
    ["single quotes", "{'to':'alice','msg':'hi'}", /double quotes/],
    ["keys without quotes", '{to:"alice",msg:"hi"}', /double quotes/],
    ["a quote inside a text", '{"to":"alice","msg":"he said "hi" to me"}', /\\"/],
    ["a missing comma", '{"to":"alice" "msg":"hi"}', /comma/],
    ["a missing colon", '{"to" "alice"}', /colon/],
    ["a missing brace", '{"to":"alice","msg":"hi"', /not finished/],
    ["a missing quote", '{"to":"alice","msg":"hi}', /not finished|\\"/],
    ["a bad escape", '{"to":"alice","msg":"C:\\new\\xfiles"}', /\\\\/],
    ["nesting beyond reason", `{"to":"alice","msg":"hi","x":${deep},}`, /nested/],
    ["no recipient", '{"msg":"hi"}', /to is missing/],
    ["an empty recipient", '{"to":"","msg":"hi"}', /to is empty/],
    ["a list of recipients", '{"to":["alice","bob"],"msg":"hi"}', /to is a list/],
    ["an unknown name", '{"to":"Alicia","msg":"hi"}', /"Alicia".*"alice", "bob"/],
    ["a malformed node id", '{"to":"ed25519:abc","msg":"hi"}', /no node id/],
    ["a node id whose last character cannot be", `{"to":"ed25519:${"A".repeat(42)}B","msg":"hi"}`, /no node id/],
    ["this node itself", `{"to":"${SELF}","msg":"hi"}`, /this node itself/],
    ["no message", '{"to":"alice","message":"hi"}', /msg is missing/],
    ["an object as message", '{"to":"alice","msg":{"text":"hi"}}', /msg is an object/],
    ["a fraction as message", '{"to":"alice","msg":1.50}', /msg is a number/],
    ["half a surrogate pair", '{"to":"alice","msg":"\\ud83d"}', /surrogate/],
    ["a message too long", `{"to":"alice","msg":"${"é".repeat(501)}"}`, /1002 bytes; at most 1000/],
  ];
  test.each(cases)("%s", async (_name, text, reason) => {
    const { messages, rejected } = await readText(`${lines("before")}${text}\n${lines("behind", "last")}`);
    expect(messages.map((message) => message.msg)).toEqual(["before", "behind", "last"]);
    expect(rejected.length).toBe(1);
    expect(rejected[0]?.line).toBe(2);
    expect(rejected[0]?.text).toBe(text.slice(0, 1_000));
    expect(rejected[0]?.reason).toMatch(reason);
  });

  test("bytes that are no UTF-8, each line once", async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode(`${line("before")}\n{"to":"alice","msg":"`), 0xff, 0xfe]);
    const rest = new TextEncoder().encode(`"}\n${lines("behind")}`);
    const { messages, rejected } = await readText(new Uint8Array([...bytes, ...rest]));
    expect(messages.map((message) => message.msg)).toEqual(["before", "behind"]);
    expect(rejected.map((each) => [each.line, each.reason])).toEqual([[2, expect.stringContaining("UTF-8")]]);
  });

  test("UTF-16, as some shells write it", async () => {
    const text = `\uFEFF${lines("one", "two")}`;
    const bytes = Uint8Array.from(
      { length: 2 * text.length },
      (_, at) => (text.charCodeAt(at >> 1) >> (8 * (at & 1))) & 0xff,
    );
    const { messages, rejected } = await readText(bytes);
    expect(messages).toEqual([]);
    expect(rejected.length).toBeGreaterThanOrEqual(2);
    for (const each of rejected) expect(each.reason).toContain("UTF-16");
  });

  test("a broken object over several lines, as one, without what follows", async () => {
    const text = '{\n  "to": "alice",\n  "msg": "not closed\n}\n';
    const { messages, rejected } = await readText(`${text}${lines("behind")}`);
    expect(messages.map((message) => message.msg)).toEqual(["behind"]);
    expect(rejected.map((each) => each.text)).toEqual([text.trimEnd()]);
  });

  test("an object that never ends, without the messages behind it, at once", async () => {
    const desk = new Desk();
    desk.put(`{"to":"alice","msg":"x","cc":[\n${lines("behind")}`);
    await desk.look();
    expect(desk.journal.texts).toEqual(["behind"]);
    expect(desk.rejected.map((each) => each.line)).toEqual([1]);
  });

  test("text behind a message on its line, and the message is sent", async () => {
    const { messages, rejected } = await readText(`${line("one")} <- sent to Alice\n${lines("behind")}`);
    expect(messages.map((message) => message.msg)).toEqual(["one", "behind"]);
    expect(rejected.map((each) => [each.line, each.text])).toEqual([[1, "<- sent to Alice"]]);
  });

  test("a line of 3 MB, however it came there, in its place and order", async () => {
    const { messages, rejected } = await readText(`${lines("before")}${"x".repeat(3_000_000)}\n${lines("behind")}`);
    expect(messages.map((message) => message.msg)).toEqual(["before", "behind"]);
    expect(rejected.map((each) => [each.line, each.text.length])).toEqual([[2, 1_000]]);
    expect(rejected[0]?.reason).toContain("3000001 bytes");
    expect(messages.map((message) => message.line)).toEqual([1, 3]);
  });
});

test("the line number is where the message begins, whatever stands before it", async () => {
  const text = `\n// note\n${line("one")}\n{\n"to":"bob",\n"msg":"two"\n}\n\n${line("three")}${line("four")}\n`;
  const { messages } = await readText(text);
  expect(messages.map(({ msg, line: at }) => [msg, at])).toEqual([["one", 3], ["two", 4], ["three", 9], ["four", 9]]);
});

test("brackets nested a hundred thousand deep end nothing", async () => {
  const deep = "[".repeat(5_000) + "]".repeat(5_000);
  const { messages, rejected } = await readText(`{"to":"alice","msg":${deep}}\n${lines("behind")}`);
  expect(messages.map((message) => message.msg)).toEqual(["behind"]);
  expect(rejected.length).toBe(1);
});
