/**
 * Kills either side of a conversation at random moments, and looks whether every message is in the inbox exactly once.
 *
 *     npm run build && npm run torture                        1,000 kills during 100,000 messages
 *     npm run torture -- --kills 50 --messages 5000           a short one
 *     npm run torture -- --way node --seed 7                  another runtime, a certain order of kills
 *
 * The sender's outbox is written by this script, as an agent would; nothing else is told to either side. A kill is SIGKILL, at a
 * moment drawn between the first instruction of a start and the end of the work.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { COMMANDS, type Way } from "../e2e/barnacle.ts";
import { drawer, findFaults, LineCount, settle, textOf } from "./conversation.ts";
import { Side } from "./side.ts";

interface Plan {
  readonly kills: number;
  readonly messages: number;
  readonly seed: number;
  readonly way: Way;
}

/** Lines that the sender's outbox is given at once. */
const BATCH_LINES = 500;
/** A kill comes so long after the one before, at most: time to meet again and send. */
const PAUSE_MS_MAX = 800;
/** Every other kill comes so soon after new lines: in the thick of it. */
const SOON_MS_MAX = 80;

/** @throws RangeError, TypeError for what is no plan */
function readPlan(words: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...words],
    options: {
      kills: { type: "string", default: "1000" },
      messages: { type: "string", default: "100000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      way: { type: "string", default: "binary" },
    },
  });
  if (!(values.way in COMMANDS)) throw new RangeError(`Torture: wanted one of ${Object.keys(COMMANDS).join(", ")}`);
  const [kills, messages, seed] = [Number(values.kills), Number(values.messages), Number(values.seed)];
  if (![kills, messages, seed].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new RangeError("Torture: wanted whole numbers for --kills, --messages and --seed");
  }
  return { kills, messages, seed, way: values.way as Way };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function main(plan: Plan): Promise<void> {
  const draw = drawer(plan.seed);
  const folder = mkdtempSync(join(tmpdir(), "barnacle-torture-"));
  process.stdout.write(`torture: ${plan.kills} kills, ${plan.messages} messages, by ${plan.way}, seed ${plan.seed}\n`);
  const receiver = await Side.make(plan.way, join(folder, "receiver"));
  const sender = await Side.make(plan.way, join(folder, "sender"), receiver);
  const outbox = join(sender.folder, ".moltcomm", "outbox.ndjson");
  const inbox = join(receiver.folder, ".moltcomm", "inbox.ndjson");
  const arrived = new LineCount(inbox);
  receiver.start();
  sender.start();
  let written = 0;
  let kills = 0;
  try {
    while (kills < plan.kills || written < plan.messages) {
      // Messages and kills end together: each kill finds work under way.
      while (written < plan.messages && written * plan.kills <= (kills + 1) * plan.messages) {
        const lines = Array.from(
          { length: Math.min(BATCH_LINES, plan.messages - written) },
          (_, at) => `${JSON.stringify({ to: receiver.nodeId, msg: textOf(written + at) })}\n`,
        );
        appendFileSync(outbox, lines.join(""));
        written += lines.length;
      }
      await pause(draw() * (draw() < 0.5 ? SOON_MS_MAX : PAUSE_MS_MAX));
      if (kills < plan.kills) {
        const side = draw() < 0.5 ? sender : receiver;
        await side.kill();
        side.start();
        kills += 1;
      }
      if (kills % 50 === 0) process.stdout.write(`  ${kills} kills, ${await arrived.now()} of ${written} arrived\n`);
    }
    await settle(arrived, plan.messages);
    await Promise.all([sender.stop(), receiver.stop()]);
    const faults = await findFaults(inbox, plan.messages);
    for (const fault of faults.slice(0, 20)) process.stdout.write(`  WRONG: ${fault}\n`);
    if (faults.length > 0) {
      throw new Error(`Torture: ${faults.length} faults with seed ${plan.seed}; files in ${folder}`);
    }
    const delivered = readFileSync(join(sender.folder, ".moltcomm", "delivery.ndjson"), "utf8")
      .split("\n").filter((line) => line.includes('"failed"')).length;
    if (delivered > 0) throw new Error(`Torture: the sender reports ${delivered} failed; files in ${folder}`);
    process.stdout.write(`every message once and in order: ${plan.messages} messages, ${kills} kills\n`);
    rmSync(folder, { recursive: true });
  } finally {
    await Promise.all([sender.kill(), receiver.kill()]);
  }
}

try {
  await main(readPlan(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
