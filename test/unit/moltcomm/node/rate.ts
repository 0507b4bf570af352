/**
 * How many `DIRECT` and `ACK` two nodes exchange on loopback in one process, with an inbox that is instant: what the node costs beside
 * the cryptography. Each message is signed and verified twice, all on one core here.
 *
 * `bun test/unit/moltcomm/node/rate.ts`, `tsx test/unit/moltcomm/node/rate.ts`
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime } from "#runtime";
import { createMetrics } from "../../../../src/metrics/mod.ts";
import { createNode, type MoltCommNode } from "../../../../src/moltcomm/mod.ts";
import { createScheduler } from "../../../../src/scheduler/mod.ts";
import { NODE_LIMITS } from "../../../support/node-limits.ts";
import { RecordingLogger } from "../../scheduler/support.ts";
import { address, AGENT, makeIdentity } from "./support.ts";

const MESSAGE = "x".repeat(200);
const RUN_MS = 3_000;
const WINDOWS = [1, 16, 64, 512];
const UNBOUNDED = 10_000_000;

const runtime = createRuntime();
const { clock, crypto, random } = runtime;
const log = new RecordingLogger();

async function start(): Promise<{ readonly node: MoltCommNode; readonly nodeId: string; readonly port: number }> {
  const identity = makeIdentity(crypto);
  const metrics = createMetrics();
  const node = createNode({ ...runtime, log, metrics, scheduler: createScheduler({ ...runtime, log, metrics }) }, {
    identity,
    directory: await mkdtemp(join(tmpdir(), "barnacle-rate-")),
    listen: address("tcp://127.0.0.1:0"),
    isListenDefault: false,
    advertise: [],
    bootstrap: [],
    limits: {
      ...NODE_LIMITS,
      framesPerSecondPerConnection: UNBOUNDED,
      framesPerSecondPerAddress: UNBOUNDED,
      messagesPerSecondPerSender: UNBOUNDED,
      messagesBurstPerSender: UNBOUNDED,
    },
    incoming: { deliver: () => Promise.resolve({ outcome: "delivered" }), isBlocked: () => false, reachMs: 0 },
    agent: AGENT,
    sealing: { mode: "off", unsealedAtMs: () => undefined },
    addressesOf: () => addresses,
  });
  const { address: { port } } = await node.start();
  return { node, nodeId: identity.nodeId, port };
}

const addresses: string[] = [];
const [sender, receiver] = [await start(), await start()];
addresses.push(`tcp://127.0.0.1:${receiver.port}`);

/** What a stretch of work took: by the clock, and of the processor, which other processes on the host do not lengthen. */
interface Cost {
  readonly perSecond: number;
  readonly processorMicroseconds: number;
}

async function measure(work: () => number | Promise<number>): Promise<Cost> {
  const startMs = clock.monotonicMs();
  const startSeconds = runtime.process.usage().processorSeconds;
  const count = await work();
  const seconds = (clock.monotonicMs() - startMs) / 1_000;
  const processorSeconds = runtime.process.usage().processorSeconds - startSeconds;
  return { perSecond: count / seconds, processorMicroseconds: processorSeconds / count * 1_000_000 };
}

async function exchange(inFlight: number): Promise<number> {
  const untilMs = clock.monotonicMs() + RUN_MS;
  let sent = 0;
  const work = async (): Promise<void> => {
    while (clock.monotonicMs() < untilMs) {
      const outcome = await sender.node.attempt({ to: receiver.nodeId, id: random.uuid(), msg: MESSAGE });
      if (outcome.outcome !== "delivered") throw new Error(JSON.stringify(outcome));
      sent++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  return sent;
}

/** The cryptography of as many messages: two signatures and two checks each, of as many bytes as ours have. */
function cryptography(): number {
  const { privatePkcs8, publicSpki } = crypto.generateEd25519();
  const sign = crypto.ed25519Signer(privatePkcs8);
  const holds = crypto.ed25519Verifier(publicSpki);
  const data = new TextEncoder().encode("x".repeat(400));
  const rounds = 10_000;
  for (let round = 0; round < 2 * rounds; round++) {
    if (holds?.(data, sign(data)) !== true) throw new Error("It must hold");
  }
  return rounds;
}

await exchange(64);
for (const inFlight of WINDOWS) {
  const bound = await measure(cryptography);
  const cost = await measure(() => exchange(inFlight));
  const beside = cost.processorMicroseconds - bound.processorMicroseconds;
  console.log(
    `${runtime.name}, ${inFlight} in flight: ${cost.perSecond.toFixed(0)}/s of ${
      bound.perSecond.toFixed(0)
    }/s by cryptography; ` +
      `processor ${cost.processorMicroseconds.toFixed(1)} µs, ${
        beside.toFixed(1)
      } µs of it beside the cryptography, both sides`,
  );
}
await sender.node.stop();
await receiver.node.stop();
