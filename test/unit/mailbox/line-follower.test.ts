/** Hunts: a line read twice, or never, because the file was replaced, cut, missing or only half written. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "#runtime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LineFollower } from "../../../src/mailbox/line-follower.ts";

let directory: string;
let path: string;
let lines: string[];
let follower: LineFollower;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "barnacle-lines-"));
  path = join(directory, "lines");
  lines = [];
  follower = new LineFollower({ files: createRuntime().files }, {
    path,
    lineBytesMax: 10,
    onLine: (bytes) => void lines.push(new TextDecoder().decode(bytes)),
  });
});
afterEach(async () => {
  await follower.close();
  rmSync(directory, { recursive: true });
});

async function news(): Promise<string[]> {
  await follower.look();
  return lines.splice(0);
}

test("LineFollower gives each line once, when it is whole, and passes over those that are too long", async () => {
  expect(await news()).toEqual([]);
  writeFileSync(path, "one\ntw");
  expect([await news(), await news()]).toEqual([["one"], []]);
  appendFileSync(path, `o\n${"x".repeat(20)}\nthree\n`);
  expect(await news()).toEqual(["two", "three"]);
});

test("LineFollower reads the rest of a file that was moved away, then the one in its place", async () => {
  writeFileSync(path, "one\n");
  expect(await news()).toEqual(["one"]);
  appendFileSync(path, "two\n");
  renameSync(path, join(directory, "old"));
  writeFileSync(path, "three\n");
  expect([await news(), await news()]).toEqual([["two", "three"], []]);
});

test("LineFollower begins anew with a file that was cut", async () => {
  writeFileSync(path, "one\ntwo\n");
  await news();
  truncateSync(path, 4);
  expect([await news(), await news()]).toEqual([["one"], []]);
});

test("LineFollower waits for a file that was removed", async () => {
  writeFileSync(path, "one\n");
  await news();
  rmSync(path);
  expect(await news()).toEqual([]);
  writeFileSync(path, "two\n");
  expect(await news()).toEqual(["two"]);
});

test("LineFollower opens the file anew after a close", async () => {
  writeFileSync(path, "one\n");
  await news();
  await follower.close();
  await follower.close();
  expect(await news()).toEqual(["one"]);
});
