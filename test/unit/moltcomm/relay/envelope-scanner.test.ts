/**
 * Hunts: a frame that the relay reads otherwise than its recipient will, and so hands to somebody else: a second `to`, one inside the body,
 * escapes, half a character, JSON that is none.
 */
import { describe, expect, test } from "vitest";
import { EnvelopeScanner } from "../../../../src/moltcomm/relay/envelope-scanner.ts";
import { type Envelope, readEnvelope } from "../../../../src/moltcomm/relay/read-envelope.ts";
import { SeededRandom } from "../../../sim/mod.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scanner = new EnvelopeScanner();

/** What the scanner reads; `undefined` where it leaves the frame to the full parse. The frame stands between other bytes. */
function scan(bytes: Uint8Array): Omit<Envelope, "id"> | undefined {
  const placed = new Uint8Array(bytes.length + 20).fill(0x22);
  placed.set(bytes, 9);
  if (!scanner.scan(placed, 9, 9 + bytes.length)) return undefined;
  const text = (start: number, end: number) => start < 0 ? "" : decoder.decode(placed.subarray(start, end));
  return {
    to: text(scanner.toStart, scanner.toEnd),
    from: text(scanner.fromStart, scanner.fromEnd),
    t: text(scanner.tStart, scanner.tEnd),
  };
}

/** The same by `JSON.parse` alone. */
function parse(bytes: Uint8Array): Omit<Envelope, "id"> | undefined {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    const { to = null, from, t } = value as Record<string, unknown>;
    const isRead = (to === null || typeof to === "string") && typeof from === "string" && typeof t === "string";
    return isRead ? { to: to ?? "", from, t } : undefined;
  } catch {
    return undefined;
  }
}

/** @returns whether the scanner took it */
function mustAgree(bytes: Uint8Array): boolean {
  const [scanned, parsed] = [scan(bytes), parse(bytes)];
  if (scanned === undefined) return false;
  if (JSON.stringify(scanned) !== JSON.stringify(parsed)) {
    throw new Error(`${JSON.stringify(decoder.decode(bytes))} is read as ${JSON.stringify(scanned)}`);
  }
  return true;
}

const MESSAGE = JSON.stringify({
  v: 1,
  t: "DIRECT",
  id: "6f0c0a52-3f9e-4a0e-9a58-0d7b5a3d2c11",
  from: "ed25519:aaaa",
  pub: "MCowBQYDK2VwAyEA/+==",
  to: "ed25519:bbbb",
  ts: 1_795_261_898_000,
  body: { msg: 'Grüße, "Welt" \\ 🦀 \u0007', more: [1, -2.5e-7, true, false, null, {}, [], { to: "ed25519:inner" }] },
  sig: "AAAA",
});

describe("EnvelopeScanner", () => {
  test("reads what messages look like, with and without white space", () => {
    const read = { to: "ed25519:bbbb", from: "ed25519:aaaa", t: "DIRECT" };
    expect(scan(encoder.encode(MESSAGE))).toEqual(read);
    expect(scan(encoder.encode(`\n${JSON.stringify(JSON.parse(MESSAGE), null, "\t")} \r\n`))).toEqual(read);
    expect(scan(encoder.encode('{"t":"PING","from":"a"}'))).toEqual({ to: "", from: "a", t: "PING" });
    expect(scan(encoder.encode('{"t":"PING","from":"a","to":null}'))).toEqual({ to: "", from: "a", t: "PING" });
  });

  test("takes the last of a key that stands twice, as JSON.parse does", () => {
    const frame = (more: string) => encoder.encode(`{"t":"T","from":"a","to":"b"${more}}`);
    expect(scan(frame(',"to":"c"'))?.to).toBe("c");
    expect(scan(frame(',"to":null'))?.to).toBe("");
    expect(scan(frame(',"from":"z"'))?.from).toBe("z");
    for (const more of [',"to":"c"', ',"to":null', ',"from":"z"', ',"t":"U"']) mustAgree(frame(more));
  });

  test("leaves to the full parse what is rare or wrong", () => {
    const rest = '"t":"T","from":"a"';
    const rare = [
      `{"\\u0074o":"b",${rest}}`,
      `{"to":"\\u0062",${rest}}`,
      `{"tö":1,${rest}}`,
      `{"to":"ö",${rest}}`,
      `{"to":7,${rest}}`,
      `{"to":{},${rest}}`,
      `{"t":1,"from":"a"}`,
      `{"t":"T"}`,
      "{}",
      "",
      "[]",
      '"to"',
      `\ufeff{${rest}}`,
      `{${rest}} x`,
      `{${rest}}{${rest}}`,
      `{${rest},}`,
      `{,${rest}}`,
      `{${rest}`,
      `{${rest},"x":}`,
      `{${rest},"x" 1}`,
      `{${rest},x:1}`,
      `{${rest},"x":01}`,
      `{${rest},"x":1.}`,
      `{${rest},"x":.5}`,
      `{${rest},"x":+1}`,
      `{${rest},"x":1e}`,
      `{${rest},"x":-}`,
      `{${rest},"x":NaN}`,
      `{${rest},"x":nul}`,
      `{${rest},"x":truex}`,
      `{${rest},"x":"\t"}`,
      `{${rest},"x":"\\x"}`,
      `{${rest},"x":"\\u12g4"}`,
      `{${rest},"x":[1,]}`,
      `{${rest},"x":[1}]}`,
      `{${rest},"x":{"y":1]}}`,
      `{${rest},"x":${"[".repeat(32)}${"]".repeat(32)}}`,
    ];
    expect(rare.filter((text) => scan(encoder.encode(text)) !== undefined)).toEqual([]);
  });

  test("leaves bytes that are no UTF-8 to the full parse, and takes those that are", () => {
    const around = (...bytes: number[]) =>
      Uint8Array.of(...encoder.encode('{"t":"T","from":"a","x":"'), ...bytes, ...encoder.encode('"}'));
    const wrong = [
      [0x80],
      [0xc0, 0x80],
      [0xc1, 0xbf],
      [0xc3],
      [0xe0, 0x9f, 0x80],
      [0xed, 0xa0, 0x80],
      [0xe2, 0x82],
      [0xf0, 0x8f, 0x80, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xff],
    ];
    for (const bytes of wrong) {
      expect(parse(around(...bytes))).toBe(undefined);
      expect(scan(around(...bytes))).toBe(undefined);
    }
    for (
      const text of ["\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}", "\u007f"]
    ) {
      expect(mustAgree(around(...encoder.encode(text)))).toBe(true);
    }
  });

  test("agrees with JSON.parse on 30,000 frames that a seed has changed, and takes many of them", () => {
    const random = new SeededRandom(7);
    const pieces = [
      '"to":"c"',
      '"to":null',
      '"from":"x"',
      '"t":"U"',
      ",",
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ":",
      "to",
      "\\u0074",
      "null",
    ]
      .map((text) => encoder.encode(text));
    let taken = 0;
    for (let round = 0; round < 30_000; round++) {
      let bytes: Uint8Array = encoder.encode(
        random.chance(0.5) ? MESSAGE : '{"to":"b","t":"T","from":"a","n":[{"to":1}]}',
      );
      for (let change = random.integer(0, 3); change > 0; change--) bytes = changed(bytes, random, pieces);
      if (mustAgree(bytes)) taken++;
    }
    expect(taken).toBeGreaterThan(8_000);
  });

  test("agrees with JSON.parse on objects made of every kind of value", () => {
    const random = new SeededRandom(11);
    let taken = 0;
    for (let round = 0; round < 5_000; round++) {
      const fields = Array.from({ length: random.integer(0, 6) }, () => `${random.pick(KEYS)}:${value(random, 3)}`);
      const base = ['"t":"T"', '"from":"a"'];
      const all = [...fields, ...base].sort(() => random.unit() - 0.5);
      if (mustAgree(encoder.encode(`{${all.join(random.chance(0.3) ? " ,\n" : ",")}}`))) taken++;
    }
    expect(taken).toBeGreaterThan(1_000);
  });
});

describe("readEnvelope", () => {
  test("reads what the scanner leaves to it as JSON.parse does", () => {
    const bytes = encoder.encode('{"\\u0074o":"\\u0062","t":"T","from":"a","id":"1"}');
    expect(readEnvelope(bytes)).toEqual({ to: "b", from: "a", t: "T", id: "1" });
    expect(readEnvelope(encoder.encode('{"t":"T","from":"a","to":"\\ud800"}'))).toBe(undefined);
  });
});

const KEYS = ['"to"', '"from"', '"t"', '"x"', '"To"', '""', '"\\u0074o"', '"é"', '"__proto__"', '"too"', '"tag"'];
const SCALARS = [
  "1",
  "-0",
  "0.5",
  "1E+5",
  "12e-3",
  "true",
  "false",
  "null",
  '"b"',
  '"\\n"',
  '"é🦀"',
  '"\\ud83e\\udd80"',
  '""',
];

function value(random: SeededRandom, depth: number): string {
  const kind = depth === 0 ? 0 : random.integer(0, 3);
  if (kind < 2) return random.pick(SCALARS);
  const items = Array.from({ length: random.integer(0, 3) }, () => value(random, depth - 1));
  if (kind === 2) return `[${items.join(", ")}]`;
  return `{${items.map((item) => `${random.pick(KEYS)} : ${item}`).join(",")}}`;
}

function changed(bytes: Uint8Array, random: SeededRandom, pieces: readonly Uint8Array[]): Uint8Array {
  const at = random.integer(0, bytes.length);
  switch (random.integer(0, 3)) {
    case 0:
      return Uint8Array.of(...bytes.subarray(0, at), ...random.pick(pieces), ...bytes.subarray(at));
    case 1:
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + random.integer(1, 6)));
    case 2:
      return Uint8Array.of(...bytes.subarray(0, at), random.integer(0, 255), ...bytes.subarray(at + 1));
    default: {
      const from = random.integer(0, bytes.length);
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(from, from + 12), ...bytes.subarray(at));
    }
  }
}
