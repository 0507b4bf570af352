/** Other ways to hand on a message durably, side by side with ours: Mosquitto and NATS JetStream, as Debian ships them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { MqttClient } from "./mail-mqtt.ts";
import { NatsClient } from "./mail-nats.ts";
import { MESSAGE_BYTES } from "./mail-sizes.ts";
import { freePort } from "./servers.ts";

/** Messages on their way at once: from their publication until the broker and the receiver have both acknowledged. */
export const IN_FLIGHT = 64;
const START_TIMEOUT_MS = 10_000;
const WARM_UP_MS = 500;
const SUBJECT = "bench";
/** Debian keeps servers where the path of a plain user does not lead. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

export interface BrokerKind {
  readonly name: string;
  readonly program: string;
  /** Debian's package. */
  readonly packageName: string;
  /** Writes its configuration. @returns its arguments */
  configure(folder: string, port: number): string[];
  /** Connects a sender and a receiver. @returns how one message is sent */
  connect(port: number, told: Told): Promise<Pair>;
}

interface Told {
  /** The broker acknowledged one to the sender. */
  published(): void;
  /** The receiver has one, and said so. */
  received(): void;
  lost(why: string): void;
}

interface Pair {
  send(): void;
  close(): void;
}

export const MOSQUITTO: BrokerKind = {
  name: "Mosquitto",
  program: "mosquitto",
  packageName: "mosquitto",
  configure(folder, port) {
    const lines = [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${folder}/`,
      "autosave_on_changes true",
      "autosave_interval 1",
      `max_inflight_messages ${IN_FLIGHT}`,
      "max_queued_messages 0",
      "set_tcp_nodelay true",
      // Started by root it would become somebody who may not write here.
      `user ${userInfo().username}`,
    ];
    writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
    return ["-c", join(folder, "mosquitto.conf")];
  },
  async connect(port, told) {
    const receiver = await MqttClient.open({ port, id: "receiver", isPersistent: true });
    const sender = await MqttClient.open({ port, id: "sender", isPersistent: false });
    await receiver.subscribe(SUBJECT);
    receiver.onReceived = () => told.received();
    sender.onPublished = () => told.published();
    for (const client of [sender, receiver]) client.onLost = (why) => told.lost(why);
    const payload = Buffer.alloc(MESSAGE_BYTES, "x");
    const close = () => [sender, receiver].forEach((client) => client.close());
    return { send: () => sender.publish(SUBJECT, payload), close };
  },
};

export const JETSTREAM: BrokerKind = {
  name: "NATS JetStream",
  program: "nats-server",
  packageName: "nats-server",
  configure(folder, port) {
    writeFileSync(
      join(folder, "nats.conf"),
      `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(folder)} }\n`,
    );
    return ["-c", join(folder, "nats.conf")];
  },
  async connect(port, told) {
    const [sender, receiver] = [await NatsClient.open(port), await NatsClient.open(port)];
    await sender.ask("$JS.API.STREAM.CREATE.MAIL", {
      name: "MAIL",
      subjects: [SUBJECT],
      storage: "file",
      retention: "limits",
      num_replicas: 1,
    });
    receiver.subscribe("deliver", ({ reply }) => {
      receiver.publish(reply, "", "+ACK");
      told.received();
    });
    await receiver.ask("$JS.API.CONSUMER.DURABLE.CREATE.MAIL.receiver", {
      stream_name: "MAIL",
      config: {
        durable_name: "receiver",
        deliver_subject: "deliver",
        deliver_policy: "all",
        ack_policy: "explicit",
        max_ack_pending: IN_FLIGHT,
      },
    });
    sender.subscribe("_INBOX.published", () => told.published());
    await sender.settled();
    for (const client of [sender, receiver]) client.onLost = (why) => told.lost(why);
    const payload = "x".repeat(MESSAGE_BYTES);
    const close = () => [sender, receiver].forEach((client) => client.close());
    return { send: () => sender.publish(SUBJECT, "_INBOX.published", payload), close };
  },
};

/** What is said in the place of figures when the broker is not there. */
export function notInstalled({ packageName }: BrokerKind): string {
  return `not installed: apt-get install ${packageName}`;
}

/** Its version; `undefined` when it is not installed. */
export function brokerVersion({ program }: BrokerKind): string | undefined {
  const asked = spawnSync(program, [program === "mosquitto" ? "-h" : "-v"], { env: { PATH }, encoding: "utf8" });
  return asked.error === undefined ? /\d+\.\d+\.\d+/.exec(asked.stdout + asked.stderr)?.[0] ?? "unknown" : undefined;
}

/**
 * Messages a second from one sender through a fresh broker to one receiver.
 *
 * @throws Error with the broker's own words when it does not start or closes a connection
 */
export async function measureBroker(
  kind: BrokerKind,
  init: { readonly folder: string; readonly durationMs: number },
): Promise<number> {
  mkdirSync(init.folder);
  const port = await freePort();
  const logFile = join(init.folder, "broker.log");
  const log = openSync(logFile, "w");
  const broker = spawn(kind.program, kind.configure(init.folder, port), { env: { PATH }, stdio: ["ignore", log, log] });
  closeSync(log);
  try {
    await untilListening(broker, port);
    return await drive(kind, port, init.durationMs);
  } catch (error) {
    throw new Error(`${kind.name}: ${String(error)}\n${readFileSync(logFile, "utf8")}`);
  } finally {
    const gone = new Promise((done) => broker.once("exit", done));
    if (broker.exitCode === null && broker.kill("SIGKILL")) await gone;
  }
}

/** Keeps so many messages on their way. */
class Window implements Told {
  failure = "";
  arrived = 0;
  #sent = 0;
  #published = 0;
  #send: (() => void) | undefined;

  open(pair: Pair): void {
    this.#send = () => pair.send();
    this.#fill();
  }

  close(): void {
    this.#send = undefined;
  }

  published(): void {
    this.#published++;
    this.#fill();
  }

  received(): void {
    this.arrived++;
    this.#fill();
  }

  lost(why: string): void {
    this.failure = why;
  }

  #fill(): void {
    while (this.#send !== undefined && this.#sent - Math.min(this.#published, this.arrived) < IN_FLIGHT) {
      this.#sent++;
      this.#send();
    }
  }
}

async function drive(kind: BrokerKind, port: number, durationMs: number): Promise<number> {
  const window = new Window();
  const pair = await kind.connect(port, window);
  window.open(pair);
  await pause(WARM_UP_MS);
  const [before, startMs] = [window.arrived, performance.now()];
  await pause(durationMs);
  const rate = ((window.arrived - before) * 1_000) / (performance.now() - startMs);
  window.close();
  if (window.failure !== "" || window.arrived === before) throw new Error(window.failure || "nothing arrives");
  pair.close();
  return rate;
}

async function untilListening(broker: ChildProcess, port: number): Promise<void> {
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (broker.exitCode !== null) throw new Error(`ended with ${broker.exitCode}`);
    if (performance.now() > endMs) throw new Error(`does not listen within ${START_TIMEOUT_MS} ms`);
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
