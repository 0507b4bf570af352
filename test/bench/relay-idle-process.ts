/** Many nodes that are registered at a relay and do nothing but keep their connections alive, in a process of its own. */
import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { helloFrame, makeSigner } from "./mail-stranger.ts";

export interface IdlePlan {
  readonly port: number;
  readonly relayId: string;
  readonly nodes: number;
  readonly registeredPerSecond: number;
  /** After how long without a byte the kernel asks. */
  readonly kernelMs: number;
}

/** From now on each node says `PING` so often. */
export interface IdlePace {
  readonly everyMs: number;
}

interface Node {
  readonly socket: Socket;
  readonly ping: () => Uint8Array;
}

const TICK_MS = 50;
/** One address would not be let register so many so soon. */
const ADDRESSES = 10;

function giveUp(why: string): void {
  process.stderr.write(`bench: the idle nodes: ${why}\n`);
  process.exit(1);
}

function register({ port, relayId, kernelMs }: IdlePlan, index: number, onRegistered: () => void): Node {
  const signer = makeSigner();
  const localAddress = `127.0.0.${2 + index % ADDRESSES}`;
  const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
  socket.setKeepAlive(true, kernelMs);
  const ping = () =>
    signer.frame({ t: "PING", id: randomUUID(), to: relayId, ts: Date.now(), body: { nonce: randomUUID() } });
  // Only this answer says that the node is registered; it comes in one piece.
  socket.once("data", (chunk) => chunk.includes('"HELLO_ACK"') ? onRegistered() : giveUp(chunk.toString("latin1", 4)));
  socket.on("data", (chunk) => chunk.includes('"ERROR"') && giveUp(chunk.toString("latin1", 4)));
  socket.on("error", (error) => giveUp(error.message));
  socket.on("close", () => giveUp("a connection was closed"));
  socket.write(helloFrame(signer, { to: relayId, address: `relay://127.0.0.1:${port}` }));
  return { socket, ping };
}

async function idle(plan: IdlePlan): Promise<void> {
  const nodes: Node[] = [];
  let answered = 0;
  while (nodes.length < plan.nodes) {
    const atOnce = Math.min(plan.nodes - nodes.length, (plan.registeredPerSecond * TICK_MS) / 1_000);
    for (let count = 0; count < atOnce; count++) nodes.push(register(plan, nodes.length, () => answered++));
    await new Promise((wake) => setTimeout(wake, TICK_MS));
  }
  while (answered < plan.nodes) await new Promise((wake) => setTimeout(wake, TICK_MS));
  process.send?.("registered");
  // As many nodes do it that know nothing of each other: evenly.
  let [everyMs, next, dueMs] = [Infinity, 0, Infinity];
  process.on("message", (pace: IdlePace) => {
    everyMs = pace.everyMs;
    dueMs = performance.now();
  });
  setInterval(() => {
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += everyMs / nodes.length) {
      const node = nodes[next++ % nodes.length];
      node?.socket.write(node.ping());
    }
  }, 10);
}

process.once("message", (plan: IdlePlan) => void idle(plan));
process.once("disconnect", () => process.exit());
