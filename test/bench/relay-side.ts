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
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, nodeId: string) {
    this.#child = child;
    this.port = port;
    this.nodeId = nodeId;
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
    const logFile = join(folder, "bench.log");
    const log = openSync(logFile, "w");
    const given = ["relay", "--listen", `127.0.0.1:${port}`, "--dir", folder, "--log", "json"];
    const child = spawn(program, [...before, ...given], { env: environment, stdio: ["ignore", log, log] });
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
    const info = execFileSync(program, [...before, "relay", "info", "--json", "--dir", folder], {
      env: environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return new RelaySide(child, port, (JSON.parse(info) as { node_id: string }).node_id);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    const gone = new Promise((done) => this.#child.once("exit", done));
    if (this.#child.exitCode === null && this.#child.kill("SIGKILL")) await gone;
  }
}
