/**
 * Hunts: a secret in an error, a configuration that is shown, or a command line; a secret that reaches the header with
 * a line feed.
 */
import { describe, expect, test } from "vitest";
import { explainConfig } from "../../../src/config/mod.ts";
import { SECRET_BYTES_MAX } from "../../../src/limits.ts";
import { errorOf, everythingShownBy, load, loadText } from "./support/load.ts";

const KEY = "sk-very-secret-0123456789/AB+c=";

describe("a secret", () => {
  test.each([
    ["its variable", { environment: { OPENCLAW_API_KEY: KEY } }],
    ["the file that its variable names", {
      environment: { OPENCLAW_API_KEY_FILE: "key" },
      contents: { "/work/key": `${KEY}\n` },
    }],
    ["an absolute file", {
      environment: { OPENCLAW_API_KEY_FILE: "/run/key" },
      contents: { "/run/key": `${KEY}\r\n` },
    }],
    ["a file without a line feed at its end", {
      environment: { OPENCLAW_API_KEY_FILE: "key" },
      contents: { "/work/key": KEY },
    }],
    ["the configuration file", { contents: { "/work/barnacle.json": `{ "openclaw": { "apiKey": "${KEY}" } }` } }],
    ["a file that the configuration file names", {
      configFile: "/etc/b.json",
      contents: { "/etc/b.json": '{ "openclaw": { "apiKey": { "file": "key" } } }', "/etc/key": KEY },
    }],
  ])("comes from %s", async (_, given) => {
    const loaded = await load(given);
    expect(loaded.config.openclaw.apiKey?.reveal()).toBe(KEY);
    expect(loaded.secrets.map((secret) => secret.reveal())).toEqual([KEY]);
    expect(JSON.stringify([loaded.config, explainConfig(loaded)])).not.toContain(KEY);
    expect(explainConfig(loaded).find((row) => row.path === "openclaw.apiKey")?.value).toBe("[secret]");
  });

  test("of the environment overrides a file that another host has", async () => {
    const text = '{ "openclaw": { "apiKey": { "file": "/run/missing" } } }';
    const { config } = await loadText(text, { environment: { OPENCLAW_API_KEY: KEY } });
    expect(config.openclaw.apiKey?.reveal()).toBe(KEY);
  });

  test("loses one line feed at the end of its file, and no more is forgiven", async () => {
    const environment = { OPENCLAW_API_KEY_FILE: "key" };
    for (const text of [`${KEY}\n\n`, `${KEY} \n`, `a b`, `${KEY}\0`, "schlüssel-lang-genug", ""]) {
      const error = await errorOf(load({ environment, contents: { "/work/key": text } }));
      expect(error.code).toBe("SECRET_UNREADABLE");
      expect(error.message).toContain("openclaw.apiKey: got ");
      expect(error.message).toContain("(environment OPENCLAW_API_KEY_FILE)");
    }
  });

  test("given as variable and as file at once is refused", async () => {
    const error = await errorOf(load({ environment: { OPENCLAW_API_KEY: KEY, OPENCLAW_API_KEY_FILE: "/run/key" } }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain("got both OPENCLAW_API_KEY and OPENCLAW_API_KEY_FILE");
    expect(everythingShownBy(error)).not.toContain(KEY);
  });

  test.each([
    ["missing", {}, "FILE_NOT_FOUND"],
    ["a directory", { "/work/key/x": "" }, "IS_A_DIRECTORY"],
    ["too large", { "/work/key": "k".repeat(SECRET_BYTES_MAX + 1) }, "BODY_TOO_LARGE"],
  ])("whose file is %s is refused by the setting's name", async (_, contents, code) => {
    const error = await errorOf(load({ environment: { BARNACLE_HTTP_TOKEN_FILE: "key" }, contents }));
    expect(error.code).toBe("SECRET_UNREADABLE");
    expect(error.message).toContain(`http.token: got ${code} from the secret's file`);
    expect(error.message).toContain("(environment BARNACLE_HTTP_TOKEN_FILE)");
  });

  test("that is short is taken with a warning", async () => {
    const loaded = await load({ environment: { OPENCLAW_API_KEY: "short" } });
    expect(loaded.warnings).toEqual([expect.stringContaining("openclaw.apiKey has less than 8 characters")]);
  });
});

describe("no error shows a secret", () => {
  const ELSEWHERE = { OPENCLAW_API_KEY: KEY };

  test.each([
    ["on the command line", { flags: { "openclaw.apiKey": KEY } }],
    ["with a space in it", { environment: { OPENCLAW_API_KEY: `${KEY} x` } }],
    ["in place of its file's name", { environment: { OPENCLAW_API_KEY_FILE: KEY } }],
    ["as the file's name in the configuration file", { text: `{ "openclaw": { "apiKey": { "file": "${KEY}" } } }` }],
    ["under a mistyped key", { text: `{ "openclaw": { "apiKy": "${KEY}" } }` }],
    ["under a key of a later version", { text: `{ "openclaw": { "apiKeyFile": "${KEY}" } }` }],
    ["in a mistyped section", { text: `{ "opnclaw": { "apiKey": "${KEY}" } }` }],
    ["in place of a section", { text: `{ "openclaw": "${KEY}" }` }],
    ["in place of everything", { text: `"${KEY}"` }],
    ["in a list", { text: `{ "openclaw": { "apiKey": ["${KEY}"] } }` }],
    ["in a wrong object", { text: `{ "openclaw": { "apiKey": { "value": "${KEY}" } } }` }],
    ["in an object with one key too many", {
      text: `{ "openclaw": { "apiKey": { "file": "x", "value": "${KEY}" } } }`,
    }],
    ["in broken JSON", { text: `{ "openclaw": { "apiKey": "${KEY} } }` }],
    ["without quotes", { text: `{ "openclaw": { "apiKey": ${KEY} } }` }],
    ["given twice", { text: `{ "openclaw": { "apiKey": "${KEY}", "apiKey": "${KEY}" } }` }],
    ["as the URL's password", { environment: { OPENCLAW_BASE_URL: `https://user:${KEY}@x.example` } }],
    ["as the URL's user", { environment: { OPENCLAW_BASE_URL: `https://${encodeURIComponent(KEY)}@x.example` } }],
    ["in the URL's query", { environment: { OPENCLAW_BASE_URL: `https://x.example/?key=${KEY}` } }],
    ["in the hub's URL", { environment: { BARNACLE_HUB_URL: `http://user:${KEY}@x.example` } }],
    ["also in another setting", { environment: { ...ELSEWHERE, BARNACLE_LOG_LEVEL: KEY } }],
    ["also inside another setting", { environment: { ...ELSEWHERE, BARNACLE_LOG_LEVEL: `${"x".repeat(50)}${KEY}` } }],
    ["also as a key", { environment: ELSEWHERE, text: `{ "${KEY}": 1 }` }],
    ["overridden, and also in another setting", {
      environment: { OPENCLAW_API_KEY: "another-key", BARNACLE_LOG_LEVEL: KEY },
      text: `{ "openclaw": { "apiKey": "${KEY}" } }`,
    }],
    ["on the command line and also in another setting", { flags: { "openclaw.apiKey": KEY, "log.level": KEY } }],
    ["as variable and as file at once and also in another setting", {
      environment: { OPENCLAW_API_KEY: KEY, OPENCLAW_API_KEY_FILE: "key", BARNACLE_LOG_LEVEL: KEY },
    }],
    ["whose file's content stands elsewhere too", {
      environment: { OPENCLAW_API_KEY_FILE: "key", BARNACLE_LOG_LEVEL: `${"x".repeat(50)}${KEY}` },
      contents: { "/work/key": KEY },
    }],
  ])("%s", async (_, { text, ...given }: { text?: string } & Parameters<typeof load>[0]) => {
    const error = await errorOf(text === undefined ? load(given) : loadText(text, given));
    const shown = everythingShownBy(error);
    for (let at = 0; at + 8 <= KEY.length; at++) expect(shown).not.toContain(KEY.slice(at, at + 8));
    expect(shown).not.toContain(encodeURIComponent(KEY));
  });
});
