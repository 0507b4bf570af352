/** The measured relay: started from the binary, known by its node id, stopped. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "./servers.ts";

const START_TIMEOUT_MS = 20_000;
const MANY = "1000000000";

/** Limits are for strangers; here both ends are ours. */
const UNLIMITED: Readonly<Record<string, string>> = {
  BARNACLE_RELAY_CONNECTIONS_PER_ADDRESS: "100000",
  BARNACLE_RELAY_FRAMES_PER_SECOND_PER_NODE: MANY,
  BARNACLE_RELAY_BYTES_PER_SECOND_PER_NODE: "1000000000000",
  BARNACLE_RELAY_FRAMES_PER_SECOND_PER_ADDRESS: MANY,
  BARNACLE_RELAY_BYTES_PER_SECOND_PER_ADDRESS: "1000000000000",
  BARNACLE_RELAY_FRAMES_PER_SECOND: MANY,
  BARNACLE_RELAY_BYTES_PER_SECOND: "1000000000000",
};

export class RelaySide {
  readonly port: number;
  readonly nodeId: string;
  readonly #start: () => Promise<ChildProcess>;
  #child: ChildProcess;

  private constructor(
    init: { readonly port: number; readonly nodeId: string; readonly start: () => Promise<ChildProcess> },
    child: ChildProcess,
  ) {
    this.port = init.port;
    this.nodeId = init.nodeId;
    this.#start = init.start;
    this.#child = child;
  }

  /**
   * @param words how Barnacle is run
   * @param folder made here
   * @param more of its environment
   * @throws Error with the relay's own words when it does not listen
   */
  static async start(
    words: readonly string[],
    folder: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<RelaySide> {
    mkdirSync(folder);
    const port = await freePort();
    const [program = "", ...before] = words;
    const environment = { PATH: process.env["PATH"] ?? "", HOME: folder, ...UNLIMITED, ...more };
    const given = ["relay", "--listen", `127.0.0.1:${port}`, "--dir", folder, "--log", "json"];
    const start = () => startRelay([program, ...before, ...given], environment, join(folder, "bench.log"));
    const child = await start();
    const info = execFileSync(program, [...before, "relay", "info", "--json", "--dir", folder], {
      env: environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return new RelaySide({ port, nodeId: (JSON.parse(info) as { node_id: string }).node_id, start }, child);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Ends it as a crash does. */
  async stop(): Promise<void> {
    const gone = new Promise((done) => this.#child.once("exit", done));
    if (this.#child.exitCode === null && this.#child.kill("SIGKILL")) await gone;
  }

  /** Starts it where it was, after `stop`. @throws Error as `start` */
  async again(): Promise<void> {
    this.#child = await this.#start();
  }
}

async function startRelay(
  [program = "", ...words]: readonly string[],
  environment: Readonly<Record<string, string>>,
  logFile: string,
): Promise<ChildProcess> {
  const log = openSync(logFile, "w");
  const child = spawn(program, words, { env: environment, stdio: ["ignore", log, log] });
  closeSync(log);
  process.once("exit", () => child.kill("SIGKILL"));
  const endMs = performance.now() + START_TIMEOUT_MS;
  while (!readFileSync(logFile, "utf8").includes('"event":"listening"')) {
    if (child.exitCode !== null || performance.now() > endMs) {
      child.kill("SIGKILL");
      throw new Error(`Bench: the relay does not listen:\n${readFileSync(logFile, "utf8")}`);
    }
    await pause(5);
  }
  return child;
}
