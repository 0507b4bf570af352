/**
 * Hunts: a section put in twice, in the wrong words or the wrong place; a byte changed outside of it; a guess about damaged markers; a
 * removal that leaves a trace or takes too much.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ensureHeartbeatSection, HEARTBEAT_SECTION, removeHeartbeatSection } from "../../../src/mailbox/commands.ts";
import { placeSection, takeSectionOut } from "../../../src/mailbox/heartbeat/edit.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";

const PATH = "/work/HEARTBEAT.md";
const CRLF_SECTION = HEARTBEAT_SECTION.replaceAll("\n", "\r\n");
/** A UTF-8 byte-order mark, a character a byte. */
const MARK = "\u00ef\u00bb\u00bf";

function setUp(content?: string) {
  const files = new MemoryFiles();
  files.putDirectory("/work");
  if (content !== undefined) files.put(PATH, content, { mode: 0o640, userId: 7, groupId: 8 });
  const ports = { files, random: new SeededRandom(1) };
  return {
    files,
    ensure: () => ensureHeartbeatSection(ports, PATH),
    remove: (isOurs = false) => removeHeartbeatSection(ports, PATH, { isOurs }),
  };
}

const place = (text: string) => placeSection(text, PATH);

describe("HEARTBEAT_SECTION", () => {
  test("is the contract's, byte for byte", () => {
    // What the contract has between its fences; kept here, since the contract is not part of this repository.
    const contract = readFileSync(new URL("./contract-section.txt", import.meta.url), "utf8");
    expect(HEARTBEAT_SECTION).toBe(contract.replace(/\n$/, ""));
  });

  test("holds steps to do, not only headings and comments", () => {
    const steps = HEARTBEAT_SECTION.split("\n").filter((line) => /^\d\) /.test(line));
    expect(steps).toHaveLength(5);
  });
});

describe("placeSection", () => {
  const S = HEARTBEAT_SECTION;
  const cases: readonly (readonly [where: string, before: string, after: string])[] = [
    ["alone in an empty file", "", `${S}\n`],
    ["at the top where there is no title", "- check mail\n", `${S}\n\n- check mail\n`],
    ["behind a title", "# Title\n", `# Title\n\n${S}\n`],
    ["behind a title without a line end", "# Title", `# Title\n\n${S}`],
    ["behind title and paragraph", "# Title\n\nOne.\nTwo.\n\nThree.\n", `# Title\n\nOne.\nTwo.\n\n${S}\n\nThree.\n`],
    ["behind a paragraph right under its title", "# Title\nOne.\n## Next\n", `# Title\nOne.\n\n${S}\n## Next\n`],
    ["behind a title that a list follows", "# Title\n\n- a\n- b\n", `# Title\n\n${S}\n\n- a\n- b\n`],
    ["behind a title that a heading follows", "# Title\n## Next\n", `# Title\n\n${S}\n## Next\n`],
    ["behind a title that code follows", "# T\n```\n# no title\n```\n", `# T\n\n${S}\n\`\`\`\n# no title\n\`\`\`\n`],
    ["behind an underlined title", "Title\n=====\n\nOne.\n", `Title\n=====\n\nOne.\n\n${S}\n`],
    ["behind a title that an underlined heading follows", "# T\n\nNext\n---\n\nx\n", `# T\n\n${S}\n\nNext\n---\n\nx\n`],
    ["without parting a paragraph from its list", "# T\nDo:\n- a\n- b\n\nx\n", `# T\nDo:\n- a\n- b\n\n${S}\n\nx\n`],
    ["behind front matter", "---\na: 1\n---\nOne.\n", `---\na: 1\n---\n\n${S}\nOne.\n`],
    ["behind front matter and title", "---\na: 1\n---\n# T\n\nOne.\n", `---\na: 1\n---\n# T\n\nOne.\n\n${S}\n`],
    ["behind a title after blank lines", "\n\n# T\n", `\n\n# T\n\n${S}\n`],
    ["behind a byte-order mark", `${MARK}# T\n`, `${MARK}# T\n\n${S}\n`],
    ["right behind a byte-order mark where there is no title", `${MARK}- a\n`, `${MARK}${S}\n\n- a\n`],
    ["with CRLF in a CRLF file", "# T\r\n\r\nOne.\r\n", `# T\r\n\r\nOne.\r\n\r\n${CRLF_SECTION}\r\n`],
    [
      "with the line end most lines have",
      "# T\r\n\r\nOne.\r\nTwo.\n",
      `# T\r\n\r\nOne.\r\nTwo.\n\r\n${CRLF_SECTION}\r\n`,
    ],
  ];
  for (const [where, before, after] of cases) {
    test(`puts the section ${where}, once, and takeSectionOut undoes it`, () => {
      const placed = place(before);
      expect(placed).toEqual({ outcome: "inserted", text: after });
      expect(place(placed.text)).toEqual({ outcome: "unchanged", text: after });
      expect(takeSectionOut(placed.text, PATH)).toBe(before);
    });
  }

  test("gives a changed section the contract's words again, and touches nothing else", () => {
    const changed = "# T\nx<!-- MOLTCOMM:BEGIN -->\n1) Ignore mail.\n<!--moltcomm:end--> y\n  z";
    const text = `# T\nx${S} y\n  z`;
    expect(place(changed)).toEqual({ outcome: "replaced", text });
    expect(place(text).outcome).toBe("unchanged");
  });

  test("takes a section whose line ends an editor changed as it is", () => {
    for (const text of [`# T\n\n${CRLF_SECTION}\n`, `# T\r\n\r\n${S}\r\n`]) {
      expect(place(text)).toEqual({ outcome: "unchanged", text });
    }
  });

  test("replaces with CRLF in a CRLF file", () => {
    const changed = "# T\r\n<!-- MOLTCOMM:BEGIN -->\nold\n<!-- MOLTCOMM:END -->\r\nx\r\n";
    expect(place(changed).text).toBe(`# T\r\n${CRLF_SECTION}\r\nx\r\n`);
  });
});

describe("damaged markers", () => {
  const [BEGIN, END] = ["<!-- MOLTCOMM:BEGIN -->", "<!-- MOLTCOMM:END -->"];
  const cases: readonly (readonly [what: string, text: string, told: string])[] = [
    ["the begin marker alone", `# T\n\n${BEGIN}\nx\n`, `${BEGIN} on line 3, ${END} nowhere`],
    ["the end marker alone", `# T\n${END}\n`, `${BEGIN} nowhere, ${END} on line 2`],
    ["the wrong order", `${END}\n${BEGIN}\n`, `${BEGIN} on line 2, ${END} on line 1`],
    ["two pairs", `${BEGIN}\n${END}\n\n${BEGIN}\n${END}\n`, `${BEGIN} on line 1, 4, ${END} on line 2, 5`],
    ["two begin markers", `${BEGIN}\n${BEGIN}\n${END}\n`, `${BEGIN} on line 1, 2, ${END} on line 3`],
    [
      "a pair in another spelling besides",
      `${BEGIN}\n${END}\n<!--MOLTCOMM:BEGIN-->\n`,
      `${BEGIN} on line 1, 3, ${END} on line 2`,
    ],
  ];
  for (const [what, text, told] of cases) {
    test(`${what}: reported with line numbers and what to do, the file untouched`, async () => {
      const { files, ensure, remove } = setUp(text);
      for (const act of [ensure, remove]) {
        await expect(act()).rejects.toMatchObject({
          code: "MARKERS_DAMAGED",
          value: told,
          hint: expect.stringContaining("remove what is left"),
        });
      }
      expect(files.text(PATH)).toBe(text);
      expect(files.operations.filter((operation) => /^(rename|open)/.test(operation))).toEqual([]);
    });
  }
});

/** A file as somebody's editor might leave it: titles, lists, code, CRLF, byte-order marks, stray bytes, no last line end. */
function drawText(random: SeededRandom): string {
  const PIECES = [
    "# Title",
    "## Part",
    "Title\n===",
    "A line of text.",
    "  indented",
    "    code",
    "- item",
    "1) step",
    "> quoted",
    "| a | b |",
    "```",
    "---",
    "***",
    "",
    "",
    "   ",
    "\t",
    "<!-- note -->",
    "\u00c3\u00a9\u00a0\u0085",
    "\u00ff\u00fe\u0080",
    "MOLTCOMM:BEGIN",
    "\u000b\u000c",
  ];
  const end = random.integer(0, 2) === 0 ? "\r\n" : "\n";
  const isMixed = random.integer(0, 4) === 0;
  let text = random.integer(0, 3) === 0 ? MARK : "";
  const count = random.integer(0, 12);
  for (let index = 0; index < count; index++) {
    const piece = PIECES[random.integer(0, PIECES.length - 1)] ?? "";
    const lineEnd = isMixed && random.integer(0, 1) === 0 ? "\n" : end;
    text += piece.replaceAll("\n", lineEnd) + (index === count - 1 && random.integer(0, 2) === 0 ? "" : lineEnd);
  }
  return text;
}

describe("any file", () => {
  for (let seed = 1; seed <= 20; seed++) {
    test(`is changed once, and only by the section; taking it out gives every byte back (seed ${seed})`, () => {
      const random = new SeededRandom(seed);
      for (let round = 0; round < 250; round++) {
        const text = drawText(random);
        const placed = place(text);
        expect(placed.outcome).toBe("inserted");
        const found = placed.text.replaceAll("\r\n", "\n").split(HEARTBEAT_SECTION);
        expect(found).toHaveLength(2);
        expect(found.join("").replaceAll("\n", "")).toBe(text.replaceAll("\r\n", "\n").replaceAll("\n", ""));
        expect(place(placed.text)).toEqual({ outcome: "unchanged", text: placed.text });
        expect(takeSectionOut(placed.text, PATH)).toBe(text);
      }
    });
  }
});

describe("ensureHeartbeatSection", () => {
  test("makes a file with a title where there is none", async () => {
    const { files, ensure } = setUp();
    expect(await ensure()).toBe("created");
    expect(files.text(PATH)).toBe(`# Heartbeat\n\n${HEARTBEAT_SECTION}\n`);
    expect(await ensure()).toBe("unchanged");
  });

  test("keeps mode, owner and every other byte, and writes no byte the second time", async () => {
    const { files, ensure } = setUp("# T\u00e9\n\nM\u00f6lt \u{1f980}\n");
    expect(await ensure()).toBe("inserted");
    expect(files.text(PATH)).toBe(`# T\u00e9\n\nM\u00f6lt \u{1f980}\n\n${HEARTBEAT_SECTION}\n`);
    const { mode, userId, groupId } = await files.stat(PATH);
    expect([mode, userId, groupId]).toEqual([0o640, 7, 8]);
    files.operations.length = 0;
    expect(await ensure()).toBe("unchanged");
    expect(files.operations).toEqual([`read ${PATH}`]);
  });

  test("leaves the old file whole when the write fails at any step", async () => {
    const steps = setUp("# T\n");
    await steps.ensure();
    for (let index = 1; index < steps.files.operations.length; index++) {
      const { files, ensure } = setUp("# T\n");
      files.fault = (_operation, at) => at === index ? "DISK_FULL" : undefined;
      await ensure().catch(() => undefined);
      expect(["# T\n", steps.files.text(PATH)]).toContain(files.text(PATH));
    }
  });

  test("refuses UTF-16, untouched", async () => {
    const { files, ensure } = setUp("#\0 \0T\0\n\0");
    await expect(ensure()).rejects.toMatchObject({ code: "BODY_INVALID", hint: expect.stringContaining("UTF-8") });
    expect(files.text(PATH)).toBe("#\0 \0T\0\n\0");
  });
});

describe("removeHeartbeatSection", () => {
  test("gives a file back as it was, with mode and owner", async () => {
    const { files, ensure, remove } = setUp("# T\n\nText\n");
    await ensure();
    expect(await remove()).toBe("taken out");
    expect(files.text(PATH)).toBe("# T\n\nText\n");
    expect((await files.stat(PATH)).userId).toBe(7);
    expect(await remove()).toBe("absent");
  });

  test("removes a file that is ours and holds nothing else, and no other", async () => {
    const ours = setUp();
    await ours.ensure();
    expect(await ours.remove(true)).toBe("file removed");
    expect(ours.files.text(PATH)).toBe(undefined);
    const grown = setUp();
    await grown.ensure();
    grown.files.put(PATH, `${grown.files.text(PATH)}\n- look at the garden\n`);
    expect(await grown.remove(true)).toBe("taken out");
    expect(grown.files.text(PATH)).toBe("# Heartbeat\n\n- look at the garden\n");
    const theirs = setUp("# Heartbeat\n");
    await theirs.ensure();
    expect(await theirs.remove(false)).toBe("taken out");
    expect(theirs.files.text(PATH)).toBe("# Heartbeat\n");
  });

  test("makes no file", async () => {
    const { files, remove } = setUp();
    expect(await remove(true)).toBe("absent");
    expect(files.paths()).toEqual([]);
  });
});
