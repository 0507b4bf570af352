/** The measured servers: started, waited for, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 8_000;
/** Pause between two knocks at a port that nobody listens on yet; timers are no finer than a millisecond. */
const KNOCK_PAUSE_MS = 0.3;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

export interface Command {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  /** What it answers with 200 once it serves. */
  readonly path: string;
  /** Where its standard error goes, quoted when it does not start. */
  readonly logFile: string;
}

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  return port;
}

export class Server {
  readonly pid: number;
  readonly port: number;
  /** From before the process was made until the first answer was complete. */
  readonly startedInMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, startedInMs: number) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.port = port;
    this.startedInMs = startedInMs;
  }

  /**
   * Starts a server and knocks until it answers `GET` of its path with 200.
   *
   * @throws Error with the process's own words when it ends or stays silent
   */
  static async start(command: Command): Promise<Server> {
    const [program = "", ...words] = command.words;
    const log = openSync(command.logFile, "w");
    const startMs = performance.now();
    const child = spawn(program, words, { env: { ...command.environment }, stdio: ["ignore", "ignore", log] });
    closeSync(log);
    let failure: string | undefined;
    child.on("error", (error) => failure = error.message);
    while (!(await knock(command.port, command.path))) {
      if (child.exitCode !== null) failure ??= `exit ${child.exitCode}`;
      if (performance.now() - startMs > START_TIMEOUT_MS) failure ??= `no answer within ${START_TIMEOUT_MS} ms`;
      if (failure !== undefined) {
        child.kill("SIGKILL");
        throw new Error(`Start ${command.words.join(" ")}: ${failure}\n${readFileSync(command.logFile, "utf8")}`);
      }
      Atomics.wait(sleeper, 0, 0, KNOCK_PAUSE_MS);
    }
    return new Server(child, command.port, performance.now() - startMs);
  }

  async stop(): Promise<void> {
    const exited = new Promise<void>((done) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) done();
      this.#child.on("exit", () => done());
    });
    this.#child.kill("SIGTERM");
    const cancel = new AbortController();
    const late = pause(STOP_TIMEOUT_MS, undefined, { signal: cancel.signal }).then(
      () => this.#child.kill("SIGKILL"),
      () => false,
    );
    await exited;
    cancel.abort();
    await late;
  }
}

/** One request on a connection of its own. @returns whether a complete 200 came */
export function knock(port: number, path: string): Promise<boolean> {
  return new Promise((done) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1");
    socket.setEncoding("latin1");
    socket.on(
      "connect",
      () => socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`),
    );
    socket.on("data", (text: string) => answer += text);
    socket.on("error", () => done(false));
    socket.on("close", () => done(answer.startsWith("HTTP/1.1 200 ")));
  });
}

/** The body of one answer. */
export async function read(port: number, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return await answer.text();
}
