/**
 * The hub as a HarborForge backend: which instances a Monitor's heartbeat belongs to. Source: the Monitor's contract, "The heartbeat".
 *
 * A heartbeat belongs to the instance whose id is its identifier, and to those whose tag `host` is. A host of which nothing else is heard
 * is an instance by itself, so that a fleet of Monitors can be watched here without any agent.
 *
 * @module
 */
import { type ReceivedHeartbeat, type ReceivedStatusDocument, receivedStatusDocument } from "../contract/mod.ts";
import { checkHeartbeatOwner, type Heard, HEARTBEAT_HOLDS_MS } from "./heartbeats.ts";
import type { Instance } from "./instance.ts";
import type { Intake } from "./intake.ts";
import type { Registry } from "./registry.ts";
import type { SteadyTime } from "./steady-time.ts";
import type { Watch } from "./watch.ts";

/** The service of a host that only a Monitor speaks for. */
const MONITOR_SERVICE = "harborforge-monitor";
/** A heartbeat does not say which version sent it. */
const VERSION_UNKNOWN = "0.0.0";

/** What it works with. */
export interface MonitorsComponents {
  readonly registry: Registry;
  readonly intake: Intake;
  readonly watch: Watch;
  readonly time: SteadyTime;
}

export class Monitors {
  readonly #components: MonitorsComponents;

  constructor(components: MonitorsComponents) {
    this.#components = components;
  }

  /** Notes in its history what an instance published; a host that had to stand for itself is one no more. */
  noteDocument(document: ReceivedStatusDocument): void {
    const { registry, watch } = this.#components;
    const instance = registry.get(document.instance_id);
    if (instance === undefined) return;
    watch.noteDocument(document, instance.availability);
    const standIn = instance.host === undefined ? undefined : registry.get(instance.host);
    if (standIn !== undefined && standIn !== instance && isStandIn(standIn)) registry.remove(standIn.id);
  }

  /**
   * Takes a heartbeat.
   *
   * @throws `FORBIDDEN` when the identifier, or the instance of this name, belongs to another key; `RATE_LIMITED` when there is no room
   */
  take(heartbeat: ReceivedHeartbeat, principal: string): void {
    const { registry, watch } = this.#components;
    const { identifier } = heartbeat;
    const named = registry.get(identifier);
    const instances = registry.onHost(identifier);
    if (named !== undefined && !isStandIn(named)) {
      checkHeartbeatOwner(named.owner, principal);
      instances.push(named);
    }
    if (instances.length === 0) this.#standIn(heartbeat, principal);
    watch.takeHeartbeat(heartbeat, principal);
    for (const id of instances.length === 0 ? [identifier] : new Set(instances.map((instance) => instance.id))) {
      watch.noteTelemetry(id, heartbeat);
    }
  }

  /** What was reported last of an instance's host. */
  heartbeatOf({ id, host }: Instance): Heard | undefined {
    const { watch } = this.#components;
    return watch.findHeartbeat(id) ?? (host === undefined ? undefined : watch.findHeartbeat(host));
  }

  /** Publishes for a host what its heartbeat amounts to: it is there, and takes no work. */
  #standIn({ identifier, uptime_seconds = 0 }: ReceivedHeartbeat, principal: string): void {
    const { intake, time } = this.#components;
    const document = receivedStatusDocument.parse({
      service_name: MONITOR_SERVICE,
      instance_id: identifier,
      timestamp: new Date(time.nowMs()).toISOString(),
      uptime_seconds: Math.floor(uptime_seconds),
      version: VERSION_UNKNOWN,
      capabilities: [],
      capacity: { concurrent_tasks: 0, active_tasks: 0, queue_length: 0 },
      health: { status: "healthy", details: {} },
      availability: "paused",
      expires_in_seconds: HEARTBEAT_HOLDS_MS / 1_000,
      tags: { host: identifier },
    });
    intake.take({ document, documentText: JSON.stringify(document), principal, signedBy: undefined });
    this.noteDocument(document);
  }
}

function isStandIn(instance: Instance): boolean {
  return instance.serviceName === MONITOR_SERVICE;
}
