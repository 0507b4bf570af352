/**
 * Hunts: a value from the wrong source, with the wrong origin, of the wrong type, or resolved against the wrong
 * directory.
 */
import { describe, expect, test } from "vitest";
import { formatOrigin } from "../../../src/config/mod.ts";
import { configSchema } from "../../../src/config/schema.ts";
import { allSettings } from "../../../src/config/settings.ts";
import { VERSION } from "../../../src/version.ts";
import { errorOf, load, loadText } from "./support/load.ts";

describe("loadConfig without anything given", () => {
  test("gives the defaults, each with its origin", async () => {
    const loaded = await load();
    expect(loaded.file).toBeUndefined();
    expect(loaded.secrets).toEqual([]);
    expect(loaded.warnings).toEqual([]);
    expect([...loaded.origins.keys()]).toEqual([...allSettings().keys()]);
    expect([...loaded.origins.values()].every((origin) => origin.kind === "default")).toBe(true);
    expect(loaded.config).toEqual({
      service: { name: "barnacle", agentName: "Barnacle", version: VERSION, tags: {}, availability: "available" },
      agents: { file: "/work/agents.json", id: "main", others: [] },
      http: { listen: "127.0.0.1:7410" },
      openclaw: { allowPlainHttp: false, signRequests: false, intervalSeconds: 30, timeoutSeconds: 5 },
      gateway: { find: true, stateDirectories: [], intervalSeconds: 30 },
      waking: { enabled: true, admit: "contacts", mergeSeconds: 10, retrySeconds: 120, retriesMax: 8 },
      deadman: { kind: "auto", allowPlainHttp: false, timeoutSeconds: 10 },
      monitor: {
        enabled: "auto",
        port: 9_100,
        client: "auto",
        push: true,
        backendPath: "/monitor/server/heartbeat",
        allowPlainHttp: false,
        reportIntervalSec: 30,
        timeoutSec: 10,
        rootFs: "/",
      },
      moltcomm: {
        enabled: true,
        listen: "tcp://127.0.0.1:9001",
        advertise: [],
        bootstrap: [],
        manifestSources: [],
        maxFrameBytes: 1_048_576,
        connectionsMax: 2_048,
        framesPerSecondPerConnection: 1_000,
        framesPerSecondPerAddress: 5_000,
        messagesPerSecondPerSender: 50,
        messagesBurstPerSender: 500,
        peersMax: 10_000,
        newPeersPerMinute: 1_000,
        requestTimeoutSeconds: 15,
        sealing: "auto",
        relays: [],
        relayConnections: 1,
        reachable: "auto",
        inFlightPerRecipient: 64,
      },
      mailbox: {
        admit: "anyone",
        messageBytesMax: 65_536,
        unreadPerSenderMax: 1_000,
        unreadMax: 10_000,
        rememberedMax: 2_000_000,
        giveUpAfterSeconds: 604_800,
        pendingMax: 100_000,
        archive: true,
        keepInstructions: true,
      },
      relay: {
        enabled: false,
        listen: "127.0.0.1:9003",
        advertise: [],
        access: "open",
        members: [],
        membersFile: "/work/.barnacle/relay-members",
        maxFrameBytes: 1_048_576,
        connectionsMax: 20_000,
        connectionsPerAddress: 256,
        framesPerSecondPerNode: 5_000,
        bytesPerSecondPerNode: 4_194_304,
        framesPerSecondPerAddress: 20_000,
        bytesPerSecondPerAddress: 16_777_216,
        framesPerSecond: 500_000,
        bytesPerSecond: 1_073_741_824,
        queuedBytesPerNode: 2_097_152,
        queuedBytesMax: 268_435_456,
      },
      health: {
        windowSeconds: 300,
        errorRateThreshold: 0.2,
        errorRateTasksMin: 5,
        queueWindowSeconds: 120,
        recoverySeconds: 120,
        receiverUnreachableSeconds: 600,
        clockSkewMaxSeconds: 60,
      },
      log: { level: "info", format: "auto" },
      hub: {
        listen: "127.0.0.1:7411",
        databaseFile: "/work/.barnacle/hub.sqlite",
        historyFile: "/work/.barnacle/hub-history.sqlite",
        historyInstancesMax: 20_000,
        requestsPerSecondPerKey: 5_000,
        burstPerKey: 20_000,
        instancesMax: 200_000,
        forgetAfterSeconds: 86_400,
      },
      relayMailbox: {
        bytesMax: 1_073_741_824,
        bytesPerNode: 8_388_608,
        enabled: false,
        file: "/work/.barnacle/relay-mailbox.sqlite",
        framesMax: 1_000_000,
        framesPerNode: 1_000,
        keepHours: 72,
        natsReplicas: 1,
        natsStream: "BARNACLE_MAILBOX",
        natsUrls: [],
        newNodesPerAddressPerDay: 256,
        nodesMax: 20_000,
      },
    });
  });

  test("gives what the whole schema takes and leaves as it is", async () => {
    const { config } = await load();
    expect(configSchema().safeParse(config)).toEqual({ success: true, data: config });
    expect(configSchema().safeParse({}).success).toBe(true);
  });

  test("takes a relative work directory from where the process runs", async () => {
    expect((await load({ directory: "here" })).directory).toBe("/home/here");
    expect((await load({ directory: "." })).config.agents.file).toBe("/home/agents.json");
  });
});

describe("loadConfig takes the strongest source", () => {
  const file = '{ "log": { "level": "warn" } }';
  const environment = { BARNACLE_LOG_LEVEL: "error" };
  const flags = { "log.level": "debug" };

  test.each([
    ["the file over the default", {}, "warn", "/work/barnacle.json:1:21"],
    ["the environment over the file", { environment }, "error", "environment BARNACLE_LOG_LEVEL"],
    ["a flag over the environment", { environment, flags }, "debug", "flag --log.level"],
    [
      "a flag that is not given counts for nothing",
      { environment, flags: { "log.level": undefined } },
      "error",
      "environment BARNACLE_LOG_LEVEL",
    ],
    [
      "an empty variable counts for nothing",
      { environment: { BARNACLE_LOG_LEVEL: "" } },
      "warn",
      "/work/barnacle.json:1:21",
    ],
  ])("%s", async (_, given, level, origin) => {
    const loaded = await loadText(file, given);
    expect(loaded.config.log.level).toBe(level as typeof loaded.config.log.level);
    expect(formatOrigin(loaded.origins.get("log.level") ?? { kind: "default" })).toBe(origin);
  });

  test("names a flag as it is written where it was told how", async () => {
    const loaded = await load({ flags: { "http.listen": "127.0.0.1:1" }, flagNames: { "http.listen": "--http" } });
    expect(loaded.origins.get("http.listen")).toEqual({ kind: "flag", name: "--http" });
  });

  test("tags of a stronger source replace those of a weaker one whole", async () => {
    const text = '{ "service": { "tags": { "region": "eu", "gpu": "a100" } } }';
    const loaded = await loadText(text, { environment: { BARNACLE_SERVICE_TAGS: "region=us" } });
    expect(loaded.config.service.tags).toEqual({ region: "us" });
  });
});

describe("the environment", () => {
  test("reaches every setting under its documented name", () => {
    const variables = [...allSettings().values()].map((setting) => setting.variable);
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toContain("BARNACLE_HTTP_TLS_CERT_FILE");
    expect(variables).toContain("BARNACLE_SERVICE_NAME");
    expect(variables).toContain("BARNACLE_HUB_URL");
    expect(allSettings().get("http.listen")?.variable).toBe("BARNACLE_HTTP_LISTEN");
  });

  test("OPENCLAW_BASE_URL and OPENCLAW_API_KEY work as the contract names them", async () => {
    const environment = { OPENCLAW_BASE_URL: "https://x.example/base", OPENCLAW_API_KEY: "key-of-many-letters" };
    const { openclaw } = (await load({ environment })).config;
    expect(openclaw.baseUrl).toBe("https://x.example/base");
    expect(openclaw.apiKey?.reveal()).toBe("key-of-many-letters");
  });

  test("gives numbers, switches and tags", async () => {
    const { config } = await load({
      environment: {
        BARNACLE_OPENCLAW_INTERVAL_SECONDS: "60",
        BARNACLE_HEALTH_ERROR_RATE_THRESHOLD: "0.5",
        BARNACLE_OPENCLAW_SIGN_REQUESTS: "True",
        BARNACLE_OPENCLAW_ALLOW_PLAIN_HTTP: "0",
        BARNACLE_SERVICE_TAGS: "region=eu, gpu=a=b ,empty=",
      },
    });
    expect(config.openclaw).toMatchObject({ intervalSeconds: 60, signRequests: true, allowPlainHttp: false });
    expect(config.health.errorRateThreshold).toBe(0.5);
    expect(config.service.tags).toEqual({ region: "eu", gpu: "a=b", empty: "" });
  });

  test.each([
    ["BARNACLE_OPENCLAW_INTERVAL_SECONDS", "soon", 'openclaw.intervalSeconds: got "soon", wanted a number'],
    ["BARNACLE_OPENCLAW_INTERVAL_SECONDS", "30s", 'openclaw.intervalSeconds: got "30s", wanted a number'],
    ["BARNACLE_OPENCLAW_INTERVAL_SECONDS", "0x1e", 'openclaw.intervalSeconds: got "0x1e", wanted a number'],
    ["BARNACLE_OPENCLAW_INTERVAL_SECONDS", "1.5", "openclaw.intervalSeconds: got 1.5, wanted a whole number"],
    ["BARNACLE_OPENCLAW_INTERVAL_SECONDS", "121", "openclaw.intervalSeconds: got 121, wanted at most 120"],
    [
      "BARNACLE_OPENCLAW_SIGN_REQUESTS",
      "constructor",
      'openclaw.signRequests: got "constructor", wanted true or false',
    ],
    ["BARNACLE_SERVICE_TAGS", "region", 'service.tags: got "region", wanted an object'],
    ["BARNACLE_SERVICE_AVAILABILITY", "busy", 'service.availability: got "busy", wanted one of "available", "paused"'],
    ["BARNACLE_HTTP_LISTEN", "7410", 'http.listen: got "7410", wanted HOST:PORT'],
  ])("refuses %s=%s by name", async (name, value, words) => {
    const error = await errorOf(load({ environment: { [name]: value } }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(words);
    expect(error.message).toContain(`(environment ${name})`);
  });

  test("warns of a variable that is nearly one of ours, and of no other", async () => {
    const { warnings } = await load({
      environment: {
        BARNACLE_HTTP_LISTN: "x",
        OPENCLAW_APIKEY: "secret-value",
        BARNACLE_PORT_7410_TCP_ADDR: "10.0.0.1",
        BARNACLE_SERVICE_HOST: "10.0.0.1",
        BARNACLE_CONFIG: "",
        OPENCLAW_API_KEY_FILE: "",
        PATH: "/bin",
      },
    });
    expect(warnings).toEqual([
      "environment BARNACLE_HTTP_LISTN is not read; the nearest that is read is BARNACLE_HTTP_LISTEN",
      "environment OPENCLAW_APIKEY is not read; the nearest that is read is OPENCLAW_API_KEY",
    ]);
  });
});

describe("flags", () => {
  test("give texts and switches", async () => {
    const flags = { "openclaw.signRequests": true, "openclaw.intervalSeconds": "60" };
    expect((await load({ flags })).config.openclaw).toMatchObject({ signRequests: true, intervalSeconds: 60 });
  });

  test("are refused with the nearest when they name no setting", async () => {
    const error = await errorOf(load({ flags: { "http.lisen": "x" } }));
    expect(error).toMatchObject({ code: "CONFIG_UNKNOWN_KEY" });
    expect(error.message).toContain("the nearest is http.listen (flag --http.lisen)");
  });

  test("are refused when they are empty", async () => {
    expect((await errorOf(load({ flags: { "service.name": "" } }))).message).toContain('service.name: got ""');
  });
});

describe("the configuration file", () => {
  const FILE = '{ "service": { "name": "from-file" } }';

  test.each([
    ["barnacle.json in the work directory", {}, "/work/barnacle.json"],
    ["the one --config names, against the work directory", { configFile: "etc/a.json" }, "/work/etc/a.json"],
    ["the one BARNACLE_CONFIG names", { environment: { BARNACLE_CONFIG: "/etc/b.json" } }, "/etc/b.json"],
    ["--config rather than BARNACLE_CONFIG", {
      configFile: "/etc/a.json",
      environment: { BARNACLE_CONFIG: "/etc/b.json" },
    }, "/etc/a.json"],
  ])("is %s", async (_, given, path) => {
    const loaded = await load({ ...given, contents: { [path]: FILE } });
    expect(loaded.file).toBe(path);
    expect(loaded.config.service.name).toBe("from-file");
  });

  test.each([
    [{ configFile: "gone.json" }, "/work/gone.json", "(flag --config)"],
    [{ environment: { BARNACLE_CONFIG: "gone.json" } }, "/work/gone.json", "(environment BARNACLE_CONFIG)"],
  ])("is refused when it was asked for and is missing: %j", async (given, path, origin) => {
    const error = await errorOf(load(given));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(path);
    expect(error.message).toContain(origin);
  });

  test("resolves its file names against its own directory, others against the work directory", async () => {
    const text = '{ "agents": { "file": "agents.json" }, "openclaw": { "caFile": "/abs/ca.pem" } }';
    const { config } = await load({
      configFile: "/etc/barnacle/config.json",
      contents: { "/etc/barnacle/config.json": text },
      environment: { BARNACLE_HTTP_TLS_CERT_FILE: "cert.pem" },
      flags: { "http.tlsKeyFile": "./key.pem" },
    });
    expect(config.agents.file).toBe("/etc/barnacle/agents.json");
    expect(config.openclaw.caFile).toBe("/abs/ca.pem");
    expect(config.hub.databaseFile).toBe("/work/.barnacle/hub.sqlite");
    expect(config.http).toMatchObject({ tlsCertFile: "/work/cert.pem", tlsKeyFile: "/work/key.pem" });
  });
});

describe("a list of file names and URLs", () => {
  const PUB = "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=";

  test("has its file names resolved as any other, and its URLs left alone", async () => {
    const sources = ["https://a.example/", "m.json", "/abs/", "http://127.0.0.1:1/m.json"];
    const text = JSON.stringify({ moltcomm: { manifestPub: PUB, manifestSources: sources } });
    const { config } = await load({ configFile: "/etc/b/c.json", contents: { "/etc/b/c.json": text } });
    expect(config.moltcomm.manifestSources).toEqual([sources[0], "/etc/b/m.json", "/abs/", sources[3]]);
    const given = await load({
      environment: { BARNACLE_MOLTCOMM_MANIFEST_SOURCES: "./m/, ./", BARNACLE_MOLTCOMM_MANIFEST_PUB: PUB },
    });
    expect(given.config.moltcomm.manifestSources).toEqual(["/work/m/", "/work/"]);
  });
});

describe("every setting", () => {
  /** A value that is not the default, as text. */
  const TEXTS: Readonly<Record<string, string>> = {
    "service.version": "9.9.9",
    "service.tags": "a=b",
    "service.availability": "paused",
    "http.listen": "127.0.0.1:1",
    "openclaw.baseUrl": "https://x.example",
    "waking.admit": "all",
    "waking.quietHours": "22:00-07:00",
    "deadman.url": "https://x.example",
    "deadman.kind": "gatus",
    "monitor.enabled": "off",
    "monitor.client": "on",
    "monitor.backendUrl": "https://x.example",
    "monitor.backendPath": "/heartbeat",
    "monitor.metadataExpirySec": "60",
    "health.errorRateThreshold": "0.3",
    "agents.id": "desk",
    "agents.others": '[{"id":"research","directory":"/srv/research","identity":"shared"}]',
    "moltcomm.relays": "relay://relay.example:9003",
    "moltcomm.reachable": "yes",
    "moltcomm.sealing": "required",
    "moltcomm.listen": "tcp://[::1]:1",
    "moltcomm.advertise": "tcp://a.example:1, relay://b.example:2",
    "moltcomm.bootstrap": "a.example:1",
    "moltcomm.manifestPub": "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=",
    "moltcomm.manifestSources": "https://a.example/m.json, m/",
    "mailbox.admit": "contacts",
    "relay.listen": "127.0.0.1:1",
    "relay.advertise": "relay://a.example:1, relay://[::1]:2",
    "relay.httpListen": "127.0.0.1:1",
    "relay.access": "listed",
    "relay.members": "ed25519:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8",
    "relayMailbox.natsUrls": "nats://127.0.0.1:4222, tls://nats.example:4222",
    "log.level": "debug",
    "log.format": "json",
    "hub.listen": "127.0.0.1:1",
    "hub.url": "http://127.0.0.1:1",
  };
  /** The one file that loading reads because a setting names it. */
  const NAMED = { "/work/some-text": "{}" };
  const textOf = ({ path, default: value }: { path: string; default?: unknown }) =>
    TEXTS[path] ??
      (typeof value === "number" ? String(value + 1) : typeof value === "boolean" ? String(!value) : "some-text");

  test("can be given by its variable, and together they are a configuration", async () => {
    const settings = [...allSettings().values()];
    const environment = Object.fromEntries(settings.map((setting) => [setting.variable, textOf(setting)]));
    const defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = (await load()).config;
    const { config, origins } = await load({ environment, contents: NAMED });
    const sections: typeof defaults = config;
    for (const { path, section, name, variable } of settings) {
      expect(origins.get(path)).toEqual({ kind: "environment", name: variable });
      expect(sections[section]?.[name]).not.toEqual(defaults[section]?.[name]);
    }
    expect(configSchema().safeParse(config)).toEqual({ success: true, data: config });
  });

  test("but a secret can be given by a flag", async () => {
    for (const setting of allSettings().values()) {
      const loading = load({ flags: { [setting.path]: textOf(setting), ...partnerOf(setting.path) }, contents: NAMED });
      if (setting.isSecret === true) await expect(loading).rejects.toMatchObject({ code: "CONFIG_INVALID" });
      else expect((await loading).origins.get(setting.path)?.kind).toBe("flag");
    }
  });

  /** A certificate wants its key, and so does a manifest. */
  function partnerOf(path: string): Record<string, string> {
    if (path === "moltcomm.manifestSources") return { "moltcomm.manifestPub": TEXTS["moltcomm.manifestPub"] ?? "" };
    const partner = path.includes("Cert") ? path.replace("Cert", "Key") : path.replace("KeyFile", "CertFile");
    return allSettings().has(partner) && partner !== path ? { [partner]: "partner" } : {};
  }
});
