/** Hunts: a listener open to other hosts without a token, a key sent in the clear, half a certificate. */
import { describe, expect, test } from "vitest";
import { readNamedFile } from "../../../src/config/mod.ts";
import { MemoryFiles } from "../store/support/memory-files.ts";
import { errorOf, load } from "./support/load.ts";

const TOKEN = { BARNACLE_HTTP_TOKEN: "a-token-of-many-letters" };

describe("On any other address than loopback a token is required, or the agent refuses to start", () => {
  test.each(["0.0.0.0:7410", "[::]:7410", "10.0.0.1:0", "host.example.com:7410"])("%s", async (listen) => {
    const environment = { BARNACLE_HTTP_LISTEN: listen };
    const error = await errorOf(load({ environment }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(`http.listen: got "${listen}", which other hosts can reach, without a token`);
    expect(error.message).toContain("(environment BARNACLE_HTTP_LISTEN)");
    expect((await load({ environment: { ...environment, ...TOKEN } })).config.http.listen).toBe(listen);
  });

  test.each(["127.0.0.1:0", "[::1]:7410", "localhost:7410"])("%s needs none", async (listen) => {
    expect((await load({ environment: { BARNACLE_HTTP_LISTEN: listen } })).config.http.listen).toBe(listen);
  });

  test("the hub has its own rule, which is not checked here", async () => {
    const { config } = await load({ environment: { BARNACLE_HUB_LISTEN: "0.0.0.0:7411" } });
    expect(config.hub.listen).toBe("0.0.0.0:7411");
  });
});

describe("https only; plain http to loopback only, or with an explicit setting", () => {
  test.each([
    "https://x.example",
    "HTTPS://x.example/base/",
    "http://127.0.0.1:7411",
    "http://[::1]:7411",
    "http://localhost",
  ])(
    "%s is taken",
    async (url) => {
      expect((await load({ environment: { OPENCLAW_BASE_URL: url } })).config.openclaw.baseUrl).toBe(url);
    },
  );

  test.each(["http://x.example", "http://10.0.0.1", "http://127.0.0.1.example.com"])("%s is refused", async (url) => {
    const environment = { OPENCLAW_BASE_URL: url };
    const error = await errorOf(load({ environment }));
    expect(error.message).toContain(`openclaw.baseUrl: got "${url}", wanted https`);
    const allowed = await load({ environment: { ...environment, BARNACLE_OPENCLAW_ALLOW_PLAIN_HTTP: "true" } });
    expect(allowed.config.openclaw.baseUrl).toBe(url);
  });

  test("the Monitor's backend has the same rule", async () => {
    const environment = { BARNACLE_MONITOR_BACKEND_URL: "http://x.example/base" };
    expect((await errorOf(load({ environment }))).message).toContain("monitor.backendUrl: got ");
    const allowed = await load({ environment: { ...environment, BARNACLE_MONITOR_ALLOW_PLAIN_HTTP: "true" } });
    expect(allowed.config.monitor.backendUrl).toBe("http://x.example/base");
    const https = await load({ environment: { BARNACLE_MONITOR_BACKEND_URL: "https://x.example" } });
    expect(https.config.monitor.backendUrl).toBe("https://x.example");
  });

  test.each([
    "x.example",
    "ftp://x.example",
    "https:x.example",
    "https://",
    "https:// x.example",
    "https://x.example/ ",
    "https://x.example/#a",
  ])(
    "%j is no address of a receiver",
    async (url) => {
      const error = await errorOf(load({ environment: { OPENCLAW_BASE_URL: url } }));
      expect(error.message).toContain("wanted an http or https URL without user, password, query and fragment");
    },
  );
});

describe("a certificate and its key come together", () => {
  test.each([
    ["http.tlsCertFile", "http.tlsKeyFile"],
    ["hub.tlsCertFile", "hub.tlsKeyFile"],
    ["openclaw.clientCertFile", "openclaw.clientKeyFile"],
  ])("%s and %s", async (cert, key) => {
    await load({ flags: { [cert]: "c", [key]: "k" } });
    expect((await errorOf(load({ flags: { [cert]: "c" } }))).message).toContain(`got ${cert} without ${key}`);
    expect((await errorOf(load({ flags: { [key]: "k" } }))).message).toContain(`got ${key} without ${cert}`);
  });
});

test("a rule says nothing of a setting that is wrong already", async () => {
  const environment = { BARNACLE_HTTP_LISTEN: "0.0.0.0:1", BARNACLE_HTTP_TOKEN_FILE: "missing" };
  expect((await errorOf(load({ environment }))).problems).toHaveLength(1);
});

describe("readNamedFile", () => {
  test("reads the file of a setting, and nothing where none is set", async () => {
    const loaded = await load({ flags: { "openclaw.caFile": "ca.pem" } });
    const files = new MemoryFiles({ "/work/ca.pem": "PEM" });
    expect(await readNamedFile(files, loaded, "openclaw.caFile")).toBe("PEM");
    expect(await readNamedFile(files, loaded, "http.tlsCertFile")).toBeUndefined();
  });

  test("names the setting, the file and the origin when it cannot be read", async () => {
    const loaded = await load({ environment: { BARNACLE_OPENCLAW_CA_FILE: "ca.pem" } });
    const reading = readNamedFile(new MemoryFiles(), loaded, "openclaw.caFile");
    await expect(reading).rejects.toMatchObject({
      code: "SECRET_UNREADABLE",
      message: 'Read the file of openclaw.caFile: got FILE_NOT_FOUND from "/work/ca.pem" ' +
        "(environment BARNACLE_OPENCLAW_CA_FILE), wanted a readable file of at most 65536 bytes of text",
    });
  });
});

describe("A manifest's key is pinned, and has no default", () => {
  const PUB = "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=";
  const SOURCES = { BARNACLE_MOLTCOMM_MANIFEST_SOURCES: "https://a.example/" };

  test("sources without one are refused, a key without sources is not", async () => {
    const error = await errorOf(load({ environment: SOURCES }));
    expect([error.code, error.message]).toEqual(["CONFIG_INVALID", expect.stringContaining("moltcomm.manifestPub")]);
    const both = { ...SOURCES, BARNACLE_MOLTCOMM_MANIFEST_PUB: PUB };
    expect((await load({ environment: both })).config.moltcomm.manifestPub).toBe(PUB);
    expect((await load({ environment: { BARNACLE_MOLTCOMM_MANIFEST_PUB: PUB } })).config.moltcomm.manifestSources)
      .toEqual([]);
  });

  test.each(["abc", PUB.slice(1), `${PUB} `, PUB.replace("MCow", "MCox"), PUB.replace("VQ=", "VR=")])(
    "%j is no key",
    async (pub) => {
      const error = await errorOf(load({ flags: { "moltcomm.manifestPub": pub } }));
      expect(error.message).toContain("44 bytes of SPKI DER");
    },
  );

  test.each([
    "http://a.example/",
    "https://u:p@a.example/",
    "https://a.example/?t=1",
    "ftp://a.example/",
    "file:///m.json",
  ])(
    "%s is no source",
    async (source) => {
      const flags = { "moltcomm.manifestPub": PUB, "moltcomm.manifestSources": [source] };
      const error = await errorOf(load({ flags }));
      expect([error.code, error.message.includes("an https URL")]).toEqual(["CONFIG_INVALID", true]);
    },
  );
});

describe("the address of the dead-man's switch", () => {
  const TOKEN = "Secret-Push-Token";
  const loadUrl = (url: string, more: Record<string, string> = {}) =>
    load({ environment: { BARNACLE_DEADMAN_URL: url, ...more } });

  test.each([`https://hc-ping.com/${TOKEN}`, `http://127.0.0.1:3001/api/push/${TOKEN}?status=up&msg=OK&ping=`])(
    "is taken as the watcher shows it: %s",
    async (url) => expect((await loadUrl(url)).config.deadman.url?.reveal()).toBe(url),
  );

  test.each([
    `${TOKEN}`,
    `ftp://watch.example/${TOKEN}`,
    `https://user:${TOKEN}@watch.example/`,
    `https://watch.example/#${TOKEN}`,
    `http://watch.example/${TOKEN}`,
  ])("is refused without being shown (%#)", async (url) => {
    const error = await errorOf(loadUrl(url));
    expect(error.message).toContain("deadman.url: got [secret]");
    expect(error.message).not.toContain(TOKEN);
  });

  test("may be plain http with an explicit setting", async () => {
    const { config } = await loadUrl(`http://watch.example/${TOKEN}`, { BARNACLE_DEADMAN_ALLOW_PLAIN_HTTP: "true" });
    expect(config.deadman.allowPlainHttp).toBe(true);
  });
});
