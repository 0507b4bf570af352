/** Hunts: a source that does harm: believed, followed, read without end, waited for without end, or in the way of the next one. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRuntime } from "#runtime";
import { BarnacleError, type ErrorCode } from "../../../../src/errors.ts";
import { fetchPair, placesOf } from "../../../../src/moltcomm/mod.ts";
import { MemoryFiles } from "../../../support/memory-files.ts";
import {
  bytesOf,
  DAY_MS,
  documentOf,
  entryOf,
  HOUR_MS,
  makeClientBench,
  makeParty,
  NOW_MS,
  OTHER_SOURCE,
  pairOf,
  SECOND_MS,
  SOURCE,
} from "./support.ts";

const RELAY = makeParty();
const STRANGER = makeParty();
const MANIFEST = `${SOURCE}bootstrap-manifest.json`;
const SIGNATURE = `${SOURCE}bootstrap-manifest.sig`;

type Bench = ReturnType<typeof makeClientBench>;

const fails = (code: ErrorCode) => () => new BarnacleError({ code, action: "Fetch" });
/** A body without an announced length that never ends. */
function endless(counts: { pulled: number; cancelled: number }): Response {
  return new Response(
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        counts.pulled++;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
      cancel: () => void counts.cancelled++,
    }, { highWaterMark: 0 }),
  );
}

const bad: readonly (readonly [what: string, code: string, spoil: (bench: Bench) => void])[] = [
  [
    "a web page with status 200",
    "not_json",
    ({ web }) => web.pages.set(MANIFEST, () => new Response("<html>login</html>")),
  ],
  [
    "100 MB, announced",
    "too_large",
    ({ web }) => web.pages.set(MANIFEST, () => new Response("{", { headers: { "content-length": "100000000" } })),
  ],
  [
    "100 MB, not announced",
    "too_large",
    ({ web }) => web.pages.set(MANIFEST, () => endless({ pulled: 0, cancelled: 0 })),
  ],
  ["a redirect", "redirected", ({ web, publisher }) => {
    web.publish("https://elsewhere.example/", publisher, documentOf([entryOf(STRANGER)]));
    const location = "https://elsewhere.example/bootstrap-manifest.json";
    web.pages.set(MANIFEST, () => new Response(null, { status: 302, headers: { location } }));
  }],
  ["nothing", "not_found", ({ web }) => web.pages.delete(MANIFEST)],
  ["an error", "http_status", ({ web }) => web.pages.set(MANIFEST, () => new Response("{}", { status: 503 }))],
  ["a part of it", "http_status", ({ web }) => web.pages.set(MANIFEST, () => new Response("{}", { status: 206 }))],
  ["no answer at all", "unreachable", ({ web }) => web.pages.set(MANIFEST, fails("CONNECTION_REFUSED"))],
  ["an unknown name", "unreachable", ({ web }) => web.pages.set(MANIFEST, fails("HOST_NOT_FOUND"))],
  ["a strange certificate", "certificate_invalid", ({ web }) => web.pages.set(MANIFEST, fails("CERTIFICATE_INVALID"))],
  ["a manifest without its signature", "signature_missing", ({ web }) => web.pages.delete(SIGNATURE)],
  ["an empty signature", "signature_missing", ({ web }) => web.pages.set(SIGNATURE, () => new Response(""))],
  ["half a signature", "signature_malformed", ({ web }) => web.pages.set(SIGNATURE, () => new Response("SaQJkQBv"))],
  [
    "a web page in place of the signature",
    "signature_malformed",
    ({ web }) => web.pages.set(SIGNATURE, () => new Response(`<html>${" ".repeat(5_000)}`)),
  ],
  [
    "a redirect in place of the signature",
    "redirected",
    ({ web }) => web.pages.set(SIGNATURE, () => new Response(null, { status: 301, headers: { location: "/" } })),
  ],
  [
    "a manifest signed by another key",
    "signature_wrong",
    ({ web }) => web.publish(SOURCE, STRANGER, documentOf([entryOf(STRANGER)])),
  ],
  [
    "a new manifest with the old signature",
    "signature_wrong",
    ({ web }) =>
      web.pages.set(
        MANIFEST,
        () => new Response(bytesOf(documentOf([entryOf(STRANGER)], { generated_ts: NOW_MS + 1 }))),
      ),
  ],
  [
    "an expired manifest",
    "expired",
    ({ web, publisher }) => web.publish(SOURCE, publisher, documentOf([entryOf(STRANGER)], { expires_ts: NOW_MS })),
  ],
  [
    "a manifest from the future",
    "made_in_future",
    ({ web, publisher }) =>
      web.publish(SOURCE, publisher, documentOf([entryOf(STRANGER)], { generated_ts: NOW_MS + HOUR_MS })),
  ],
  [
    "another version",
    "version_unknown",
    ({ web, publisher }) => web.publish(SOURCE, publisher, documentOf([entryOf(STRANGER)], { v: 2 })),
  ],
  ["signed nonsense", "malformed", ({ web, publisher }) => web.publish(SOURCE, publisher, { v: 1 })],
  [
    "ten thousand relays",
    "too_many_relays",
    ({ web, publisher }) => web.publish(SOURCE, publisher, documentOf(Array(10_000).fill({}))),
  ],
  [
    "relays with strange addresses only",
    "no_relays",
    ({ web, publisher }) => web.publish(SOURCE, publisher, documentOf([entryOf(STRANGER, "0.0.0.0")])),
  ],
];

describe("a source that serves", () => {
  for (const [what, code, spoil] of bad) {
    test(`${what} is refused as ${code}, counted, told of, and the next one is used`, async () => {
      const bench = makeClientBench({ sources: [SOURCE, OTHER_SOURCE] });
      bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(STRANGER)]));
      bench.web.publish(OTHER_SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
      spoil(bench);
      await bench.begin();
      expect(bench.nodeIds()).toEqual([RELAY.nodeId]);
      expect([bench.looks(code), bench.looks("taken")]).toEqual([1, 1]);
      expect(bench.log.named("manifest_source_refused")).toMatchObject([{ fields: { source: SOURCE, code } }]);
      expect(bench.web.asked.some((url) => url.includes("elsewhere"))).toBe(false);
    });
  }

  test("nothing for ever is given up after 15 s", async () => {
    const bench = makeClientBench({ sources: [SOURCE, OTHER_SOURCE] });
    bench.web.pages.set(
      MANIFEST,
      (init) => new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason))),
    );
    bench.web.publish(OTHER_SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    expect(bench.nodeIds()).toEqual([]);
    await bench.pass(15 * SECOND_MS);
    expect([bench.nodeIds(), bench.looks("timed_out")]).toEqual([[RELAY.nodeId], 1]);
  });

  test("a body that comes to a halt is given up after 15 s", async () => {
    const bench = makeClientBench({ sources: [SOURCE, OTHER_SOURCE] });
    bench.web.pages.set(
      MANIFEST,
      () => new Response(new ReadableStream({ start: (body) => body.enqueue(bytesOf("{")) })),
    );
    bench.web.publish(OTHER_SOURCE, bench.publisher, documentOf([entryOf(RELAY)]));
    await bench.begin();
    await bench.pass(15 * SECOND_MS);
    expect([bench.nodeIds(), bench.looks("timed_out")]).toEqual([[RELAY.nodeId], 1]);
  });

  test("more than a manifest can have is not read on", async () => {
    const bench = makeClientBench();
    const counts = { pulled: 0, cancelled: 0 };
    bench.web.pages.set(MANIFEST, () => endless(counts));
    await bench.begin();
    expect(counts).toEqual({ pulled: 17, cancelled: 1 });
  });

  test("strange addresses beside good ones costs those alone, counted by code", async () => {
    const bench = makeClientBench();
    const strange = entryOf(STRANGER, "r", { addrs: ["relay://a:0"] });
    bench.web.publish(SOURCE, bench.publisher, documentOf([entryOf(RELAY), strange, {}]));
    await bench.begin();
    const leftOut = (code: string) => bench.sample(`barnacle_moltcomm_manifest_left_out_total{code="${code}"}`);
    expect(bench.nodeIds()).toEqual([RELAY.nodeId]);
    expect([leftOut("address_strange"), leftOut("no_relay_address"), leftOut("entry_malformed")]).toEqual([1, 1, 1]);
    expect(bench.log.named("manifest_entry_left_out")).toMatchObject([{ fields: { relay: 2, others: 2 } }]);
  });
});

describe("a file as a source", () => {
  const PLACE = "/srv/relays.json";

  test("is read with its signature beside it", async () => {
    const files = new MemoryFiles();
    const bench = makeClientBench({ files, sources: [PLACE] });
    const { bytes, signature } = pairOf(bench.publisher, documentOf([entryOf(RELAY)]));
    files.put(PLACE, new TextDecoder().decode(bytes));
    files.put("/srv/relays.sig", `${new TextDecoder().decode(signature)}\n`);
    await bench.begin();
    expect([bench.nodeIds(), bench.web.asked]).toEqual([[RELAY.nodeId], []]);
  });

  const bad: readonly (readonly [what: string, code: string, spoil: (files: MemoryFiles) => void])[] = [
    ["is missing", "not_found", () => undefined],
    ["is too large", "too_large", (files) => files.put(PLACE, " ".repeat(1_048_577))],
    [
      "cannot be read",
      "unreadable",
      (files) => {
        files.put(PLACE, "{}");
        files.readFault = new BarnacleError({ code: "PERMISSION_DENIED", action: "Read" });
      },
    ],
    ["is a folder", "unreadable", (files) => {
      files.put(PLACE, "{}");
      files.readFault = new BarnacleError({ code: "IS_A_DIRECTORY", action: "Read" });
    }],
    ["has no signature", "signature_missing", (files) => files.put(PLACE, "{}")],
  ];
  for (const [what, code, spoil] of bad) {
    test(`that ${what} is refused as ${code}`, async () => {
      const files = new MemoryFiles();
      const bench = makeClientBench({ files, sources: [PLACE] });
      spoil(files);
      await bench.begin();
      expect([bench.looks(code), bench.client.view.state]).toEqual([1, "none"]);
    });
  }
});

test("a pipe in place of a file is refused, not waited for", async () => {
  const directory = await mkdtemp(join(tmpdir(), "barnacle-manifest-"));
  try {
    const path = join(directory, "relays.json");
    execFileSync("mkfifo", [path]);
    const { clock, files, http } = createRuntime();
    const client = http.client({});
    const components = { clock, files, fetch: client.fetch };
    client.close();
    expect(await fetchPair(components, placesOf(path), new AbortController().signal)).toMatchObject({
      refused: { code: "unreadable" },
    });
  } finally {
    await rm(directory, { recursive: true });
  }
});

describe("placesOf", () => {
  const right: readonly (readonly [source: string, manifest: string, signature: string])[] = [
    ["https://a.example/m.json", "https://a.example/m.json", "https://a.example/m.sig"],
    ["https://a.example/", "https://a.example/bootstrap-manifest.json", "https://a.example/bootstrap-manifest.sig"],
    ["https://a.example/m", "https://a.example/m", "https://a.example/m.sig"],
    ["http://127.0.0.1:8080/m.json", "http://127.0.0.1:8080/m.json", "http://127.0.0.1:8080/m.sig"],
    ["http://localhost/m.json", "http://localhost/m.json", "http://localhost/m.sig"],
    ["/srv/m.json", "/srv/m.json", "/srv/m.sig"],
    ["/srv/", "/srv/bootstrap-manifest.json", "/srv/bootstrap-manifest.sig"],
  ];
  for (const [source, manifest, signature] of right) {
    test(`finds both files of ${source}`, () => expect(placesOf(source)).toMatchObject({ manifest, signature }));
  }

  const wrong = [
    "",
    "http://a.example/m.json",
    "ftp://a.example/m.json",
    "file:///srv/m.json",
    "https://user:secret@a.example/m.json",
    "https://a.example/m.json?token=x",
    "https://a.example/m.json#x",
    "https://",
    "a\0b",
  ];
  for (const source of wrong) {
    test(`refuses ${JSON.stringify(source)}`, () => {
      expect(() => placesOf(source)).toThrow(expect.objectContaining({ code: "USAGE" }));
    });
  }
});

describe("fetchPair over real HTTP", () => {
  test("fetches both files, follows no redirect, and stops at what is too large", async () => {
    const { http, clock, files } = createRuntime();
    const publisher = makeParty();
    const pair = pairOf(publisher, documentOf([entryOf(RELAY)], { expires_ts: NOW_MS + DAY_MS }));
    const pages: Readonly<Record<string, () => Response>> = {
      "/good.json": () => new Response(pair.bytes),
      "/good.sig": () => new Response(pair.signature),
      "/moved.json": () => new Response(null, { status: 302, headers: { location: "/good.json" } }),
      "/large.json": () => endless({ pulled: 0, cancelled: 0 }),
    };
    const handler = (request: Request) => pages[new URL(request.url).pathname]?.() ?? new Response("", { status: 404 });
    const address = { host: "127.0.0.1", port: 0 };
    const server = await http.serve({ address, idleTimeoutMs: 5_000, connectionsMax: 16, handler });
    const client = http.client({});
    const components = { clock, files, fetch: client.fetch };
    const ask = (name: string) =>
      fetchPair(components, placesOf(`http://127.0.0.1:${server.address.port}/${name}`), new AbortController().signal);
    try {
      expect(await ask("good.json")).toEqual({ pair });
      expect(await ask("moved.json")).toMatchObject({ refused: { code: "redirected" } });
      expect(await ask("large.json")).toMatchObject({ refused: { code: "too_large" } });
      expect(await ask("none.json")).toMatchObject({ refused: { code: "not_found" } });
    } finally {
      client.close();
      await server.stop(0);
    }
  });
});
