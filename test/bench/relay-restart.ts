/** The relay: how its clients come back when it was killed. */
import { fork } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { formatNumber } from "./figures.ts";
import type { ClientsPlan, ClientsReport } from "./relay-clients-process.ts";
import { RelaySide } from "./relay-side.ts";
import { compare, type Section } from "./tables.ts";
import { progress, type Workshop } from "./workshop.ts";

const CLIENTS = 1_000;
const DOWN_SECONDS = [1, 5];
/** A loss that follows sooner would meet clients whose waits are not short again. */
const BETWEEN_MS = 8_000;
const BACK_SECONDS_MAX = 15;
const ATTEMPTS_PER_SECOND_MAX = 150;
const SECOND_MS = 1_000;

export async function benchRestart(workshop: Workshop): Promise<Section> {
  const clients = workshop.quick ? 200 : CLIENTS;
  const { folder } = workshop.spot("mail");
  const relay = await RelaySide.start([workshop.binary], join(folder, "relay"));
  const nodes = fork(join(import.meta.dirname, "relay-clients-process.ts"));
  const lost = new Promise<never>((_, fail) => {
    nodes.once("exit", () => fail(new Error("Bench: the relay's clients ended")));
  });
  lost.catch(() => undefined);
  const report = () => Promise.race([new Promise<ClientsReport>((done) => nodes.once("message", done)), lost]);
  try {
    progress(`relay: starting ${clients} clients`);
    const plan: ClientsPlan = { relay: `relay://127.0.0.1:${relay.port}`, clients, folder: join(folder, "clients") };
    nodes.send(plan);
    await report();
    const [seconds, most, attempts]: [number[], number[], number[]] = [[], [], []];
    for (const downSeconds of DOWN_SECONDS) {
      await pause(BETWEEN_MS);
      progress(`relay: away for ${downSeconds} s`);
      const back = report();
      await relay.stop();
      await pause(downSeconds * SECOND_MS);
      await relay.again();
      const againAtMs = Date.now();
      const { dialledAtMs, registeredAtMs } = await back;
      seconds.push((registeredAtMs - againAtMs) / SECOND_MS);
      most.push(mostInASecond(dialledAtMs));
      attempts.push(dialledAtMs.length / clients);
    }
    return {
      name: "relay-restart",
      title: "The relay: its clients after a restart",
      method:
        `${
          formatNumber(clients)
        } nodes of ours in one process, which know one relay and cannot be dialled. The relay is ` +
        `killed and started again after ${
          DOWN_SECONDS.join(" and after ")
        } s. The time is from when it listens until all are ` +
        "registered; attempts are counted by the clients, in the second, wherever it begins, in which there are most.",
      table: compare("", [
        { what: "all registered again, s", ours: seconds, floor: { of: "value", atMost: BACK_SECONDS_MAX } },
        { what: "attempts in a second, at most", ours: most, floor: { of: "value", atMost: ATTEMPTS_PER_SECOND_MAX } },
        { what: "attempts of a client", ours: attempts },
      ]),
    };
  } finally {
    nodes.kill("SIGKILL");
    await relay.stop();
  }
}

function mostInASecond(timesMs: readonly number[]): number {
  const sorted = [...timesMs].sort((one, other) => one - other);
  let [first, most] = [0, 0];
  for (const [index, atMs] of sorted.entries()) {
    while ((sorted[first] ?? 0) <= atMs - SECOND_MS) first++;
    most = Math.max(most, index - first + 1);
  }
  return most;
}
