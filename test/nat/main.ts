/**
 * Two hosts behind two routers that translate addresses write to each other over a public relay that is killed meanwhile; whether every
 * message arrives exactly once, in order, and unread on the way.
 *
 *     npm run build && npm run nat                        10,000 messages each way, 10 kills
 *     npm run nat -- --messages 1000 --kills 2            a short one
 *     npm run nat -- --second agent                       one of the two is the second implementation, plain v1
 *     npm run nat -- --second relay                       the relay is
 *     npm run nat -- --delay 100 --loss 0.05              over lines that are slow, in milliseconds, and lose packets
 *
 * The hosts, the routers and the relay are network namespaces of Linux, so this takes root, iproute2 and nftables. Nothing leaves them.
 */
import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { COMMANDS, type Running, type Way } from "../e2e/barnacle.ts";
import { drawer, settle } from "../torture/conversation.ts";
import { type Carrier, type End, OurEnd, OurRelay, SecondEnd, SecondRelay } from "./ends.ts";
import type { Host } from "./internet.ts";
import { whyNoLines, whyNoNamespaces } from "./namespaces.ts";
import { Scene } from "./scene.ts";

interface Plan {
  readonly kills: number;
  readonly messages: number;
  readonly seed: number;
  readonly way: Way;
  readonly second: string;
  readonly delayMs: number;
  readonly lossRatio: number;
}

/** Part of every text that is sent: nobody but the two may see it. */
const PLAIN = "xxxxxxxxxxxxxxxxxxxxxxxx";
const SEALED = '"msg":"hpke1:';
/**
 * How long the relay lives between two kills, at least. Nodes take one that ends sooner for a relay that throws them out, and come back
 * ever more rarely.
 */
const LIFE_MS = 5_500;
const LIFE_STEPS = 50;
const SECONDS = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;

/** @throws RangeError, TypeError for what is no plan */
function readPlan(words: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...words],
    options: {
      kills: { type: "string", default: "10" },
      messages: { type: "string", default: "10000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      way: { type: "string", default: "binary" },
      second: { type: "string", default: "none" },
      delay: { type: "string", default: "0" },
      loss: { type: "string", default: "0" },
    },
  });
  if (!(values.way in COMMANDS)) throw new RangeError(`NAT: wanted one of ${Object.keys(COMMANDS).join(", ")}`);
  if (!["none", "agent", "relay"].includes(values.second)) throw new RangeError("NAT: wanted --second agent or relay");
  const [kills, messages, seed] = [Number(values.kills), Number(values.messages), Number(values.seed)];
  const [delayMs, lossRatio] = [Number(values.delay), Number(values.loss)];
  if (![kills, messages, seed].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError("NAT: wanted whole numbers for --kills, --messages and --seed");
  }
  if (!(delayMs >= 0 && lossRatio >= 0 && lossRatio < 1)) {
    throw new RangeError("NAT: wanted --delay MS, --loss below 1");
  }
  return { kills, messages, seed, delayMs, lossRatio, way: values.way as Way, second: values.second };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Who is there, each ready and found at the relay. */
interface Cast {
  readonly ends: readonly [End, End];
  readonly relay: Carrier;
  readonly tap: Running;
}

async function prepare(scene: Scene, plan: Plan): Promise<Cast> {
  const { internet } = scene;
  const hub = internet.addHost("relay");
  const [one, other]: [Host, Host] = [
    internet.addRouter("east").addHost("one"),
    internet.addRouter("west").addHost("other"),
  ];
  if (plan.delayMs > 0 || plan.lossRatio > 0) await internet.makeLine(plan);
  const relay = plan.second === "relay" ? await SecondRelay.make(scene, hub) : await OurRelay.make(scene, hub);
  const first = new OurEnd(scene, await scene.home(one));
  const second = plan.second === "agent"
    ? await SecondEnd.make(scene, other)
    : new OurEnd(scene, await scene.home(other));
  await first.meet(second, relay.address);
  if (second instanceof OurEnd) await second.meet(first, relay.address);
  const tap = await internet.tap(hub, [PLAIN, SEALED]);
  await Promise.all([first.start(relay), second.start(relay)]);
  return { ends: [first, second], relay, tap };
}

/**
 * Writes messages in as many parts as there are kills and one more: half of a part over seconds, the rest at once, and a kill while that is
 * under way. @returns how long each loss lasted
 */
async function converse({ ends, relay }: Cast, plan: Plan): Promise<number[]> {
  const draw = drawer(plan.seed);
  const [one, other] = ends;
  const lossesMs: number[] = [];
  let written = 0;
  const write = (until: number) => {
    one.write(other.nodeId, written, until);
    other.write(one.nodeId, written, until);
    written = until;
  };
  for (let kills = 0; kills < plan.kills; kills += 1) {
    const until = Math.floor((plan.messages * (kills + 1)) / (plan.kills + 1));
    const step = (until - written) / 2 / LIFE_STEPS;
    for (let at = written + step, steps = 0; steps < LIFE_STEPS; at += step, steps += 1) {
      write(Math.floor(at));
      await pause(LIFE_MS / LIFE_STEPS);
    }
    const enough = written + draw() * (until - written);
    write(until);
    while (await other.arrived.now() < enough) await pause(2);
    const startMs = performance.now();
    await relay.restart();
    await Promise.all(ends.map((end) => end.registered(kills + 2)));
    lossesMs.push(performance.now() - startMs);
    const arrived = await Promise.all(ends.map((end) => end.arrived.now()));
    const took = SECONDS(lossesMs.at(-1) ?? 0);
    process.stdout.write(`  kill ${kills + 1}: back in ${took}, ${arrived.join(" and ")} of ${until} arrived\n`);
  }
  write(plan.messages);
  return lossesMs;
}

/** @throws Error with what is wrong */
async function judge({ ends, tap }: Cast, plan: Plan): Promise<void> {
  const faults = (await Promise.all(ends.map((end) => end.judge(plan.messages)))).flat();
  const told = tap.event("counts");
  await tap.stop();
  const { counts, packets, bytes, missed } = await told as unknown as {
    readonly counts: Readonly<Record<string, number>>;
    readonly packets: number;
    readonly bytes: number;
    readonly missed: number;
  };
  const [plain, sealed] = [counts[PLAIN] ?? 0, counts[SEALED] ?? 0];
  process.stdout.write(
    `at the relay: ${packets} packets, ${bytes} bytes, ${sealed} times a sealed message, ${plain} times plain text, ` +
      `${missed} packets unseen\n`,
  );
  if (plan.second !== "agent") {
    if (plain > 0) faults.push("the relay could read messages");
    if (sealed < 2 * plan.messages) faults.push("the relay saw fewer sealed messages than there were");
    if (missed > 0) faults.push("not every packet was looked at");
  }
  for (const fault of faults.slice(0, 20)) process.stdout.write(`  WRONG: ${fault}\n`);
  if (faults.length === 0) return;
  throw new Error(`NAT: ${faults.length} faults with seed ${plan.seed}${keepFiles(ends)}`);
}

/** @returns where the files of the two are kept */
function keepFiles(ends: readonly End[]): string {
  const folder = mkdtempSync(join(tmpdir(), "barnacle-nat-"));
  ends.forEach((end, index) => {
    if (end instanceof OurEnd) cpSync(end.folder, join(folder, String(index)), { recursive: true });
  });
  return `; files in ${folder}`;
}

async function main(plan: Plan): Promise<void> {
  const refusal = plan.delayMs + plan.lossRatio > 0 ? whyNoLines() : whyNoNamespaces();
  if (refusal !== undefined) throw new Error(`NAT: no network can be simulated here: ${refusal}`);
  const { kills, messages, seed, second, way } = plan;
  const who = second === "none" ? "" : `, the second implementation as ${second}`;
  process.stdout.write(`nat: ${messages} messages each way, ${kills} kills, by ${way}${who}, seed ${seed}\n`);
  const scene = new Scene(way);
  const stop = () => process.exit(130);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    const cast = await prepare(scene, plan);
    const startMs = performance.now();
    const lossesMs = (await converse(cast, plan)).toSorted((one, other) => one - other);
    await Promise.all(cast.ends.map(({ arrived }) => settle(arrived, messages)));
    const tookMs = performance.now() - startMs;
    await judge(cast, plan);
    const how = second === "agent" ? "in plain, as v1 has it" : "sealed";
    process.stdout.write(
      `every message once, in order, ${how}: ${2 * messages} messages in ${SECONDS(tookMs)}, ${kills} kills\n`,
    );
    if (lossesMs.length > 0) {
      const [least = 0, median = 0, most = 0] = [0, 0.5, 1].map((at) =>
        lossesMs[Math.round(at * (lossesMs.length - 1))]
      );
      process.stdout.write(
        `both registered again: ${SECONDS(least)} at least, ${SECONDS(median)} in the median, ${
          SECONDS(most)
        } at most\n`,
      );
    }
  } finally {
    await scene.clear();
  }
}

try {
  await main(readPlan(process.argv.slice(2)));
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
