/** One side of the conversation: a work directory, a port of its own, and the process that is killed and started again. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { COMMANDS, type Way } from "../e2e/barnacle.ts";

/** Limits are for strangers; here both ends are ours, and everything at once is what is wanted. */
const ENVIRONMENT = {
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_CONNECTION: "1000000",
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_ADDRESS: "1000000",
  BARNACLE_MOLTCOMM_MESSAGES_PER_SECOND_PER_SENDER: "1000000",
  BARNACLE_MOLTCOMM_MESSAGES_BURST_PER_SENDER: "1000000",
  BARNACLE_MAILBOX_UNREAD_PER_SENDER_MAX: "10000000",
  BARNACLE_MAILBOX_UNREAD_MAX: "10000000",
};

export class Side {
  readonly folder: string;
  readonly nodeId: string;
  readonly port: number;
  readonly #way: Way;
  readonly #peer: Side | undefined;
  #child: ChildProcess | undefined;

  private constructor(way: Way, init: { folder: string; nodeId: string; port: number; peer: Side | undefined }) {
    this.#way = way;
    this.folder = init.folder;
    this.nodeId = init.nodeId;
    this.port = init.port;
    this.#peer = init.peer;
  }

  /** Makes the work directory ready. @param peer whom this side connects to */
  static async make(way: Way, folder: string, peer?: Side): Promise<Side> {
    mkdirSync(folder);
    const [program, ...words] = COMMANDS[way];
    const call = (...more: string[]) =>
      execFileSync(program, [...words, ...more, "--dir", folder], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      });
    call("init");
    const { node_id: nodeId } = JSON.parse(call("id", "--json")) as { readonly node_id: string };
    return new Side(way, { folder, nodeId, port: await freePort(), peer });
  }

  start(): void {
    const [program, ...words] = COMMANDS[this.#way];
    const log = openSync(join(this.folder, "torture.log"), "a");
    this.#child = spawn(program, [
      ...words,
      "run",
      ...["--dir", this.folder, "--http", "127.0.0.1:0", "--log", "json"],
      ...["--listen", `tcp://127.0.0.1:${this.port}`],
      ...(this.#peer === undefined ? [] : ["--bootstrap", `tcp://127.0.0.1:${this.#peer.port}`]),
    ], { env: { PATH: process.env["PATH"] ?? "", HOME: this.folder, ...ENVIRONMENT }, stdio: ["ignore", log, log] });
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
