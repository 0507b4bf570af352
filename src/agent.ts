/**
 * The one place that knows all the parts: builds them, hands each what it needs, starts them in order and stops them in the reverse.
 *
 * What is off is not loaded: the agent's and the hub's own code arrive by dynamic import.
 *
 * @module
 */
import { isLoopbackHost } from "./address.ts";
import type { EndpointFile, HostParts, RunningHost } from "./cli/mod.ts";
import { listenUrl, type LoadedConfig, parseListenAddress, readNamedFile } from "./config/mod.ts";
import { encodeBase64Url } from "./contract/mod.ts";
import { type App, bearerAuthenticator, createApp, healthRoutes, listen, metricsRoute } from "./http/mod.ts";
import { STOP_TIMEOUT_MS } from "./limits.ts";
import { createLogger, type Logger, Redactor, Secret } from "./log/mod.ts";
import { type MailPart, startMailPart } from "./mail-part.ts";
import { mailRoutes } from "./mail-routes.ts";
import { createMetrics, type Metrics, registerProcessMetrics } from "./metrics/mod.ts";
import type { MonitorHostInit } from "./monitor.ts";
import type { Monitor } from "./monitor/mod.ts";
import { isMonitor } from "./monitored-host.ts";
import { openClawRoute } from "./openclaw-route.ts";
import type { Clock, HttpServer, Runtime } from "./runtime/port.ts";
import { createScheduler, type Scheduler } from "./scheduler/mod.ts";
import { type OwnHub, statusInit } from "./status-init.ts";
import { WorkDirectory } from "./store/mod.ts";
import { VERSION } from "./version.ts";
import type { Watched, WatchedInit } from "./watched.ts";

/** Running requests may take so long to end once everything else has; it is part of the stop's whole bound. */
const SERVER_GRACE_MS = 300;
/** Of the key that opens our own hub for our own agent. */
const OWN_KEY_BYTES = 32;

/** What a start still has to do once it listens waits so long, so that whoever waits for the port is answered first. */
const FIRST_ANSWER_MS = 5;
/**
 * By then the start is over, and the first looks at others are still to come: they wait for company, and this would be some. The platform
 * would collect the start's garbage by itself seconds later, when the process is at rest and its memory has left the processor's cache.
 */
const COLLECT_GARBAGE_AFTER_MS = 800;
/** By then everything periodic has run twice, and what goes is what none of it needs. */
const RETURN_MEMORY_AFTER_MS = 45_000;
/** Code that runs seldom comes back with time: 5 ms of processor time so often keep it away. */
const RETURN_MEMORY_INTERVAL_MS = 10 * 60_000;
const MEMORY_TIMEOUT_MS = 10_000;

/** What every part works with. */
interface Base {
  readonly runtime: Runtime;
  readonly loaded: LoadedConfig;
  readonly redact: Redactor;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
  readonly workDirectory: WorkDirectory;
  /** Undone in reverse order at the end, or when a start fails halfway. */
  readonly undo: (() => Promise<void> | void)[];
}

/** What a started part offers to the others and to the end. */
interface Part {
  /** Says that the end is near, before the loop stops. */
  drain(): void;
  /** Adds what must come last of its closing acts. */
  addLastClosingAct(): void;
}

/** A part that serves HTTP. */
interface ServingPart extends Part {
  readonly server: HttpServer;
  /** Its base URL on this host. */
  readonly url: string;
}

/**
 * Starts an agent, a hub, or both in one process; or a relay or a Monitor alone.
 *
 * @throws `LOCK_HELD`, `ADDRESS_IN_USE`, `CONFIG_INVALID`, `SECRET_UNREADABLE` and their like, with nothing left running
 */
export async function startHost(runtime: Runtime, loaded: LoadedConfig, parts: HostParts): Promise<RunningHost> {
  const base = createBase(runtime, loaded);
  try {
    // A Monitor alone keeps nothing, and may run where nothing can be written.
    if (parts.agent || parts.hub || parts.relay === true) await base.workDirectory.prepare();
    const hub = parts.hub ? await startHub(base) : undefined;
    const agent = parts.agent ? await startAgent(base, hub) : undefined;
    const relay = parts.relay === true ? await startRelayAlone(base) : undefined;
    if (parts.monitor === true) await startMonitor(base, { isAlone: true });
    // In one process the hub still has to take the agent's last words, so its own closing act comes after them.
    agent?.addLastClosingAct();
    hub?.addLastClosingAct();
    base.scheduler.start();
    // A hub is there for load, and would take it all back.
    if (!parts.hub && relay === undefined) tidyUpAfterStart(base);
    const running = [agent, hub, relay].filter((part) => part !== undefined);
    return {
      stop: once((reason) => stopHost(base, running, reason)),
      ...(agent === undefined ? {} : { agentAddress: agent.server.address }),
      ...(hub === undefined ? {} : { hubAddress: hub.server.address }),
    };
  } catch (thrown) {
    await undoAll(base);
    throw thrown;
  }
}

function createBase(runtime: Runtime, loaded: LoadedConfig): Base {
  const { clock, process, random, files } = runtime;
  const { config } = loaded;
  const redact = new Redactor();
  for (const secret of loaded.secrets) redact.register(secret);
  const { standardError: output } = process;
  const format = config.log.format === "auto" ? (output.isTerminal ? "text" : "json") : config.log.format;
  const colors = output.isTerminal && (process.environment()["NO_COLOR"] ?? "") === "";
  const log = createLogger({ clock, output, redact }, { level: config.log.level, format, colors });
  const metrics = createMetrics();
  registerProcessMetrics(metrics, runtime);
  const scheduler = createScheduler({ clock, random, log, metrics });
  const workDirectory = new WorkDirectory({ files, random, logger: log }, { directory: loaded.directory });
  const stopListening = process.onUncaught((thrown) => log.error("uncaught", { error: thrown }));
  for (const message of loaded.warnings) log.warn("config_warning", { message });
  return { runtime, loaded, redact, log, metrics, scheduler, workDirectory, undo: [stopListening] };
}

async function startAgent(base: Base, ownHub: OwnHub | undefined): Promise<ServingPart> {
  const { runtime, loaded, log, metrics } = base;
  const { config } = loaded;
  const { createStatusService } = await import("./status/mod.ts");
  const lock = await base.workDirectory.lock();
  base.undo.push(() => lock.release());
  let mail: MailPart | undefined;
  let watched: Watched | undefined;
  let monitor: Monitor | undefined;
  const status = createStatusService({ ...runtime, ...base }, {
    ...await statusInit({ ...runtime, ...base }, loaded, ownHub),
    local: () => ({
      ...mail?.answers(),
      monitor: monitor?.answer(),
      ...watched?.answers(),
    }),
    onPublished: () => watched?.published(),
    onDegraded: () => watched?.degraded(),
  });
  const { token } = config.http;
  const ready = status.readinessChecks();
  const app = createApp({
    routes: [
      ...status.routes,
      ...(config.moltcomm.enabled ? mailRoutes((agentId) => mail?.find(agentId)) : []),
      openClawRoute(() => watched),
      ...healthRoutes({ live: () => true, ready }),
      metricsRoute(metrics),
    ],
    authenticator: token === undefined ? undefined : bearerAuthenticator(runtime.crypto, token),
    log,
    metrics,
    clock: runtime.clock,
  }, { title: "Barnacle: the agent", version: VERSION, role: "http" });
  const served = await serve(base, app, {
    role: "http",
    listen: config.http.listen,
    // Whoever is asked already answers; whoever waits for the announcement finds the registered agents and the endpoint file.
    beforeAnnouncing: async (url) => {
      await pause(runtime.clock, FIRST_ANSWER_MS);
      await base.workDirectory.sync();
      await status.start();
      const endpointText = endpointTextOf(base, url, ownHub?.url);
      await writeEndpointFile(base, endpointText);
      if (config.moltcomm.enabled) {
        mail = await startMailPart({ ...runtime, ...base }, loaded, {
          endpointText,
          gateways: () => watched?.gateways ?? [],
          lookAtGateways: () => watched?.lookAtGateways(),
          addCheck: (name, check) => status.addCheck(name, check, "health"),
        });
      }
      if (config.relay.enabled) await startRelay(base);
      if (isMonitor(config, ownHub)) {
        monitor = await startMonitor(base, { isAlone: false, ownHub });
      }
      watched = await startWatched(base, {
        document: () => status.document(),
        isPublishing: config.openclaw.baseUrl !== undefined || ownHub !== undefined,
        ownMonitor: () => monitor?.isRunning === true ? monitor.push : undefined,
        ...(mail?.gatewaysChanged === undefined ? {} : { onGateways: mail.gatewaysChanged }),
      });
    },
  });
  return { ...served, drain: () => status.drain(), addLastClosingAct: () => status.addLastClosingAct() };
}

async function startWatched(base: Base, init: WatchedInit): Promise<Watched> {
  const { startWatched: start } = await import("./watched.ts");
  const watched = await start({ ...base.runtime, ...base }, base.loaded, init);
  base.undo.push(() => watched.stop());
  return watched;
}

async function startMonitor(base: Base, init: MonitorHostInit): Promise<Monitor> {
  const { startMonitor: start } = await import("./monitor.ts");
  const monitor = await start({ ...base.runtime, ...base }, base.loaded, init);
  base.undo.push(() => monitor.stop());
  return monitor;
}

async function startRelay(base: Base): Promise<void> {
  const { startRelay: start } = await import("./relay.ts");
  const relay = await start({ ...base.runtime, ...base }, base.loaded);
  base.undo.push(() => relay.stop());
}

/** A relay without an agent: its own work directory, and HTTP for those who watch it, if they want it. */
async function startRelayAlone(base: Base): Promise<Part> {
  const { runtime, loaded, log, metrics } = base;
  const { relay: { httpListen }, http: { token } } = loaded.config;
  const lock = await base.workDirectory.lock();
  base.undo.push(() => lock.release());
  await startRelay(base);
  if (httpListen !== undefined) {
    const app = createApp({
      routes: [...healthRoutes({ live: () => true, ready: {} }), metricsRoute(metrics)],
      authenticator: token === undefined ? undefined : bearerAuthenticator(runtime.crypto, token),
      log,
      metrics,
      clock: runtime.clock,
    }, { title: "Barnacle: the relay", version: VERSION, role: "http" });
    await serve(base, app, { role: "http", listen: httpListen });
  }
  return { drain: () => undefined, addLastClosingAct: () => undefined };
}

async function startHub(base: Base): Promise<ServingPart & OwnHub> {
  const { runtime, loaded, log, metrics, scheduler } = base;
  const { hub: config, openclaw } = loaded.config;
  const { createHub } = await import("./hub/mod.ts");
  runtime.process.expectLoad();
  const key = new Secret(encodeBase64Url(runtime.random.bytes(OWN_KEY_BYTES)));
  base.redact.register(key);
  const closingActs: (() => void)[] = [];
  const hub = createHub({
    ...runtime,
    log,
    metrics,
    scheduler: {
      add: (task) => scheduler.add(task),
      onStop: (...act) => closingActs.push(() => scheduler.onStop(...act)),
    },
  }, {
    ...config,
    isOnLoopback: isLoopbackHost(parseListenAddress(config.listen).host),
    extraKeys: openclaw.apiKey === undefined ? [] : [{ name: "configured", key: openclaw.apiKey }],
    ownAgentKey: key,
  });
  await hub.start();
  base.undo.push(() => hub.stop());
  const app = createApp({
    routes: [...hub.routes, ...healthRoutes({ live: () => true, ready: hub.checks }), metricsRoute(metrics)],
    authenticator: hub.authenticator,
    log,
    metrics,
    clock: runtime.clock,
  }, { title: "Barnacle: the hub", version: VERSION, role: "hub" });
  const served = await serve(base, app, { role: "hub", listen: config.listen });
  return { ...served, key, drain: () => undefined, addLastClosingAct: () => closingActs.forEach((add) => add()) };
}

async function readTls(base: Base, section: "http" | "hub") {
  const { runtime: { files }, loaded } = base;
  const certPem = await readNamedFile(files, loaded, `${section}.tlsCertFile`);
  const keyPem = await readNamedFile(files, loaded, `${section}.tlsKeyFile`);
  return certPem === undefined || keyPem === undefined ? undefined : { certPem, keyPem };
}

async function serve(base: Base, app: App, init: {
  readonly role: "http" | "hub";
  readonly listen: string;
  readonly beforeAnnouncing?: (url: string) => Promise<void>;
}): Promise<{ readonly server: HttpServer; readonly url: string }> {
  const { runtime, log } = base;
  const tls = await readTls(base, init.role);
  const address = parseListenAddress(init.listen);
  const server = await listen(runtime.http, app, { ...init, address, tls, log });
  base.undo.push(() => server.stop(SERVER_GRACE_MS));
  return {
    server,
    url: listenUrl(tls === undefined ? "http" : "https", { host: address.host, port: server.address.port }),
  };
}

function pause(clock: Clock, durationMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(durationMs, resolve));
}

/** A third of what an agent holds once it listens is code that a heartbeat does not run. */
function tidyUpAfterStart({ runtime: { process }, scheduler, log }: Base): void {
  scheduler.add({
    name: "garbage",
    intervalMs: null,
    firstDelayMs: COLLECT_GARBAGE_AFTER_MS,
    timeoutMs: MEMORY_TIMEOUT_MS,
    run: () => Promise.resolve(process.collectGarbage()),
  });
  scheduler.add({
    name: "memory",
    intervalMs: RETURN_MEMORY_INTERVAL_MS,
    firstDelayMs: RETURN_MEMORY_AFTER_MS,
    // Without a tolerance: beside other work, that would at once take back what it needs.
    timeoutMs: MEMORY_TIMEOUT_MS,
    // Where it cannot be done, nothing is the worse for it.
    run: () => process.returnMemory().catch((error: unknown) => log.debug("memory_not_returned", { error })),
  });
}

function endpointTextOf({ runtime: { clock, process } }: Base, url: string, hubUrl: string | undefined): string {
  const endpoint: EndpointFile = {
    http: url,
    ...(hubUrl === undefined ? {} : { hub: hubUrl }),
    process_id: process.id,
    started_at: new Date(clock.wallMs()).toISOString(),
  };
  return `${JSON.stringify(endpoint)}\n`;
}

/** Leaves the agent's address where the commands on this host look for it. */
async function writeEndpointFile(base: Base, text: string): Promise<void> {
  const { files } = base.runtime;
  try {
    await base.workDirectory.writeEndpoint(text);
    base.undo.push(() => files.remove(base.workDirectory.paths.endpointFile));
  } catch (thrown) {
    // On a full disk the commands of this host ask the configured address instead; the world is told the status all the same.
    base.log.warn("endpoint_file_failed", { error: thrown });
  }
}

async function stopHost(base: Base, parts: readonly Part[], reason: string): Promise<void> {
  base.log.info("stopping", { reason });
  for (const part of parts) part.drain();
  await base.scheduler.stop(STOP_TIMEOUT_MS - SERVER_GRACE_MS);
  await undoAll(base);
  base.log.info("stopped", { reason });
}

/** Undoes what was done, latest first; one that fails does not keep the rest from being undone. */
async function undoAll(base: Base): Promise<void> {
  for (const undo of base.undo.splice(0).reverse()) {
    try {
      await undo();
    } catch (thrown) {
      base.log.warn("stop_incomplete", { error: thrown });
    }
  }
}

/** The first call does it; further ones wait for the same end. */
function once(act: (reason: string) => Promise<void>): (reason: string) => Promise<void> {
  let ending: Promise<void> | undefined;
  return (reason) => ending ??= act(reason);
}
