/** Sources of a bootstrap manifest as bad as they come: each is refused by name, and the next one is asked. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RelayProcess } from "../interop/relay-process.ts";
import { selfSigned } from "../support/certificates.ts";
import { type Running, Stage, type Way } from "./barnacle.ts";
import { TEST_TIMEOUT_MS } from "./timeout.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const MIB = 1_048_576;
const DAY_MS = 86_400_000;
const [MANIFEST, SIGNATURE] = ["bootstrap-manifest.json", "bootstrap-manifest.sig"];

/** Whoever names relays; written from the specification alone. Source: MoltComm v1, sections 4 and 9. */
class Publisher {
  readonly pub: string;
  readonly #key: KeyObject;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#key = privateKey;
    this.pub = publicKey.export({ format: "der", type: "spki" }).toString("base64");
  }

  sign(text: string): string {
    const digest = createHash("sha256").update(text).digest();
    return sign(null, Buffer.concat([Buffer.from("moltcomm/bootstrap-manifest/v1\n"), digest]), this.#key)
      .toString("base64");
  }
}

/** What a path answers; text stands for itself. */
type Page = string | ((response: ServerResponse) => void);

/** A web server that serves whatever it is told to, and counts the bytes of what never ends. */
class Web {
  readonly pages = new Map<string, Page>();
  /** Bytes of endless answers that were taken from us. */
  pouredBytes = 0;
  readonly #server: Server;

  private constructor(certificate: { readonly certPem: string; readonly keyPem: string }) {
    this.#server = createServer({ cert: certificate.certPem, key: certificate.keyPem }, ({ url = "" }, response) => {
      const page = this.pages.get(url);
      if (typeof page === "function") page(response);
      else response.writeHead(page === undefined ? 404 : 200).end(page);
    });
  }

  static async open(certificate: { readonly certPem: string; readonly keyPem: string }): Promise<Web> {
    const web = new Web(certificate);
    await new Promise<void>((listening) => void web.#server.listen(0, "127.0.0.1", listening));
    return web;
  }

  /** A source: both files, each as text or as whatever it does. */
  source(name: string, manifest: Page, signature: Page): string {
    this.pages.set(`/${name}/${MANIFEST}`, manifest);
    this.pages.set(`/${name}/${SIGNATURE}`, signature);
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}/`;
  }

  /** 100 MB and more, for as long as they are taken. @param lengthBytes announced, unless `undefined` */
  pour(lengthBytes?: number): Page {
    return (response) => {
      response.writeHead(200, lengthBytes === undefined ? {} : { "content-length": lengthBytes });
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = (): void => {
        while (!response.destroyed && this.pouredBytes < 100 * MIB) {
          this.pouredBytes += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

export function defineManifestTests(way: Way): void {
  let stage = new Stage(way);
  let web: Web | undefined;
  afterEach(async () => {
    await stage.clear();
    await web?.close();
    stage = new Stage(way);
  });

  /** The manifest of a relay, made now, for a day. */
  async function documentOf(relay: RelayProcess, addresses: readonly string[], more: object = {}): Promise<string> {
    const shown = await stage.run(["relay", "info", "--json", "--dir", relay.folder]);
    const { node_id, pub } = JSON.parse(shown.stdout) as { readonly node_id: string; readonly pub: string };
    const now = Date.now();
    const relays = [{ node_id, pub, addrs: addresses }];
    return JSON.stringify({ v: 1, generated_ts: now - 1_000, expires_ts: now + DAY_MS, relays, ...more });
  }

  function startAgent(sources: readonly string[], pub: string, authorityFile: string): Running {
    const where = ["--dir", stage.folder(), "--http", "127.0.0.1:0", "--listen", "tcp://127.0.0.1:0"];
    return stage.start(["run", ...where, "--log", "json"], {
      environment: {
        NODE_EXTRA_CA_CERTS: authorityFile,
        DENO_CERT: authorityFile,
        BARNACLE_MOLTCOMM_MANIFEST_PUB: pub,
        BARNACLE_MOLTCOMM_MANIFEST_SOURCES: sources.join(","),
      },
    });
  }

  async function metricsOf(agent: Running): Promise<string> {
    return await (await fetch(`${await agent.url("http")}/metrics`)).text();
  }

  describe("a bootstrap manifest", () => {
    test("is taken from the first source that verifies, whatever the ones before it serve", timeout, async () => {
      const { authorityFile, server } = await selfSigned(stage.folder());
      const relay = await RelayProcess.start(stage);
      const [publisher, stranger] = [new Publisher(), new Publisher()];
      const opened = web = await Web.open(server);
      const strange = ["relay://0.0.0.0:1", "relay://a b:9003", "relay://relay.example:99999"];
      const good = await documentOf(relay, [...strange, relay.address]);
      const expired = await documentOf(relay, [relay.address], { expires_ts: Date.now() - 1 });
      const sig = publisher.sign(good);
      const html = "<!doctype html><title>Log in</title>";
      const bad: readonly (readonly [code: string, source: string])[] = [
        ["expired", opened.source("expired", expired, publisher.sign(expired))],
        ["signature_malformed", opened.source("half-signed", good, sig.slice(0, 44))],
        ["signature_missing", opened.source("unsigned", good, (response) => void response.writeHead(404).end())],
        ["signature_wrong", opened.source("re-signed", good, stranger.sign(good))],
        ["not_json", opened.source("web-page", html, html)],
        ["too_large", opened.source("announced", opened.pour(100 * MIB), sig)],
        ["too_large", opened.source("endless", opened.pour(), sig)],
      ];
      const sources = [...bad.map(([, source]) => source), opened.source("good", good, sig)];
      const agent = startAgent(sources, publisher.pub, authorityFile);
      expect(await agent.event("relay_registered")).toMatchObject({ address: relay.address, node_id: relay.nodeId });
      const refused = agent.events.filter(({ event }) => event === "manifest_source_refused");
      expect(refused.map(({ code, source }) => [code, source])).toEqual(bad);
      const metrics = await metricsOf(agent);
      for (const code of new Set(bad.map(([one]) => one))) {
        const times = bad.filter(([one]) => one === code).length;
        expect(metrics).toContain(`barnacle_moltcomm_manifest_looks_total{outcome="${code}"} ${times}\n`);
      }
      expect(metrics).toContain('barnacle_moltcomm_manifest_looks_total{outcome="taken"} 1\n');
      const leftOut = [...metrics.matchAll(/^barnacle_moltcomm_manifest_left_out_total\{.*\} (\d+)$/gm)];
      expect(leftOut.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(strange.length);
      // What was on its way when enough had come counts as taken from the server, but it is far from all.
      expect(opened.pouredBytes).toBeLessThan(50 * MIB);
      if (process.platform === "linux") {
        const status = readFileSync(`/proc/${agent.child.pid}/status`, "utf8");
        expect(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024).toBeLessThan(400 * MIB);
      }
      expect((await agent.stop()).code).toBe(0);
    });

    test("of a server that nobody vouches for is not taken", timeout, async () => {
      const [{ authorityFile }, { server }] = [await selfSigned(stage.folder()), await selfSigned(stage.folder())];
      const relay = await RelayProcess.start(stage);
      const publisher = new Publisher();
      const opened = web = await Web.open(server);
      const good = await documentOf(relay, [relay.address]);
      const agent = startAgent([opened.source("good", good, publisher.sign(good))], publisher.pub, authorityFile);
      expect(await agent.event("manifest_source_refused")).toMatchObject({ code: "certificate_invalid" });
      await agent.event("manifest_not_refreshed");
      expect(agent.events.filter(({ event }) => event === "relay_registered")).toEqual([]);
    });

    test("that pins another identity than the relay's keeps the agent from it", timeout, async () => {
      const { authorityFile, server } = await selfSigned(stage.folder());
      const [relay, other] = [await RelayProcess.start(stage), await RelayProcess.start(stage)];
      const publisher = new Publisher();
      const opened = web = await Web.open(server);
      const wrong = await documentOf(other, [relay.address]);
      const agent = startAgent([opened.source("wrong", wrong, publisher.sign(wrong))], publisher.pub, authorityFile);
      await agent.event("manifest_taken");
      await agent.event("relay_unreachable");
      expect(agent.events.filter(({ event }) => event === "relay_registered")).toEqual([]);
      expect(await relay.sample("registered")).toBe(0);
    });
  });
}
