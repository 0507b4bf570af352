/** Many nodes of ours in one process, that can be reached over one relay only: when they dial it, and when they have it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createRuntime } from "#runtime";
import { type PeerAddress, readPeerAddress } from "../../src/contract/mod.ts";
import type { Logger } from "../../src/log/mod.ts";
import { createMetrics } from "../../src/metrics/mod.ts";
import { createNode, loadOrCreateIdentity, type MoltCommNode } from "../../src/moltcomm/mod.ts";
import { createScheduler } from "../../src/scheduler/mod.ts";
import { NODE_LIMITS } from "../support/node-limits.ts";

export interface ClientsPlan {
  readonly relay: string;
  readonly clients: number;
  /** Made here. */
  readonly folder: string;
}

/** Unix milliseconds. */
export interface ClientsReport {
  readonly dialledAtMs: readonly number[];
  /** When the last of them was registered. */
  readonly registeredAtMs: number;
}

const LOOK_MS = 20;
const STARTED_PER_SECOND = 120;
const NOTHING = () => undefined;
const silent: Logger = {
  debug: NOTHING,
  info: NOTHING,
  warn: NOTHING,
  error: NOTHING,
  problem: NOTHING,
  resolve: NOTHING,
  child: () => silent,
};

function addressOf(text: string): PeerAddress {
  const address = readPeerAddress(text);
  if (address === undefined) throw new TypeError(`Bench: ${text} is no address`);
  return address;
}

async function start({ clients, folder, relay }: ClientsPlan, dialledAtMs: number[]): Promise<MoltCommNode[]> {
  const runtime = createRuntime();
  const network: typeof runtime.network = {
    listen: (...given) => runtime.network.listen(...given),
    dial: (...given) => {
      dialledAtMs.push(Date.now());
      return runtime.network.dial(...given);
    },
  };
  const nodes: MoltCommNode[] = [];
  for (let index = 0; index < clients; index++) {
    const directory = join(folder, String(index));
    mkdirSync(join(directory, ".moltcomm"), { recursive: true });
    const identity = await loadOrCreateIdentity(runtime, { directory });
    const metrics = createMetrics();
    const scheduler = createScheduler({ ...runtime, log: silent, metrics });
    scheduler.start();
    const node = createNode({ ...runtime, network, log: silent, metrics, scheduler }, {
      identity,
      directory: join(directory, ".moltcomm"),
      listen: addressOf("tcp://127.0.0.1:0"),
      isListenDefault: false,
      advertise: [],
      bootstrap: [],
      relays: [addressOf(relay)],
      reachable: "no",
      limits: NODE_LIMITS,
      incoming: { reachMs: 0, isBlocked: () => false, deliver: () => Promise.resolve({ outcome: "delivered" }) },
      agent: "barnacle/bench",
      sealing: { mode: "auto", unsealedAtMs: NOTHING },
    });
    await node.start();
    nodes.push(node);
    await pause(1_000 / STARTED_PER_SECOND);
  }
  return nodes;
}

function isRegistered(node: MoltCommNode): boolean {
  return node.view.relays.some(({ state }) => state === "registered");
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(LOOK_MS);
}

async function run(plan: ClientsPlan): Promise<void> {
  const dialledAtMs: number[] = [];
  const nodes = await start(plan, dialledAtMs);
  for (;;) {
    await until(() => nodes.every(isRegistered));
    process.send?.({ dialledAtMs: dialledAtMs.splice(0), registeredAtMs: Date.now() } satisfies ClientsReport);
    await until(() => !nodes.some(isRegistered));
  }
}

process.once("message", (plan: ClientsPlan) => {
  run(plan).catch((thrown: unknown) => {
    process.stderr.write(`bench: the relay's clients: ${String(thrown)}\n`);
    process.exit(1);
  });
});
process.once("disconnect", () => process.exit());
