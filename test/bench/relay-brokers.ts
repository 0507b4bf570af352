/** Brokers that hand on without keeping, as Debian ships them: what the relay is measured beside. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { JETSTREAM, MOSQUITTO } from "./mail-brokers.ts";
import type { LoadMode } from "./relay-load.ts";
import { freePort } from "./servers.ts";

const START_TIMEOUT_MS = 10_000;
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

export interface ForwardingBroker {
  readonly name: string;
  readonly mode: LoadMode;
  /** How its program is known to the bench of mail. */
  readonly kind: typeof MOSQUITTO;
  /** Writes its configuration. @returns its arguments */
  configure(folder: string, port: number): string[];
}

export const FORWARDING_BROKERS: readonly ForwardingBroker[] = [
  {
    name: "Mosquitto QoS 0",
    mode: "mqtt",
    kind: MOSQUITTO,
    configure(folder, port) {
      // Started by root it would become somebody who may not read here.
      const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", `user ${userInfo().username}`];
      lines.push("persistence false", "set_tcp_nodelay true", "max_queued_messages 0");
      writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
      return ["-c", join(folder, "mosquitto.conf")];
    },
  },
  {
    name: "NATS core",
    mode: "nats",
    kind: JETSTREAM,
    configure: (_folder, port) => ["-a", "127.0.0.1", "-p", String(port)],
  },
];

/** Does something while a fresh broker runs. @throws Error when it does not start */
export async function withBroker<Result>(
  broker: ForwardingBroker,
  folder: string,
  act: (port: number, pid: number) => Promise<Result>,
): Promise<Result> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const child = spawn(broker.kind.program, broker.configure(folder, port), { env: { PATH }, stdio: "ignore" });
  try {
    await untilListening(child, port);
    return await act(port, child.pid ?? 0);
  } finally {
    const gone = new Promise((done) => child.once("exit", done));
    if (child.exitCode === null && child.kill("SIGKILL")) await gone;
  }
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || performance.now() > endMs) {
      throw new Error(`Bench: the broker does not listen on ${port}`);
    }
    await pause(10);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.destroy();
      done(true);
    });
    socket.on("error", () => done(false));
  });
}
