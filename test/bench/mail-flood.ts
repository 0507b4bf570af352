/** What a flood does to others: the latency of one stranger's messages, without and with another stranger that sends as fast as it can. */
import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { formatNumber, median, percentile } from "./figures.ts";
import type { FloodPlan, FloodReport } from "./mail-flood-process.ts";
import { MailSide } from "./mail-side.ts";
import { directFrame, helloFrame, makeSigner, Stranger } from "./mail-stranger.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

/** Below the default limit of 50 a second, so that nothing is refused. */
const EVERY_MS = 25;
const WARM_UP_MESSAGES = 60;
const ANSWER_TIMEOUT_MS = 10_000;
const RATIO_MAX = 2;

export async function benchFlood(workshop: Workshop): Promise<Section> {
  const rounds = workshop.quick ? 2 : 5;
  // All of them together stay below the unread messages of one sender that are allowed by default.
  const messages = workshop.quick ? 60 : 90;
  const folder = join(workshop.spot("mail").folder, "agent");
  const agent = await MailSide.make({ words: [workshop.binary], folder });
  const [quiet, flooded]: [number[][], number[][]] = [[], []];
  const floods: FloodReport[] = [];
  progress(`mail: ${rounds} floods`);
  try {
    await agent.start();
    const signer = makeSigner();
    const stranger = await Stranger.open(agent.port);
    stranger.write(helloFrame(signer, { to: agent.nodeId, address: "tcp://127.3.0.2:9" }));
    await stranger.answered("HELLO_ACK", 1);
    const measure = (count: number) =>
      latencies(stranger, (id) => directFrame(signer, { to: agent.nodeId, id, msg: "y".repeat(200) }), count);
    await measure(WARM_UP_MESSAGES);
    for (let round = 0; round < rounds; round++) {
      quiet.push(await measure(messages));
      const { during, report } = await whileFlooding({ port: agent.port, to: agent.nodeId }, () => measure(messages));
      flooded.push(during);
      floods.push(report);
    }
    stranger.close();
  } finally {
    await agent.stop("SIGKILL");
    rmSync(folder, { recursive: true });
  }
  const pick = (of: (timesMs: readonly number[]) => number) => ({ ours: flooded.map(of), baseline: quiet.map(of) });
  return {
    name: "mail-flood",
    title: "Mail: a flood from another sender",
    method:
      `Two strangers on one address, limits as they are by default: one sends a message every ${EVERY_MS} ms and waits for its ` +
      `acknowledgement, ${messages} in each of ${rounds} rounds; the other, from a process of its own, writes prepared messages as ` +
      `fast as they are taken. ${describeFloods(floods)}`,
    table: compare("without a flood", [
      { what: "median latency, ms", ...pick(median), floor: { of: "ratio", atMost: RATIO_MAX } },
      { what: "p99 latency, ms", ...pick((timesMs) => percentile(timesMs, 99)) },
    ]),
  };
}

function describeFloods(floods: readonly FloodReport[]): string {
  const last = floods.at(-1);
  if (last === undefined) return "";
  const answers = Object.entries(last.answers).map(([name, count]) => `${count.toLocaleString("en-US")} ${name}`).join(
    ", ",
  );
  return `The last flood got ${formatNumber(last.frames)} messages out and was answered ${answers}.`;
}

/** One message at a time, at an even pace. */
async function latencies(stranger: Stranger, frameOf: (id: string) => Uint8Array, count: number): Promise<number[]> {
  const timesMs: number[] = [];
  for (let dueMs = performance.now(); timesMs.length < count; dueMs += EVERY_MS) {
    await pause(Math.max(0, dueMs - performance.now()));
    const id = randomUUID();
    const frame = frameOf(id);
    timesMs.push(await latency(stranger, id, frame));
  }
  return timesMs;
}

function latency(stranger: Stranger, id: string, frame: Uint8Array): Promise<number> {
  return new Promise((done, fail) => {
    const late = setTimeout(
      () => fail(new Error(`Bench: no answer in ${ANSWER_TIMEOUT_MS} ms under a flood`)),
      ANSWER_TIMEOUT_MS,
    );
    const sentMs = performance.now();
    stranger.onAnswer = ({ t, body }) => {
      if (body.ref !== id) return;
      clearTimeout(late);
      if (t === "ACK") done(performance.now() - sentMs);
      else fail(new Error(`Bench: wanted an ACK, got ${t} ${body.code ?? ""}`));
    };
    stranger.write(frame);
  });
}

async function whileFlooding<Result>(
  plan: FloodPlan,
  measure: () => Promise<Result>,
): Promise<{ during: Result; report: FloodReport }> {
  const child = fork(join(import.meta.dirname, "mail-flood-process.ts"));
  const message = () =>
    new Promise<unknown>((told, fail) => {
      child.once("message", told);
      child.once("exit", () => fail(new Error("Bench: the flood ended")));
    });
  try {
    const ready = message();
    child.send(plan);
    await ready;
    const during = await measure();
    const reported = message();
    child.send("stop");
    return { during, report: await reported as FloodReport };
  } finally {
    child.kill("SIGKILL");
  }
}
