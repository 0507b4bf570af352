/** Hunts: an invitation that a shell or a chat program breaks, one that is read as another, a wrong one taken. */
import { describe, expect, test } from "vitest";
import { formatInvitation, type Invitation, isInvitation, parseInvitation } from "../../../src/contract/mod.ts";
import { SeededRandom } from "../../sim/random.ts";

const ID = "YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8";
const NODE_ID = `ed25519:${ID}`;

describe("formatInvitation", () => {
  test("gives the line of its documentation", () => {
    const text = formatInvitation({ nodeId: NODE_ID, name: "Chimera", addresses: ["tcp://203.0.113.10:9001"] });
    expect(text).toBe(`moltcomm:${ID}+name=Chimera+addr=tcp://203.0.113.10:9001`);
  });

  test("leaves only characters that no shell, chat program or URL parser takes for its own", () => {
    const name = "a b&c;d|e'f\"g`h$i(j)k*l?m#n%o+p=q,r!s<t>u\\v@w[x]y{z}\u00e9\u4e2d\u{1f980}";
    const text = formatInvitation({ nodeId: NODE_ID, name, addresses: ["tcp://[::1]:9001", "relay://r.example:9"] });
    expect(text).toMatch(/^[A-Za-z0-9._~:/%+=-]+$/);
    expect(parseInvitation(text)).toEqual({
      nodeId: NODE_ID,
      name,
      addresses: ["tcp://[::1]:9001", "relay://r.example:9"],
    });
  });

  test("refuses what could not be read again", () => {
    const wrong: Invitation[] = [
      { nodeId: "ed25519:short", addresses: [] },
      { nodeId: NODE_ID, name: "", addresses: [] },
      { nodeId: NODE_ID, name: "a\nb", addresses: [] },
      { nodeId: NODE_ID, addresses: ["tcp://127.0.0.1:0"] },
      { nodeId: NODE_ID, addresses: ["nowhere"] },
    ];
    for (const each of wrong) {
      expect(() => formatInvitation(each)).toThrow(expect.objectContaining({ code: "INVITATION_INVALID" }));
    }
  });

  test("is the inverse of parseInvitation for any name and addresses", () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 500; round++) {
      const length = random.integer(1, 128);
      let name = "";
      while (name.length < length) {
        const point = random.integer(0x20, 0x2ffff);
        const isName = !(point >= 0xd800 && point <= 0xdfff) && !/\p{Cc}/u.test(String.fromCodePoint(point));
        if (isName) name += String.fromCodePoint(point);
      }
      const addresses = Array.from(
        { length: random.integer(0, 64) },
        (_, index) => `tcp://h${index}.example:${index + 1}`,
      );
      const invitation = { nodeId: NODE_ID, name: name.slice(0, 127).toWellFormed(), addresses };
      expect(parseInvitation(formatInvitation(invitation))).toEqual(invitation);
    }
  });
});

describe("parseInvitation", () => {
  test("takes a bare node id, and white space around it", () => {
    expect(parseInvitation(`  moltcomm:${ID}\r\n`)).toEqual({ nodeId: NODE_ID, addresses: [] });
  });

  test("tells an address once, in its plain form", () => {
    const text = `moltcomm:${ID}+addr=tcp://a.example:1/+addr=tcp://a.example:1`;
    expect(parseInvitation(text).addresses).toEqual(["tcp://a.example:1"]);
  });

  const wrong: readonly (readonly [what: string, text: string])[] = [
    ["nothing", ""],
    ["another scheme", `https:${ID}`],
    ["a node id with its prefix", `moltcomm:ed25519:${ID}`],
    ["a short node id", `moltcomm:${ID.slice(1)}`],
    ["a long node id", `moltcomm:${ID}A`],
    ["a node id in another than its canonical form", `moltcomm:${ID.slice(0, -1)}9`],
    ["a line break inside", `moltcomm:${ID}\n+name=a`],
    ["a space inside", `moltcomm:${ID}+name=a b`],
    ["an unknown field", `moltcomm:${ID}+nick=a`],
    ["a field without a value", `moltcomm:${ID}+name`],
    ["a nameless field", `moltcomm:${ID}+=a`],
    ["nothing behind a plus", `moltcomm:${ID}+`],
    ["two names", `moltcomm:${ID}+name=a+name=b`],
    ["an empty name", `moltcomm:${ID}+name=`],
    ["a control character in the name", `moltcomm:${ID}+name=a%1Bb`],
    ["a name too long", `moltcomm:${ID}+name=${"a".repeat(129)}`],
    ["a character that is not encoded", `moltcomm:${ID}+name=a?b`],
    ["a broken encoding", `moltcomm:${ID}+name=%4`],
    ["bytes that are no UTF-8", `moltcomm:${ID}+name=%FF`],
    ["no address", `moltcomm:${ID}+addr=http://a.example:1`],
    ["an address with port 0", `moltcomm:${ID}+addr=tcp://a.example:0`],
    [
      "too many addresses",
      `moltcomm:${ID}${Array.from({ length: 65 }, (_, index) => `+addr=tcp://a:${index + 1}`).join("")}`,
    ],
    ["too many characters", `moltcomm:${ID}+name=${"%61".repeat(20_000)}`],
  ];
  for (const [what, text] of wrong) {
    test(`refuses ${what}`, () => {
      expect(() => parseInvitation(text)).toThrow(expect.objectContaining({ code: "INVITATION_INVALID" }));
    });
  }

  test("says so when a line was broken on the way", () => {
    for (const text of [`moltcomm:${ID.slice(0, 20)}\n${ID.slice(20)}`, `moltcomm:${ID}+name=a b`]) {
      expect(() => parseInvitation(text)).toThrow(expect.objectContaining({ value: "white space inside it" }));
    }
  });

  test("shows a wrong value in short", () => {
    const message = String((() => {
      try {
        parseInvitation(`moltcomm:${ID}+name=${"?".repeat(5_000)}`);
        return "";
      } catch (thrown) {
        return thrown;
      }
    })());
    expect(message.length).toBeLessThan(300);
  });
});

test("isInvitation knows what is meant as one", () => {
  expect(["moltcomm:x", " MOLTCOMM:x", NODE_ID, "alice", ""].map(isInvitation)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
