/** What the manifest tests share: publishers with keys, manifests of any shape, sources that do as they are told. @module */
import { deriveNodeId, encodeBase64 } from "../../../../src/contract/mod.ts";
import type { BarnacleError } from "../../../../src/errors.ts";
import { ManifestClient } from "../../../../src/moltcomm/manifest/manifest-client.ts";
import { type ManifestKey, readManifestKey, signManifest } from "../../../../src/moltcomm/manifest/signature.ts";
import type { ManifestPair } from "../../../../src/moltcomm/manifest/types.ts";
import { SIM_START_WALL_MS } from "../../../sim/clock.ts";
import { MemoryFiles } from "../../../support/memory-files.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";
import { makeBench } from "../../scheduler/support.ts";

export { crypto };
export const NOW_MS = SIM_START_WALL_MS;
export const SECOND_MS = 1_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const CACHE = "/work/.moltcomm/state/manifest.json";

/** Somebody with a key: a relay, or who publishes manifests. */
export interface Party {
  readonly nodeId: string;
  readonly pub: string;
  readonly key: ManifestKey;
  sign(bytes: Uint8Array): string;
}

export function makeParty(): Party {
  const { privatePkcs8, publicSpki } = crypto.generateEd25519();
  const pub = encodeBase64(publicSpki);
  const key = readManifestKey(crypto, pub);
  if (key === undefined) throw new Error("A key that was made is none");
  const sign = (bytes: Uint8Array) => signManifest(crypto, crypto.ed25519Signer(privatePkcs8), bytes);
  return { nodeId: deriveNodeId(crypto, publicSpki), pub, key, sign };
}

export type Entry = Record<string, unknown>;

export function entryOf(relay: Party, host = "relay.example", more: Entry = {}): Entry {
  return { node_id: relay.nodeId, pub: relay.pub, addrs: [`relay://${host}:9100`], ...more };
}

/** A manifest of now, for a day. */
export function documentOf(relays: readonly unknown[], more: Entry = {}): Entry {
  return { v: 1, generated_ts: NOW_MS, expires_ts: NOW_MS + DAY_MS, relays, ...more };
}

export function bytesOf(document: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(typeof document === "string" ? document : JSON.stringify(document));
}

export function pairOf(publisher: Party, document: unknown): ManifestPair {
  const bytes = bytesOf(document);
  return { bytes, signature: bytesOf(publisher.sign(bytes)) };
}

type Answer = Response | BarnacleError | Promise<Response>;

/** What stands under each URL; everything else is not found. */
export class FakeWeb {
  readonly asked: string[] = [];
  readonly pages = new Map<string, (init: RequestInit) => Answer>();

  /** Publishes both files under a folder. */
  publish(folder: string, publisher: Party, document: unknown): void {
    const { bytes, signature } = pairOf(publisher, document);
    this.pages.set(`${folder}bootstrap-manifest.json`, () => new Response(bytes));
    this.pages.set(`${folder}bootstrap-manifest.sig`, () => new Response(signature));
  }

  /** As the port's HTTP. */
  readonly client = () => ({ fetch: this.fetch, close: () => void this.closed++ });
  closed = 0;

  readonly fetch = async (input: Request | URL | string, init: RequestInit = {}): Promise<Response> => {
    const url = input instanceof Request ? input.url : input.toString();
    this.asked.push(url);
    const answer = await (this.pages.get(url)?.(init) ?? new Response("no such page", { status: 404 }));
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

export const SOURCE = "https://one.example/";
export const OTHER_SOURCE = "https://two.example/m/";

/** Files in memory have no directories; that something is there is enough. */
const DIRECTORY = "/work/.moltcomm";

/** A client with everything real but the platform, the web and time. */
export function makeClientBench(
  init: { readonly sources?: readonly string[]; readonly files?: MemoryFiles; publisher?: Party } = {},
) {
  const bench = makeBench();
  const files = init.files ?? new MemoryFiles();
  files.put(DIRECTORY, "");
  const web = new FakeWeb();
  const publisher = init.publisher ?? makeParty();
  const client = new ManifestClient({ ...bench, crypto, files, http: web }, {
    directory: DIRECTORY,
    pub: publisher.pub,
    sources: init.sources ?? [SOURCE],
  });
  let changes = 0;
  client.onChange(() => void changes++);
  const looks = (outcome: string) => bench.sample(`barnacle_moltcomm_manifest_looks_total{outcome="${outcome}"}`);
  return {
    ...bench,
    files,
    web,
    publisher,
    client,
    looks,
    get changes() {
      return changes;
    },
    nodeIds: () => client.relays().map(({ nodeId }) => nodeId),
    /** Starts it and lets it ask once. */
    async begin() {
      await client.start();
      bench.scheduler.start();
      await bench.clock.advance(SECOND_MS);
      await settleImports();
      await bench.clock.advance(0);
    },
    /** Lets time pass, with the loading of modules that simulated time knows nothing of. */
    async pass(byMs: number) {
      await bench.clock.advance(byMs);
      await settleImports();
      await bench.clock.advance(0);
    },
  };
}

/** The library is loaded at the first call, which takes real turns. */
async function settleImports(): Promise<void> {
  await import("ofetch");
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
