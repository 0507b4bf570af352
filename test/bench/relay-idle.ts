/** The relay: what many idle registrations cost, beside a bare server that does the least that their keep-alive asks for. */
import { execFileSync, fork, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { KEPT_MEASURE_MS, RELAY_KEEP_ALIVE_MS } from "../../src/moltcomm/relays/bounds.ts";
import { formatNumber, median } from "./figures.ts";
import { ProcessorMeter, readMemory } from "./process-counters.ts";
import type { IdlePace, IdlePlan } from "./relay-idle-process.ts";
import { RelaySide } from "./relay-side.ts";
import { freePort } from "./servers.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const NODES = 10_000;
const KEEP_ALIVE_MS = 25_000;
const SLICE_MS = 5_000;
const SETTLE_MS = 15_000;
const REGISTERED_PER_SECOND = 800;
const RESIDENT_MIB_MAX = 300;
const KIB_PER_NODE_MAX = 30;
const CORE_PERCENT_MAX = 1;
/** What an operator sets in the unit, and what is the unit's own. */
const UNIT_LINE_REGEXP = /^Environment=(?!BARNACLE_)(\w+)=(.*)$/gm;

interface Idle {
  readonly percents: number[];
  readonly mib: number[];
}

/** A process and the nodes that are registered there. */
class Crowd {
  readonly pid: number;
  readonly #client = fork(join(import.meta.dirname, "relay-idle-process.ts"));
  readonly #lost: Promise<never>;

  constructor(pid: number) {
    this.pid = pid;
    this.#lost = new Promise((_, fail) => {
      this.#client.once("exit", () => fail(new Error("Bench: the idle nodes lost a connection")));
    });
    // It is looked at where something is waited for.
    this.#lost.catch(() => undefined);
  }

  async register(plan: IdlePlan): Promise<void> {
    const registered = new Promise<void>((done) => this.#client.once("message", () => done()));
    this.#client.send(plan);
    await Promise.race([registered, this.#lost]);
  }

  /** Processor time and memory at a pace, in slices. */
  async measure(pace: IdlePace): Promise<Idle> {
    this.#client.send(pace);
    // So that what was before has gone.
    await Promise.race([pause(SETTLE_MS), this.#lost]);
    const meter = new ProcessorMeter(this.pid);
    const idle: Idle = { percents: [], mib: [] };
    for (let elapsedMs = 0; elapsedMs < KEEP_ALIVE_MS; elapsedMs += SLICE_MS) {
      meter.reset();
      const startMs = performance.now();
      await Promise.race([pause(SLICE_MS), this.#lost]);
      idle.percents.push((meter.sampleMs() / (performance.now() - startMs)) * 100);
      idle.mib.push(readMemory(this.pid).residentMib);
    }
    return idle;
  }

  end(): void {
    this.#client.kill("SIGKILL");
  }
}

/** What `relay install --print` sets for the process itself. */
function unitEnvironment(binary: string): Readonly<Record<string, string>> {
  const unit = execFileSync(binary, ["relay", "install", "--print"], { encoding: "utf8" });
  return Object.fromEntries([...unit.matchAll(UNIT_LINE_REGEXP)].map(([, name = "", value = ""]) => [name, value]));
}

export async function benchIdleNodes(workshop: Workshop): Promise<Section> {
  const nodes = workshop.quick ? 1_000 : NODES;
  const { folder } = workshop.spot("mail");
  const relay = await RelaySide.start([workshop.binary], join(folder, "relay"), unitEnvironment(workshop.binary));
  const barePort = await freePort();
  const bare = spawn(workshop.baseline("pong"), { env: { BENCH_PORT: String(barePort) }, stdio: "ignore" });
  const [ours, other] = [new Crowd(relay.pid), new Crowd(bare.pid ?? 0)];
  try {
    await pause(1_000);
    const emptyMib = readMemory(relay.pid).residentMib;
    progress(`relay: registering ${nodes} nodes`);
    const plan = { nodes, registeredPerSecond: REGISTERED_PER_SECOND, kernelMs: RELAY_KEEP_ALIVE_MS };
    await ours.register({ ...plan, port: relay.port, relayId: relay.nodeId });
    await other.register({ ...plan, port: barePort, relayId: relay.nodeId });
    const measure = (everyMs: number) => Promise.all([ours.measure({ everyMs }), other.measure({ everyMs })]);
    const [kept, bareKept] = await measure(KEPT_MEASURE_MS);
    const [pinged, barePinged] = await measure(KEEP_ALIVE_MS);
    const mib = [...kept.mib, ...pinged.mib];
    const perNode = ((median(mib) - emptyMib) * 1_024) / nodes;
    return {
      name: "relay-idle",
      title: "The relay: idle registrations",
      method:
        `${formatNumber(nodes)} nodes, each with its own connection and key, that do nothing but keep it alive; ` +
        `processor time of the relay's process in slices of ${SLICE_MS / 1_000} s, with what its unit sets for it. ` +
        `Nodes of ours have the kernel ask after ${RELAY_KEEP_ALIVE_MS / 1_000} s without a byte, and say PING every ` +
        `${KEPT_MEASURE_MS / 60_000} minutes. Plain nodes of v1 say PING every ${
          KEEP_ALIVE_MS / 1_000
        } s, each answered ` +
        "with a signed PONG. The baseline, at the same time and with as many connections, is a program in the same Bun " +
        "that looks at nothing, and for each read makes one signature and one write: no relay in this Bun can cost less.",
      table: compare("bare server", [
        { what: "resident memory, MiB", ours: mib, floor: { of: "value", atMost: RESIDENT_MIB_MAX } },
        { what: "memory a registration, KiB", ours: [perNode], floor: { of: "value", atMost: KIB_PER_NODE_MAX } },
        {
          what: "share of a core, %",
          ours: kept.percents,
          baseline: bareKept.percents,
          floor: { of: "value", atMost: CORE_PERCENT_MAX },
        },
        { what: "share of a core, %, plain nodes of v1", ours: pinged.percents, baseline: barePinged.percents },
      ]),
    };
  } finally {
    ours.end();
    other.end();
    bare.kill("SIGKILL");
    await relay.stop();
  }
}
