/**
 * The last manifest that was verified: `.moltcomm/state/manifest.json`, the exact text and its signature in one file, so that no crash can
 * part them. The signature is checked again on the way in: the pinned key may have changed, and so may the file.
 *
 * @module
 */
import * as z from "zod/mini";
import { isBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Files, Random } from "../../runtime/port.ts";
import { joinPath, JsonStateFile, statIfThere } from "../../store/mod.ts";
import { CACHE_BYTES_MAX } from "./bounds.ts";
import type { ManifestPair } from "./types.ts";

/** What the cache works with. */
export interface CacheComponents {
  readonly files: Files;
  readonly random: Random;
  readonly log: Logger;
}

/** A manifest with where and when it was fetched. */
export interface CachedManifest {
  readonly pair: ManifestPair;
  readonly source: string;
  /** Unix milliseconds. */
  readonly fetchedMs: number;
}

interface Saved {
  readonly v: 1;
  readonly source: string;
  readonly fetched_ts: number;
  readonly sig: string;
  readonly manifest: string;
}

const DIRECTORY_MODE = 0o700;

/** Where it is kept. @param directory `.moltcomm` */
function manifestCachePath(directory: string): string {
  return joinPath(joinPath(directory, "state"), "manifest.json");
}

/** See the module's description. */
export class ManifestCache {
  readonly #files: Files;
  readonly #directory: string;
  readonly #file: JsonStateFile<Saved>;

  /** @param init.directory `.moltcomm`; it exists */
  constructor(components: CacheComponents, init: { readonly directory: string }) {
    const { files, random, log: logger } = components;
    this.#files = files;
    this.#directory = init.directory;
    this.#file = new JsonStateFile<Saved>({ files, random, logger }, {
      path: manifestCachePath(init.directory),
      schema: savedSchema(),
      bytesMax: CACHE_BYTES_MAX,
    });
  }

  /** What was kept; a damaged file is set aside. @throws `PERMISSION_DENIED`, `IO_ERROR` */
  async load(): Promise<CachedManifest | undefined> {
    const saved = await this.#file.load();
    return saved && cachedOf(saved);
  }

  /** @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR` with what was kept before untouched */
  async save({ pair, source, fetchedMs }: CachedManifest): Promise<void> {
    const state = joinPath(this.#directory, "state");
    if (await statIfThere(this.#files, state) === undefined) {
      // With the mailbox itself gone it must not come into being again where it was.
      await this.#files.stat(this.#directory);
      await this.#files.makeDirectory(state, { mode: DIRECTORY_MODE });
      await this.#files.syncDirectory(this.#directory);
    }
    await this.#file.save({
      v: 1,
      source,
      fetched_ts: fetchedMs,
      sig: decode(pair.signature),
      manifest: decode(pair.bytes),
    });
  }
}

/**
 * What the cache holds, for commands: reads and nothing else; `undefined` where there is none or it cannot be understood.
 *
 * @param directory `.moltcomm`
 * @throws `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function readCachedManifest(
  files: Pick<Files, "read">,
  directory: string,
): Promise<CachedManifest | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(manifestCachePath(directory), CACHE_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY", "BODY_TOO_LARGE")) return undefined;
    throw thrown;
  }
  try {
    const checked = savedSchema().safeParse(JSON.parse(decode(bytes)));
    return checked.success ? cachedOf(checked.data) : undefined;
  } catch {
    // As much as no file: the agent sets it aside when it starts.
    return undefined;
  }
}

function savedSchema(): z.ZodMiniType<Saved> {
  return z.object({
    v: z.literal(1),
    source: z.string(),
    fetched_ts: z.int(),
    sig: z.string(),
    manifest: z.string(),
  });
}

function cachedOf({ fetched_ts: fetchedMs, manifest, sig, source }: Saved): CachedManifest {
  const encoder = new TextEncoder();
  return { pair: { bytes: encoder.encode(manifest), signature: encoder.encode(sig) }, source, fetchedMs };
}

/** What was verified is UTF-8 without a byte-order mark, so the text has exactly its bytes. */
function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
