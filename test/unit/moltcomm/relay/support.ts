/** What the relay's tests share: a relay in a simulated world, and nodes that say whatever a test wants. @module */
import { createMetrics, type Metrics } from "../../../../src/metrics/mod.ts";
import type { Identity } from "../../../../src/moltcomm/mod.ts";
import { Mailbox, type MailboxLimits, SqliteStore } from "../../../../src/moltcomm/relay/mailbox/mod.ts";
import {
  createRelay,
  type Members,
  type Relay,
  type RelayInit,
  type RelayLimits,
} from "../../../../src/moltcomm/relay/mod.ts";
import type { Runtime } from "../../../../src/runtime/port.ts";
import { createScheduler } from "../../../../src/scheduler/mod.ts";
import { type SimHost, type SimProcess, SimWorld } from "../../../sim/mod.ts";
import { RecordingLogger } from "../../scheduler/support.ts";
import { makeIdentity, PORT, RawPeer } from "../node/support.ts";

export { MINUTE_MS, RawPeer, SECOND_MS } from "../node/support.ts";

const MANY = 1_000_000_000;

/** Nothing is limited but what a test limits. */
export const LIMITS: RelayLimits = {
  maxFrameBytes: 1_048_576,
  connectionsMax: 1_000,
  connectionsPerAddress: 1_000,
  framesPerSecondPerNode: MANY,
  bytesPerSecondPerNode: MANY,
  framesPerSecondPerAddress: MANY,
  bytesPerSecondPerAddress: MANY,
  framesPerSecond: MANY,
  bytesPerSecond: MANY,
  queuedBytesPerNode: 1_048_576,
  queuedBytesMax: 64 * 1_048_576,
};

/** Nothing is limited but what a test limits. */
export const MAILBOX_LIMITS: MailboxLimits = {
  framesPerNode: 100_000,
  bytesPerNode: 64 * 1_048_576,
  framesMax: MANY,
  bytesMax: MANY,
  nodesMax: 100_000,
  newNodesPerAddressPerDay: 100_000,
  keepHours: 24,
};
/** Where a relay's mailbox lies. */
export const MAILBOX_PATH = "/mailbox.db";

/** A list of members by hand. */
export class FakeMembers implements Members {
  readonly nodeIds = new Set<string>();
  #listener: () => void = () => undefined;

  has(nodeId: string): boolean {
    return this.nodeIds.has(nodeId);
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  change(nodeId: string, isMember: boolean): void {
    if (isMember) this.nodeIds.add(nodeId);
    else this.nodeIds.delete(nodeId);
    this.#listener();
  }
}

/** A relay that runs, with what a test looks at. */
export interface TestRelay {
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly runtime: Runtime;
  readonly relay: Relay;
  readonly nodeId: string;
  readonly log: RecordingLogger;
  readonly metrics: Metrics;
  /** The value of a sample in the rendered metrics; 0 when it is not there. */
  sample(prefix: string): number;
}

export type RelayOptions = Partial<Omit<RelayInit, "limits">> & {
  readonly limits?: Partial<RelayLimits>;
  /** Given: the relay has a mailbox in a database of its host. */
  readonly boxes?: Partial<MailboxLimits> | undefined;
};

/** Starts a relay on port 9001 of a host. */
export async function startRelay(world: SimWorld, host: SimHost, options: RelayOptions = {}): Promise<TestRelay> {
  const { process, runtime } = host.startIdle();
  const boxes = { ...MAILBOX_LIMITS, ...options.boxes };
  const log = new RecordingLogger();
  const metrics = createMetrics();
  const scheduler = createScheduler({ ...runtime, log, metrics });
  const identity = options.identity ?? makeIdentity(runtime.crypto);
  const relay = createRelay({ ...runtime, log, metrics, scheduler }, {
    identity,
    listen: { host: host.ip, port: PORT },
    advertise: [],
    agent: "barnacle/test",
    mailbox: options.boxes === undefined ? undefined : {
      newNodesPerAddressPerDay: boxes.newNodesPerAddressPerDay,
      make: (components) =>
        new Mailbox({ ...components, store: new SqliteStore(runtime, { path: MAILBOX_PATH, limits: boxes }) }),
    },
    ...options,
    limits: { ...LIMITS, ...options.limits },
  });
  await world.wait(relay.start());
  scheduler.start();
  const sample = (prefix: string) => {
    const line = metrics.render().split("\n").find((text) => text.startsWith(`barnacle_relay_${prefix} `));
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ") + 1));
  };
  return { host, process, runtime, relay, nodeId: identity.nodeId, log, metrics, sample };
}

/** A relay, and hosts from which nodes talk to it. */
export async function makeScene(options: RelayOptions = {}) {
  const world = new SimWorld({ seed: 1 });
  const subject = await startRelay(world, world.addHost("relay"), options);
  const homes = [world.addHost("home"), world.addHost("far"), world.addHost("away")];
  const runtimes = homes.map((home) => world.createRuntime(home));
  /** A node on one of the hosts that has said nothing yet. */
  const dial = (at = 0, identity?: Identity) => RawPeer.dial(world, runtimes[at] as Runtime, subject.host, identity);
  /** A node that is registered. */
  const register = async (at = 0, identity?: Identity) => {
    const peer = await dial(at, identity);
    const acknowledged = peer.next("HELLO_ACK");
    peer.hello({ to: subject.nodeId });
    await acknowledged;
    return peer;
  };
  return { world, subject, homes, runtimes, dial, register, sample: subject.sample };
}

/** What arrived at a peer, without what the relay itself said. */
export function textsOf(peer: RawPeer): string[] {
  return peer.all("DIRECT").map(({ body }) => body.msg);
}
