/** Many nodes that are registered at a relay and do nothing but keep their connections alive, in a process of its own. */
import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { helloFrame, makeSigner } from "./mail-stranger.ts";

export interface IdlePlan {
  readonly port: number;
  readonly relayId: string;
  readonly nodes: number;
  readonly registeredPerSecond: number;
  readonly keepAliveMs: number;
}

const TICK_MS = 50;

function giveUp(why: string): void {
  process.stderr.write(`bench: the idle nodes: ${why}\n`);
  process.exit(1);
}

async function idle({ port, relayId, nodes, registeredPerSecond, keepAliveMs }: IdlePlan): Promise<void> {
  const sockets: { readonly socket: Socket; readonly ping: () => Uint8Array }[] = [];
  let answered = 0;
  while (sockets.length < nodes) {
    for (let count = Math.min(nodes - sockets.length, (registeredPerSecond * TICK_MS) / 1_000); count > 0; count--) {
      const signer = makeSigner();
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      // Only this answer says that the node is registered; it comes in one piece.
      socket.once("data", (chunk) => chunk.includes('"HELLO_ACK"') ? answered++ : giveUp(chunk.toString("latin1", 4)));
      socket.on("data", (chunk) => chunk.includes('"ERROR"') && giveUp(chunk.toString("latin1", 4)));
      socket.on("error", (error) => giveUp(error.message));
      socket.on("close", () => giveUp("a connection was closed"));
      socket.write(helloFrame(signer, { to: relayId, address: `relay://127.0.0.1:${port}` }));
      const ping = () =>
        signer.frame({ t: "PING", id: randomUUID(), to: relayId, ts: Date.now(), body: { nonce: randomUUID() } });
      sockets.push({ socket, ping });
    }
    await new Promise((wake) => setTimeout(wake, TICK_MS));
  }
  while (answered < nodes) await new Promise((wake) => setTimeout(wake, TICK_MS));
  process.send?.("registered");
  // As many nodes do it that know nothing of each other: evenly.
  let next = 0;
  let [dueMs, startMs] = [0, performance.now()];
  setInterval(() => {
    const nowMs = performance.now() - startMs;
    for (; dueMs <= nowMs; dueMs += keepAliveMs / nodes) {
      const node = sockets[next++ % nodes];
      node?.socket.write(node.ping());
    }
  }, 10);
}

process.once("message", (plan: IdlePlan) => void idle(plan));
process.once("disconnect", () => process.exit());
