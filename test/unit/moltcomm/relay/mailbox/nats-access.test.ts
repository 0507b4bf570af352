/**
 * Hunts: a relay that NATS lets in wrongly or not at all, one that talks to a server it should not trust, one that fails without a word of
 * what its operator can do, and a secret in that word.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRuntime } from "#runtime";
import { isBarnacleError } from "../../../../../src/errors.ts";
import { JetStreamStore, type JetStreamStoreInit } from "../../../../../src/moltcomm/relay/mailbox/mod.ts";
import { makeAuthority, makeLeaf } from "../../../../support/certificates.ts";
import { makeAccount, makeStrangeUser } from "../../../../support/nats-accounts.ts";
import { NatsServer } from "../../../../support/nats-server.ts";
import { RecordingLogger } from "../../../scheduler/support.ts";
import { MAILBOX_LIMITS } from "../support.ts";
import { nodeId, put, texts } from "./store-cases.ts";

type Access = Omit<JetStreamStoreInit["server"], "name">;

const runtime = createRuntime();
const TIMEOUT_MS = 60_000;
const timeout = { timeout: TIMEOUT_MS };
const ANNA = nodeId(1);

let folder = "";
const servers: NatsServer[] = [];
const stores: JetStreamStore[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "barnacle-nats-access-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop();
  for (const server of servers.splice(0)) await server.clear();
});

async function serve(words: readonly string[]): Promise<NatsServer> {
  const server = await NatsServer.start(words);
  servers.push(server);
  return server;
}

/** @param name of the file, which a test has for itself */
function keep(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A log that says when something happens. */
class WatchedLogger extends RecordingLogger {
  readonly #waiting = new Map<string, () => void>();

  async until(event: string): Promise<void> {
    if (this.named(event).length > 0) return;
    await new Promise<void>((resolve) => this.#waiting.set(event, resolve));
  }

  override problem = (key: string, level: string, event: string, fields = {}): void => {
    this.events.push({ kind: `problem ${level} ${key}`, event, fields });
    this.#waiting.get(event)?.();
  };
  override resolve = (key: string, event: string, fields = {}): void => {
    this.events.push({ kind: `resolve ${key}`, event, fields });
    this.#waiting.get(event)?.();
  };
}

async function connect(access: Access) {
  const log = new WatchedLogger();
  const store = new JetStreamStore({ ...runtime, log }, {
    server: { name: "barnacle-test", ...access },
    stream: "ACCESS",
    replicas: 1,
    limits: MAILBOX_LIMITS,
  });
  stores.push(store);
  await store.start();
  return { store, log };
}

async function expectKeeps(access: Access): Promise<void> {
  const { store, log } = await connect(access);
  await log.until("relay_mailbox_recovered");
  await store.admit(ANNA, true);
  await put(store, ANNA, "kept");
  expect(await texts(store, ANNA)).toContain("kept");
  expect(log.named("relay_mailbox_failed")).toEqual([]);
}

/** Says why, with a hint and without a secret, and answers as a mailbox that is away. */
async function expectRefused(access: Access, wanted: { code: string; hint: string; secrets?: string[] }) {
  const { store, log } = await connect(access);
  await log.until("relay_mailbox_failed");
  const { error } = log.named("relay_mailbox_failed")[0]?.fields ?? {};
  expect(error).toMatchObject({ code: wanted.code, hint: expect.stringContaining(wanted.hint) });
  const words = isBarnacleError(error) ? `${error.message} ${error.hint} ${String(error.cause)}` : String(error);
  for (const secret of wanted.secrets ?? []) expect(words).not.toContain(secret);
  expect(store.isWorking).toBe(false);
  await expect(store.admit(ANNA, true)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  return { store, log };
}

describe("a NATS server with TLS", () => {
  async function serveTls(name: string) {
    const authority = await makeAuthority(name);
    const { certPem, keyPem } = await makeLeaf(authority, "localhost");
    const [cert, key] = [keep(`${name}.crt`, certPem), keep(`${name}.key`, keyPem)];
    const server = await serve(["--tls", "--tlscert", cert, "--tlskey", key]);
    return { server, authority };
  }

  test("is trusted when its authority is named, by name and by address", timeout, async () => {
    const { server, authority } = await serveTls("named");
    await expectKeeps({ urls: [`tls://127.0.0.1:${server.port}`], caPem: authority.certPem });
    await expectKeeps({ urls: [`tls://localhost:${server.port}`], caPem: authority.certPem });
  });

  test("is not trusted when its authority is unknown", timeout, async () => {
    const { server } = await serveTls("unknown");
    const urls = [`tls://127.0.0.1:${server.port}`];
    const wanted = { code: "CERTIFICATE_INVALID", hint: "relayMailbox.natsCaFile" };
    await expectRefused({ urls }, wanted);
    const other = await makeAuthority("another");
    await expectRefused({ urls, caPem: other.certPem }, wanted);
  });

  test("is not talked to in plain when it offers no TLS", timeout, async () => {
    const server = await serve([]);
    const { log } = await connect({ urls: [`tls://127.0.0.1:${server.port}`], token: "a-secret-token" });
    await log.until("relay_mailbox_failed");
    expect(log.named("relay_mailbox_recovered")).toEqual([]);
  });
});

describe("a NATS server that wants to know who comes", () => {
  test("takes a user with the password, and no other one", timeout, async () => {
    const server = await serve(["--user", "relay", "--pass", "a-right-password"]);
    const urls = [server.url];
    await expectKeeps({ urls, password: { user: "relay", password: "a-right-password" } });
    const wanted = { code: "UNAUTHORIZED", hint: "relayMailbox.natsUser" };
    const secrets = ["a-wrong-password"];
    await expectRefused({ urls, password: { user: "relay", password: "a-wrong-password" } }, { ...wanted, secrets });
    await expectRefused({ urls }, wanted);
  });

  test("takes the holder of an NKey's seed, and no other one", timeout, async () => {
    const [ours, other] = [nkeys.createUser(), nkeys.createUser()];
    const seedOf = (pair: typeof ours) => new TextDecoder().decode(pair.getSeed());
    const configuration = keep("nkey.conf", `authorization: { users: [ { nkey: ${ours.getPublicKey()} } ] }\n`);
    const urls = [(await serve(["-c", configuration])).url];
    await expectKeeps({ urls, nkey: { seed: seedOf(ours) } });
    const wanted = { code: "UNAUTHORIZED", hint: "natsSeed" };
    await expectRefused({ urls, nkey: { seed: seedOf(other) } }, { ...wanted, secrets: [seedOf(other)] });
    const broken = seedOf(ours).slice(0, -4);
    await expectRefused({ urls, nkey: { seed: broken } }, { ...wanted, secrets: [broken] });
  });

  test("takes a user of its account by JWT and seed, and neither a stranger nor another's JWT", timeout, async () => {
    const { configuration, makeUser } = makeAccount();
    const urls = [(await serve(["-c", keep("jwt.conf", configuration)])).url];
    const [one, two, stranger] = [makeUser(), makeUser(), makeStrangeUser()];
    await expectKeeps({ urls, nkey: one });
    const wanted = { code: "UNAUTHORIZED", hint: "natsJwt" };
    await expectRefused({ urls, nkey: stranger }, { ...wanted, secrets: [stranger.seed, stranger.jwt] });
    await expectRefused({ urls, nkey: { jwt: one.jwt, seed: two.seed } }, { ...wanted, secrets: [two.seed] });
  });

  test("is used as soon as it takes what it refused before", timeout, async () => {
    const server = await serve(["--auth", "a-new-token"]);
    const { log } = await expectRefused({ urls: [server.url], token: "an-old-token" }, {
      code: "UNAUTHORIZED",
      hint: "natsToken",
      secrets: ["an-old-token"],
    });
    await server.kill();
    await server.start(["--auth", "an-old-token"]);
    await log.until("relay_mailbox_recovered");
  });
});
