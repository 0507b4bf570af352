/** Hunts: a configuration file whose fault is passed over, crashes the start, or is reported at the wrong place. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/mod.ts";
import { CONFIG_BYTES_MAX } from "../../../src/limits.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";
import { errorOf, load, loadText } from "./support/load.ts";

describe("a configuration file", () => {
  test("may have comments, trailing commas, a byte order mark and a $schema", async () => {
    const text = `\uFEFF{
      // a line
      "$schema": "./config.schema.json", /* a block */
      "service": { "name": "x", },
    }
    // the end`;
    expect((await loadText(text)).config.service.name).toBe("x");
  });

  test("of nothing but an object gives the defaults", async () => {
    expect((await loadText("{}")).config.service.name).toBe("barnacle");
  });

  test("gives each value's line and column", async () => {
    const { origins } = await loadText('{\r\n  "log": {\r\n    "level": "warn",\n    "format":\n      "json" } }');
    expect(origins.get("log.level")).toEqual({ kind: "file", path: "/work/barnacle.json", line: 3, column: 14 });
    expect(origins.get("log.format")).toMatchObject({ line: 5, column: 7 });
  });

  test.each([
    ["", "broken: wanted a value", "1:1"],
    ["// only a comment\n", "broken: wanted a value", "2:1"],
    ['{\n  "log": {\n    level: "warn" } }', "broken: a word that JSON does not know", "3:5"],
    ['{ "log": { "level": "warn" ', "broken: wanted a closing brace", "1:28"],
    ['{ "log": {} "hub": {} }', "broken: wanted a comma", "1:13"],
    ['{ "log" {} }', "broken: wanted a colon", "1:9"],
    ['{ "log": { "level": "wa\nrn" } }', "broken: a text that does not end", "1:21"],
    ["{} {}", "broken: wanted the end of the file", "1:4"],
    ["{ /* ", "broken: a comment that does not end", "1:3"],
    ["[]", "got a list, wanted an object", "1:1"],
    ['"text"', "got text, wanted an object", "1:1"],
    ['{ "log": 3 }', "log: got a number, wanted an object", "1:10"],
    ['{ "log": null }', "log: got null, wanted an object", "1:10"],
    ['{ "$schema": 3 }', "$schema: got a number, wanted text", "1:14"],
    ['{ "log": { "level": null } }', "log.level: got null, wanted one of", "1:21"],
    ['{ "log": {}, "log": {} }', "log: got this key a second time", "1:14"],
    ['{ "log": { "level": "warn", "level": "info" } }', "log.level: got this key a second time", "1:29"],
    ['{ "openclaw": { "intervalSeconds": "60" } }', 'intervalSeconds: got "60", wanted a number', "1:36"],
    ['{ "openclaw": { "signRequests": "true" } }', 'signRequests: got "true", wanted true or false', "1:33"],
    ['{ "service": { "tags": { "gpu": 1 } } }', "service.tags.gpu: got 1, wanted text", "1:24"],
    ['{ "service": { "version": "1" } }', 'service.version: got "1", wanted', "1:27"],
  ])("is refused with the place: %j", async (text, words, place) => {
    const error = await errorOf(loadText(text));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(words);
    expect(error.message).toContain(`(/work/barnacle.json:${place})`);
  });

  test.each([
    ['{ "http": { "lisen": "x" } }', "http.lisen: there is no such setting; the nearest is http.listen", "1:13"],
    ['{ "htpp": {} }', "htpp: there is no such setting; the nearest is http", "1:3"],
    ['{ "listen": "x" }', "listen: there is no such setting; the nearest is http.listen", "1:3"],
    ['{ "hubb": {}, "x": 1 }', "hubb: there is no such setting; the nearest is hub", "1:3"],
    ['{ "hub": { "token": "x" } }', "hub.token: there is no such setting; the nearest is http.token", "1:12"],
    [
      '{ "OPENCLAW_API_KEY": "x" }',
      "OPENCLAW_API_KEY: there is no such setting; the nearest is openclaw.apiKey",
      "1:3",
    ],
    ['{ "log": { "__proto__": {} } }', "log.__proto__: there is no such setting", "1:12"],
    ['{ "constructor": {} }', "constructor: there is no such setting", "1:3"],
    ['{ "log": { "$schema": "x" } }', "log.$schema: there is no such setting", "1:12"],
    ['{ "a\\u001b[2J\\n": 1 }', '"a\\u001b[2J\\n": there is no such setting', "1:3"],
  ])("is refused with the nearest known key: %j", async (text, words, place) => {
    const error = await errorOf(loadText(text));
    expect(error.code).toBe("CONFIG_UNKNOWN_KEY");
    expect(error.message).toContain(words);
    expect(error.message).toContain(`(/work/barnacle.json:${place})`);
  });

  test("is refused with all that is wrong at once", async () => {
    const text = '{ "log": { "level": "loud", "frmat": "json" }, "openclaw": { "intervalSeconds": 0 } }';
    const error = await errorOf(loadText(text, { environment: { BARNACLE_HUB_LISTEN: "x" } }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.problems.map((problem) => problem.split(":")[0])).toEqual([
      "log.frmat",
      "log.level",
      "openclaw.intervalSeconds",
      "hub.listen",
    ]);
  });

  test("is refused for a wrong value even when another source overrides it", async () => {
    const error = await errorOf(loadText('{ "log": { "level": "loud" } }', { flags: { "log.level": "info" } }));
    expect(error.message).toContain('log.level: got "loud"');
  });

  test("of garbage gives an error of bounded length", async () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `"key${index}${"k".repeat(20)}": 1`);
    const error = await errorOf(loadText(`{${keys.join(",")}}`, { environment: { BARNACLE_LOG_LEVEL: "loud" } }));
    expect(error.problems).toHaveLength(51);
    expect(error.message.length).toBeLessThan(20_000);
    expect((await errorOf(loadText(`{"${"k".repeat(500_000)}": 1}`))).message.length).toBeLessThan(1_000);
  });

  test("nested without end is refused, not a crash", async () => {
    const deep = await errorOf(loadText("[".repeat(500_000)));
    expect(deep.code).toBe("CONFIG_INVALID");
    const inValue = `{"service":{"tags":${"[".repeat(3_000)}${"]".repeat(3_000)}}}`;
    expect((await errorOf(loadText(inValue))).message).toContain("nested beyond reason");
  });

  test("larger than the limit, not UTF-8 or unreadable is refused by its name", async () => {
    const large = await errorOf(loadText(" ".repeat(CONFIG_BYTES_MAX + 1)));
    expect(large.message).toContain(`got more than ${CONFIG_BYTES_MAX} bytes`);
    const files = new MemoryFiles({ "/work/barnacle.json": "{}" });
    const ports = { files, process: { workingDirectory: () => "/" } };
    const sources = { directory: "/work", flags: {}, environment: {} };
    files.fault = () => "PERMISSION_DENIED";
    expect((await errorOf(loadConfig(ports, sources))).message).toContain(
      "got PERMISSION_DENIED from /work/barnacle.json",
    );
    files.read = () => Promise.resolve(new Uint8Array([0x7b, 0xff, 0x7d]));
    expect((await errorOf(loadConfig(ports, sources))).message).toContain("no UTF-8");
  });

  test("with a key named __proto__ among its tags changes no object", async () => {
    const { config } = await loadText('{ "service": { "tags": { "__proto__": "x", "region": "eu" } } }');
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(config.service.tags["region"]).toBe("eu");
  });

  test("that is a directory is refused", async () => {
    const error = await errorOf(load({ configFile: "/work", contents: { "/work/x": "" } }));
    expect(error.message).toContain("IS_A_DIRECTORY");
  });
});
