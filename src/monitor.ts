/**
 * The Monitor of this host, put together from the configuration. Loaded only where one runs.
 *
 * @module
 */
import { type LoadedConfig, readNamedFile } from "./config/mod.ts";
import { healthRoutes, metricsRoute } from "./http/mod.ts";
import type { Logger, Redactor, Secret } from "./log/mod.ts";
import type { Metrics } from "./metrics/mod.ts";
import { createMonitor, type Monitor, type MonitorInit } from "./monitor/mod.ts";
import { hostIdentifier } from "./monitored-host.ts";
import type { Runtime } from "./runtime/port.ts";
import type { Scheduler } from "./scheduler/mod.ts";

/** What a Monitor works with. */
export interface MonitorHostComponents extends Runtime {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redact: Redactor;
  readonly scheduler: Scheduler;
}

/** How the Monitor stands in its process. */
export interface MonitorHostInit {
  /** It is all that this process is: asked for by name it yields to none, and its bridge answers for the process too. */
  readonly isAlone: boolean;
  /** The hub in this process, which is the backend where no other is configured. */
  readonly ownHub?: { readonly url: string; readonly key: Secret } | undefined;
}

const MS_PER_SECOND = 1_000;
const STOP_TIMEOUT_MS = 1_000;

/**
 * Starts the Monitor.
 *
 * @throws `SECRET_UNREADABLE`, `CERTIFICATE_INVALID` for `monitor.caFile`; a port that is taken is no error
 */
export async function startMonitor(
  components: MonitorHostComponents,
  loaded: LoadedConfig,
  { isAlone, ownHub }: MonitorHostInit,
): Promise<Monitor> {
  const { monitor: settings } = loaded.config;
  const { files, http, metrics, process, scheduler } = components;
  const usesOwnHub = settings.backendUrl === undefined && ownHub !== undefined;
  const caPem = await readNamedFile(files, loaded, usesOwnHub ? "hub.tlsCertFile" : "monitor.caFile");
  const local = http.client({});
  const remote = http.client(caPem === undefined ? {} : { caPem });
  const backendUrl = settings.backendUrl ?? ownHub?.url;
  const backend: MonitorInit["backend"] = backendUrl === undefined ? undefined : {
    backendUrl,
    path: settings.backendPath,
    apiKey: usesOwnHub ? ownHub?.key : settings.apiKey,
    timeoutMs: settings.timeoutSec * MS_PER_SECOND,
    fetch: remote.fetch,
  };
  const monitor = createMonitor({ ...components, fetch: local.fetch }, {
    identifier: hostIdentifier(loaded.config, process),
    port: settings.port,
    rootFs: settings.rootFs,
    intervalMs: settings.reportIntervalSec * MS_PER_SECOND,
    yields: settings.enabled === "auto" && !isAlone,
    metadataExpiryMs: settings.metadataExpirySec === undefined ? undefined : settings.metadataExpirySec * MS_PER_SECOND,
    backend,
    ...(isAlone ? { extraRoutes: [...healthRoutes({ live: () => true, ready: {} }), metricsRoute(metrics)] } : {}),
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    stopped ??= monitor.stop().finally(() => {
      local.close();
      remote.close();
    });
  scheduler.onStop("monitor", STOP_TIMEOUT_MS, stop);
  await monitor.start();
  return {
    start: () => monitor.start(),
    answer: () => monitor.answer(),
    push: (metadata) => monitor.push(metadata),
    get isRunning() {
      return monitor.isRunning;
    },
    stop,
  };
}
