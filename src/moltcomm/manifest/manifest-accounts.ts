/**
 * What is said and counted of manifests.
 *
 * @module
 */
import type { BarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Counter, Metrics } from "../../metrics/mod.ts";
import type { ManifestView } from "./manifest-client.ts";
import { timeText } from "./open-manifest.ts";
import type { Manifest, Refusal } from "./types.ts";

const PROBLEM = "moltcomm_manifest";
const CACHE_PROBLEM = "moltcomm_manifest_cache";
const EXPIRY_PROBLEM = "moltcomm_manifest_expiry";
const ENTRIES_PROBLEM = "moltcomm_manifest_entries";
const MS_PER_SECOND = 1_000;

/** See the module's description. */
export class ManifestAccounts {
  readonly #log: Logger;
  readonly #looks: Counter;
  readonly #leftOut: Counter;

  constructor({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }) {
    this.#log = log;
    this.#looks = metrics.counter(
      "barnacle_moltcomm_manifest_looks_total",
      "Looks at a source of the bootstrap manifest: taken, unchanged, or why it was refused.",
      ["outcome"],
    );
    this.#leftOut = metrics.counter(
      "barnacle_moltcomm_manifest_left_out_total",
      "Parts of bootstrap manifests taken that cannot be used, by what is wrong with them.",
      ["code"],
    );
  }

  observe(metrics: Metrics, view: () => ManifestView): void {
    metrics.observed(
      "barnacle_moltcomm_manifest_relays",
      "gauge",
      "Relays of the bootstrap manifest that can be used now.",
      () => view().relays,
    );
    metrics.observed(
      "barnacle_moltcomm_manifest_expiry_timestamp_seconds",
      "gauge",
      "When the bootstrap manifest in use expires, Unix time; 0 without one.",
      () => (view().expiresMs ?? 0) / MS_PER_SECOND,
    );
  }

  refused(source: string, { code, detail }: Refusal): void {
    this.#looks.increment({ outcome: code });
    this.#log.problem(sourceProblem(source), "warn", "manifest_source_refused", { source, code, detail });
  }

  /** @param manifest when it is another than the one in use */
  verified(source: string, manifest: Manifest | undefined): void {
    this.#looks.increment({ outcome: manifest === undefined ? "unchanged" : "taken" });
    this.#log.resolve(sourceProblem(source), "manifest_source_verified", { source });
    this.#log.resolve(PROBLEM, "manifest_refreshed", { source });
    this.#log.resolve(EXPIRY_PROBLEM, "manifest_valid", { source });
    if (manifest === undefined) return;
    const { expiresMs, generatedMs, leftOut, relays } = manifest;
    this.#log.info("manifest_taken", {
      source,
      relays: relays.length,
      generated: timeText(generatedMs),
      expires: timeText(expiresMs),
    });
    for (const { code } of leftOut) this.#leftOut.increment({ code });
    const [first] = leftOut;
    if (first === undefined) return this.#log.resolve(ENTRIES_PROBLEM, "manifest_whole", { source });
    const { code, detail, index } = first;
    const others = leftOut.length - 1;
    this.#log.problem(ENTRIES_PROBLEM, "warn", "manifest_entry_left_out", {
      source,
      relay: index + 1,
      code,
      detail,
      others,
    });
  }

  allRefused(state: ManifestView["state"], failures: number): void {
    const level = state === "used" ? "warn" : "error";
    const message = state === "used"
      ? "No source brought a manifest; the last one is used until it expires"
      : "No source brought a manifest, and none is at hand: relays are those of moltcomm.relays alone";
    this.#log.problem(PROBLEM, level, "manifest_not_refreshed", { failures, message });
  }

  expired(expires: string): void {
    const message = "The bootstrap manifest has expired: its relays are used no more";
    this.#log.problem(EXPIRY_PROBLEM, "error", "manifest_expired", { expires, message });
  }

  kept(): void {
    this.#log.resolve(CACHE_PROBLEM, "manifest_kept");
  }

  notKept(error: BarnacleError): void {
    this.#log.problem(CACHE_PROBLEM, "warn", "manifest_not_kept", { error });
  }
}

function sourceProblem(source: string): string {
  return `${PROBLEM}:${source}`;
}
