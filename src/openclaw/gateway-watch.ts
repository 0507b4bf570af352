/**
 * The gateways of this host, kept in step with their files and with whether they run.
 *
 * @module
 */
import { toBarnacleError } from "../errors.ts";
import type { Logger, Secret } from "../log/mod.ts";
import type { Files, FileWatcher } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { type FinderComponents, type FinderInit, findGateways } from "./find-gateways.ts";
import type { Gateway } from "./types.ts";
import { formatVersion } from "./version.ts";

/** What the watch works with. */
export interface GatewayWatchComponents extends FinderComponents {
  readonly files: Pick<Files, "read" | "stat" | "list" | "watch">;
  readonly log: Logger;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** How often to look, and what to do then. */
export interface GatewayWatchInit extends FinderInit {
  readonly intervalMs: number;
  /** Called with each hook token that was read, so that it can be kept out of what is said. */
  readonly onSecret?: (secret: Secret) => void;
  /** Called after each look that found something else than the one before. */
  readonly onChange?: (gateways: readonly Gateway[]) => void;
}

const FIRST_DELAY_MS = 1_000;
const TOLERANCE_MS = 1_000;
/** Of the interval: where none was found, a look waits so long for company. */
const NONE_TOLERANCE_RATIO = 1 / 3;
/** Whoever wants to know at once is not told more often than so. */
const ASKED_EVERY_MS = 5_000;
/** One that starts, or was too busy to answer, is looked at again so soon, some times over. */
const UNSETTLED_INTERVAL_MS = 5_000;
const UNSETTLED_MAX = 24;
/** Some gateways, two questions each. */
const TIMEOUT_MS = 30_000;
/** An editor's save is several changes; the files are read once they are over. */
const SETTLE_MS = 500;
const WATCHERS_MAX = 64;

/** Looks at the gateways as a task of the loop: at its interval, and soon after one of their configuration files changed. */
export class GatewayWatch {
  readonly #components: GatewayWatchComponents;
  readonly #init: GatewayWatchInit;
  readonly #watchers = new Map<string, FileWatcher>();
  #gateways: readonly Gateway[] | undefined;
  #known = "[]";
  #task: Task | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #unsettled = 0;
  #isSoon = false;

  constructor(components: GatewayWatchComponents, init: GatewayWatchInit) {
    this.#components = components;
    this.#init = init;
  }

  /** What was found at the latest look; `undefined` before the first. */
  get gateways(): readonly Gateway[] | undefined {
    return this.#gateways;
  }

  /** Begins to look. Idempotent. */
  start(): void {
    this.#task ??= this.#components.scheduler.add({
      name: "gateways",
      intervalMs: this.#init.intervalMs,
      firstDelayMs: FIRST_DELAY_MS,
      toleranceMs: TOLERANCE_MS,
      timeoutMs: TIMEOUT_MS,
      run: ({ signal }) => this.#look(signal),
    });
  }

  /** Somebody has reason to believe that what was found last is so no more. */
  lookSoon(): void {
    const nowMs = this.#components.clock.monotonicMs();
    if (nowMs - this.#askedAtMs < ASKED_EVERY_MS) return;
    this.#askedAtMs = nowMs;
    this.#task?.nudge();
  }

  /** Stops looking. Idempotent. */
  stop(): void {
    this.#task?.remove();
    this.#task = undefined;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { gateways, files } = await findGateways(this.#components, this.#init, signal);
    if (this.#task === undefined) return;
    const noneToleranceMs = this.#init.intervalMs * NONE_TOLERANCE_RATIO;
    this.#task.setToleranceMs(gateways.length === 0 ? noneToleranceMs : TOLERANCE_MS);
    this.#watchFiles(files);
    this.#gateways = gateways;
    this.#settle(gateways);
    for (const { hooks: { token } } of gateways) if (token !== undefined) this.#init.onSecret?.(token);
    // Secrets show as their mask: a changed token alone is no news.
    const known = JSON.stringify(gateways);
    if (known === this.#known) return;
    this.#known = known;
    this.#tell(gateways);
    this.#init.onChange?.(gateways);
  }

  /** Mail must not wait for half a minute because a gateway was not there, or busy, at this very moment. */
  #settle(gateways: readonly Gateway[]): void {
    const isUnsettled = gateways.some(({ mode, state }) =>
      mode === "local" && (state === "starting" || state === "unknown")
    );
    this.#unsettled = isUnsettled ? this.#unsettled + 1 : 0;
    const { intervalMs } = this.#init;
    const isSoon = isUnsettled && this.#unsettled <= UNSETTLED_MAX;
    if (isSoon === this.#isSoon) return;
    this.#isSoon = isSoon;
    this.#task?.setIntervalMs(isSoon ? Math.min(intervalMs, UNSETTLED_INTERVAL_MS) : intervalMs);
  }

  #tell(gateways: readonly Gateway[]): void {
    this.#components.log.info("gateways_found", {
      gateways: gateways.map(({ profile, state, baseUrl, version, agents, unknown }) => ({
        profile: profile ?? "default",
        state,
        url: baseUrl,
        version: version === undefined ? null : formatVersion(version),
        agents: agents.map(({ id }) => id),
        unknown: unknown.map(({ what, why }) => `${what}: ${why}`),
      })),
    });
  }

  /** A platform that cannot watch is no reason to do without: the loop looks besides. */
  #watchFiles(paths: readonly string[]): void {
    const wanted = new Set(paths.slice(0, WATCHERS_MAX));
    for (const [path, watcher] of this.#watchers) {
      if (wanted.has(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of wanted) {
      if (this.#watchers.has(path)) continue;
      try {
        const onChange = () => this.#task?.nudge({ withinMs: SETTLE_MS });
        this.#watchers.set(path, this.#components.files.watch(path, onChange));
      } catch (thrown) {
        const error = toBarnacleError(thrown, "Watch a gateway's configuration");
        this.#components.log.debug("gateway_watch_failed", { error });
      }
    }
  }
}
