/**
 * The client of bootstrap manifests: relays from whoever is trusted to name them. Source: MoltComm v1, section 9.
 *
 * The sources are asked in turn, and the first that brings a manifest which verifies is taken. The last one taken is kept on disk and used
 * until it expires, whatever the sources do; nothing older takes its place. Who names relays can cut a host off, no more: mail is
 * signed by its sender, and a relay proves the identity that is pinned here.
 *
 * @module
 */
import { BarnacleError, toBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Metrics } from "../../metrics/mod.ts";
import type { Clock, Crypto, Files, Http, HttpClient, Random } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import {
  EXPIRY_LOOK_MAX_MS,
  FETCH_TIMEOUT_MS,
  FIRST_REFRESH_MS,
  REFRESH_BACKOFF,
  REFRESH_MIN_MS,
  REFRESH_MS,
  REFRESHES_IN_LIFE,
} from "./bounds.ts";
import { fetchPair } from "./fetch-pair.ts";
import { ManifestAccounts } from "./manifest-accounts.ts";
import { type CachedManifest, ManifestCache } from "./manifest-cache.ts";
import { checkTimes, nextExpiryMs, openManifest, timeText, usableRelays } from "./open-manifest.ts";
import { type ManifestPlaces, placesOf } from "./places.ts";
import { type ManifestKey, readManifestKey } from "./signature.ts";
import type { Manifest, PinnedRelay, Refusal, RelaySource } from "./types.ts";

/** What the client works with. */
export interface ManifestClientComponents {
  readonly clock: Clock;
  readonly crypto: Pick<Crypto, "sha256" | "ed25519Verifier">;
  readonly files: Files;
  readonly http: Pick<Http, "client">;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly random: Random;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Whom to trust and where to ask. */
export interface ManifestClientInit {
  /** `.moltcomm`; it exists. */
  readonly directory: string;
  /** The pinned key, SPKI DER in base64. */
  readonly pub: string;
  /** URLs and absolute paths, in the order in which they are asked. */
  readonly sources: readonly string[];
}

/** How it stands. Times are Unix milliseconds. */
export interface ManifestView {
  /** `none`: there was never one. `expired`: there was, and nothing newer came. */
  readonly state: "none" | "used" | "expired";
  readonly generatedMs: number | undefined;
  readonly expiresMs: number | undefined;
  readonly source: string | undefined;
  /** That can be used now. */
  readonly relays: number;
  /** Refreshes in a row in which every source failed. */
  readonly failures: number;
}

interface Known {
  readonly manifest: Manifest;
  readonly source: string;
}

interface Source {
  readonly text: string;
  readonly places: ManifestPlaces;
}

type Looked = { readonly cached: CachedManifest; readonly manifest: Manifest } | { readonly refused: Refusal };

const FILES_IN_SOURCE = 2;
const TASK_MARGIN_MS = 5_000;
const JITTER_RATIO = 0.2;
const EXPIRY_TIMEOUT_MS = 1_000;

/** See the module's description. Nothing happens before `start`. */
export class ManifestClient implements RelaySource {
  readonly #components: ManifestClientComponents;
  readonly #http: HttpClient;
  readonly #key: ManifestKey;
  readonly #sources: readonly Source[];
  readonly #cache: ManifestCache;
  readonly #accounts: ManifestAccounts;
  readonly #listeners = new Set<() => void>();
  #known: Known | undefined;
  /** The relays as they were last told to the listeners, to tell when that changes. */
  #told = "[]";
  #failures = 0;
  #isCacheBehind = false;
  #refreshTask: Task | undefined;
  #expiryTask: Task | undefined;

  /** @throws `CONFIG_INVALID` when the key is none; `USAGE` when a source is none */
  constructor(components: ManifestClientComponents, init: ManifestClientInit) {
    this.#components = components;
    const key = readManifestKey(components.crypto, init.pub);
    if (key === undefined) throw new BarnacleError({ code: "CONFIG_INVALID", action: "Read the manifest's key" });
    this.#key = key;
    this.#http = components.http.client({});
    this.#sources = init.sources.map((text) => ({ text, places: placesOf(text) }));
    this.#cache = new ManifestCache(components, init);
    this.#accounts = new ManifestAccounts(components);
  }

  /** Takes up what was kept, and begins to ask. A cache that cannot be read costs what was kept, and no start. Idempotent. */
  async start(): Promise<void> {
    if (this.#refreshTask !== undefined) return;
    await this.#recover();
    const { metrics, scheduler } = this.#components;
    this.#accounts.observe(metrics, () => this.view);
    this.#refreshTask = scheduler.add({
      name: "moltcomm_manifest",
      intervalMs: this.#refreshMs(),
      firstDelayMs: FIRST_REFRESH_MS,
      jitterRatio: JITTER_RATIO,
      timeoutMs: this.#sources.length * FILES_IN_SOURCE * FETCH_TIMEOUT_MS + TASK_MARGIN_MS,
      backoff: REFRESH_BACKOFF,
      logsOwnFailures: true,
      run: ({ signal }) => this.#refresh(signal),
    });
    this.#expiryTask = scheduler.add({
      name: "moltcomm_manifest_expiry",
      intervalMs: null,
      timeoutMs: EXPIRY_TIMEOUT_MS,
      run: () => Promise.resolve(this.#changed()),
    });
    this.#changed();
  }

  /** Asks no more. Idempotent. */
  stop(): void {
    this.#refreshTask?.remove();
    this.#expiryTask?.remove();
    this.#http.close();
  }

  relays(): readonly PinnedRelay[] {
    return this.#known === undefined ? [] : usableRelays(this.#known.manifest, this.#components.clock.wallMs());
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get view(): ManifestView {
    const { manifest, source } = this.#known ?? {};
    const isExpired = manifest !== undefined && manifest.expiresMs <= this.#components.clock.wallMs();
    return {
      state: manifest === undefined ? "none" : isExpired ? "expired" : "used",
      generatedMs: manifest?.generatedMs,
      expiresMs: manifest?.expiresMs,
      source,
      relays: this.relays().length,
      failures: this.#failures,
    };
  }

  /** One that has expired is taken up too: what is older than it stays refused. */
  async #recover(): Promise<void> {
    const { crypto, log } = this.#components;
    try {
      const cached = await this.#cache.load();
      if (cached === undefined) return;
      const opened = openManifest(crypto, cached.pair, this.#key);
      if ("refused" in opened) log.warn("manifest_cache_refused", { ...opened.refused });
      else this.#known = { manifest: opened.manifest, source: cached.source };
    } catch (thrown) {
      log.warn("manifest_cache_unreadable", { error: thrown });
    }
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    const problems: string[] = [];
    for (const { text, places } of this.#sources) {
      const looked = await this.#look(text, places, signal);
      if (!("refused" in looked)) return await this.#taken(looked);
      this.#accounts.refused(text, looked.refused);
      problems.push(`${text}: ${looked.refused.detail}`);
    }
    this.#failures++;
    const { state } = this.view;
    this.#accounts.allRefused(state, this.#failures);
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: "Refresh the bootstrap manifest",
      problems,
      retryable: true,
    });
  }

  async #look(source: string, places: ManifestPlaces, signal: AbortSignal): Promise<Looked> {
    const { clock, crypto, files } = this.#components;
    const fetched = await fetchPair({ clock, files, fetch: this.#http.fetch }, places, signal);
    if ("refused" in fetched) return fetched;
    const opened = openManifest(crypto, fetched.pair, this.#key);
    if ("refused" in opened) return opened;
    const { manifest } = opened;
    const wallMs = clock.wallMs();
    const refused = checkTimes(manifest, { wallMs, knownMs: this.#known?.manifest.generatedMs });
    if (refused !== undefined) return { refused };
    return { manifest, cached: { pair: fetched.pair, source, fetchedMs: Math.round(wallMs) } };
  }

  async #taken({ cached, manifest }: Exclude<Looked, { readonly refused: Refusal }>): Promise<void> {
    const { source } = cached;
    const before = this.#known?.manifest;
    const isNew = before === undefined || JSON.stringify(before) !== JSON.stringify(manifest);
    this.#failures = 0;
    this.#accounts.verified(source, isNew ? manifest : undefined);
    if (isNew) this.#known = { manifest, source };
    this.#changed();
    this.#setRefresh();
    if (isNew || this.#isCacheBehind) await this.#keep(cached);
  }

  /** A disk that takes nothing costs the cache, not the manifest: it is kept at the next refresh. */
  async #keep(cached: CachedManifest): Promise<void> {
    this.#isCacheBehind = true;
    try {
      await this.#cache.save(cached);
      this.#isCacheBehind = false;
      this.#accounts.kept();
    } catch (thrown) {
      this.#accounts.notKept(toBarnacleError(thrown, "Keep the bootstrap manifest"));
    }
  }

  /** Tells the listeners when what can be used is not what they were told, and looks again when it will change by itself. */
  #changed(): void {
    const { clock, log } = this.#components;
    const wallMs = clock.wallMs();
    const manifest = this.#known?.manifest;
    const nextMs = manifest && nextExpiryMs(manifest, wallMs);
    this.#expiryTask?.setIntervalMs(null);
    if (nextMs !== undefined) {
      this.#expiryTask?.setIntervalMs(Math.min(Math.max(1, Math.ceil(nextMs - wallMs)), EXPIRY_LOOK_MAX_MS));
    } else if (manifest !== undefined) this.#accounts.expired(timeText(manifest.expiresMs));
    const relays = JSON.stringify(this.relays());
    if (relays === this.#told) return;
    this.#told = relays;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (thrown) {
        log.problem("moltcomm_fault", "error", "moltcomm_fault", { error: thrown });
      }
    }
  }

  #setRefresh(): void {
    this.#refreshTask?.setIntervalMs(this.#refreshMs());
  }

  /** Several times in what is left of the life of the one in use, so that one failure does not let it expire. */
  #refreshMs(): number {
    const expiresMs = this.#known?.manifest.expiresMs;
    if (expiresMs === undefined) return REFRESH_MS;
    const partMs = Math.round((expiresMs - this.#components.clock.wallMs()) / REFRESHES_IN_LIFE);
    return Math.min(REFRESH_MS, Math.max(REFRESH_MIN_MS, partMs));
  }
}
