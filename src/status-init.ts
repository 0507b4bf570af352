/**
 * What the status service is given: who this is, what counts as well, and whom to tell.
 *
 * @module
 */
import { type LoadedConfig, readNamedFile } from "./config/mod.ts";
import type { Secret } from "./log/mod.ts";
import { hostTag } from "./monitored-host.ts";
import type { HttpClient, Runtime } from "./runtime/port.ts";
import type { StatusInit } from "./status/mod.ts";
import type { WorkDirectory } from "./store/mod.ts";

/** What finding it out needs. */
export interface StatusInitComponents extends Runtime {
  readonly workDirectory: WorkDirectory;
  /** Takes what must be closed at the end. */
  readonly undo: (() => Promise<void> | void)[];
}

/** The hub in our own process, as its agent sees it. */
export interface OwnHub {
  readonly url: string;
  /** Opens the hub for this process's own agent, whatever keys it has. */
  readonly key: Secret;
}

/**
 * Configuration as the status service wants it.
 *
 * @throws `SECRET_UNREADABLE`, `CERTIFICATE_INVALID` and their like
 */
export async function statusInit(
  components: StatusInitComponents,
  loaded: LoadedConfig,
  ownHub: OwnHub | undefined,
): Promise<StatusInit> {
  const { service, agents, health, openclaw } = loaded.config;
  const instanceId = service.instanceId ?? await components.workDirectory.instanceId();
  const identity = openclaw.signRequests ? await loadIdentity(components, loaded) : undefined;
  const baseUrl = openclaw.baseUrl ?? ownHub?.url;
  const apiKey = openclaw.apiKey ?? (openclaw.baseUrl === undefined ? ownHub?.key : undefined);
  const init: StatusInit = {
    agentName: service.agentName,
    service: {
      serviceName: service.name,
      instanceId,
      version: service.version,
      tags: { ...hostTag(loaded.config, components.process, ownHub), ...service.tags },
      ...(identity === undefined ? {} : { nodeId: identity.nodeId }),
      isPaused: service.availability === "paused",
      intervalMs: openclaw.intervalSeconds * 1_000,
    },
    registrationPath: agents.file,
    health: {
      windowMs: health.windowSeconds * 1_000,
      errorRateThreshold: health.errorRateThreshold,
      errorRateTasksMin: health.errorRateTasksMin,
      queueWindowMs: health.queueWindowSeconds * 1_000,
      recoveryMs: health.recoverySeconds * 1_000,
    },
  };
  if (baseUrl === undefined) return init;
  const client = await receiverClient(components, loaded, openclaw.baseUrl === undefined);
  return {
    ...init,
    publish: {
      baseUrl,
      fetch: client.fetch,
      ...(apiKey === undefined ? {} : { apiKey }),
      timeoutMs: openclaw.timeoutSeconds * 1_000,
      ...(identity === undefined ? {} : { signer: identity }),
      receiverUnreachableMs: health.receiverUnreachableSeconds * 1_000,
      clockSkewMaxMs: health.clockSkewMaxSeconds * 1_000,
    },
  };
}

async function loadIdentity(components: StatusInitComponents, { directory }: LoadedConfig) {
  const { loadOrCreateIdentity } = await import("./moltcomm/mod.ts");
  return await loadOrCreateIdentity(components, { directory });
}

/** The client for the receiver; the hub beside us is trusted by the certificate it was given itself. */
async function receiverClient(
  { files, http, undo }: StatusInitComponents,
  loaded: LoadedConfig,
  isOwnHub: boolean,
): Promise<HttpClient> {
  const caPem = await readNamedFile(files, loaded, isOwnHub ? "hub.tlsCertFile" : "openclaw.caFile");
  const certPem = await readNamedFile(files, loaded, "openclaw.clientCertFile");
  const keyPem = await readNamedFile(files, loaded, "openclaw.clientKeyFile");
  const client = http.client({
    ...(caPem === undefined ? {} : { caPem }),
    ...(certPem === undefined || keyPem === undefined ? {} : { clientCertificate: { certPem, keyPem } }),
  });
  undo.push(() => client.close());
  return client;
}
