/**
 * Hunts: a path that lands in another directory: a root without its slash, a Windows drive taken for a relative name.
 */
import { describe, expect, test } from "vitest";
import { baseName, isAbsolutePath, joinPath, parentPath, resolvePath } from "../../../src/store/mod.ts";

describe("resolvePath", () => {
  test.each([
    ["/work", "agents.json", "/work/agents.json"],
    ["/work/", "agents.json", "/work/agents.json"],
    ["/", "agents.json", "/agents.json"],
    ["/work", "./agents.json", "/work/agents.json"],
    ["/work", ".//./agents.json", "/work/agents.json"],
    ["/work", ".", "/work"],
    ["/work", "./", "/work"],
    ["/work", "../agents.json", "/work/../agents.json"],
    ["/work", ".barnacle/x", "/work/.barnacle/x"],
    ["/work", "/etc/agents.json", "/etc/agents.json"],
    ["C:\\work", "agents.json", "C:\\work/agents.json"],
    ["C:\\", "agents.json", "C:\\agents.json"],
    ["C:\\work", "D:/agents.json", "D:/agents.json"],
    ["/work", "a\\b", "/work/a\\b"],
  ])("resolvePath(%j, %j) is %j", (directory, path, resolved) => {
    expect(resolvePath(directory, path)).toBe(resolved);
  });
});

describe("parentPath and baseName", () => {
  test.each([
    ["/work/agents.json", "/work", "agents.json"],
    ["/agents.json", "/", "agents.json"],
    ["agents.json", ".", "agents.json"],
    ["a/b", "a", "b"],
    ["C:\\work\\x.json", "C:\\work", "x.json"],
    ["C:\\x.json", "C:\\", "x.json"],
    ["C:/x.json", "C:/", "x.json"],
    ["/work/a\\b", "/work", "a\\b"],
  ])("%j lies in %j as %j", (path, parent, name) => {
    expect(parentPath(path)).toBe(parent);
    expect(baseName(path)).toBe(name);
  });

  test("joinPath puts them together again when the directory is a root", () => {
    expect(joinPath(parentPath("/x"), baseName("/x"))).toBe("/x");
    expect(joinPath(parentPath("C:\\x"), baseName("C:\\x"))).toBe("C:\\x");
  });
});

describe("isAbsolutePath", () => {
  test.each([["/x", true], ["C:\\x", true], ["c:/x", true], ["\\\\host\\share", true], ["x", false], ["./x", false], [
    "C:x",
    false,
  ], ["\\x", false]])("isAbsolutePath(%j) is %j", (path, isAbsolute) => {
    expect(isAbsolutePath(path)).toBe(isAbsolute);
  });
});
