/** One side of a conversation: a work directory, a port of its own, and the agent that runs there. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { outboxLine } from "./mail-sizes.ts";
import { freePort } from "./servers.ts";

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 8_000;
const LOOK_MS = 1;
const LAST_WORDS = 2_000;
const OUTBOX_CHUNK_LINES = 10_000;

/** Limits are for strangers; here both ends are ours, and everything at once is what is wanted. */
export const UNLIMITED: Readonly<Record<string, string>> = {
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_CONNECTION: "1000000",
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_ADDRESS: "1000000",
  BARNACLE_MOLTCOMM_MESSAGES_PER_SECOND_PER_SENDER: "1000000",
  BARNACLE_MOLTCOMM_MESSAGES_BURST_PER_SENDER: "1000000",
  BARNACLE_MOLTCOMM_NEW_PEERS_PER_MINUTE: "1000000",
  BARNACLE_MAILBOX_UNREAD_PER_SENDER_MAX: "10000000",
  BARNACLE_MAILBOX_UNREAD_MAX: "10000000",
};

export interface LogEvent {
  readonly [field: string]: unknown;
}

export interface SideInit {
  /** How Barnacle is run; its arguments are added. */
  readonly words: readonly string[];
  /** Made here. */
  readonly folder: string;
  /** Whom this side connects to. */
  readonly peer?: MailSide;
  readonly environment?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
// A bench that is interrupted leaves nobody behind.
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class MailSide {
  readonly folder: string;
  readonly nodeId: string;
  readonly port: number;
  readonly #init: SideInit;
  readonly #call: (...words: string[]) => string;
  #child: ChildProcess | undefined;
  /** From before the process was made until it said that it listens for mail. */
  startedInMs = Number.NaN;

  private constructor(init: SideInit, nodeId: string, port: number, call: (...words: string[]) => string) {
    this.#init = init;
    this.#call = call;
    this.folder = init.folder;
    this.nodeId = nodeId;
    this.port = port;
  }

  /** Makes the work directory ready, as `init` does. */
  static async make(init: SideInit): Promise<MailSide> {
    mkdirSync(init.folder);
    const [program = "", ...words] = init.words;
    const call = (...more: string[]) =>
      execFileSync(program, [...words, ...more, "--dir", init.folder], {
        env: environmentOf(init.folder),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    call("init");
    const { node_id: nodeId } = JSON.parse(call("id", "--json")) as { readonly node_id: string };
    return new MailSide(init, nodeId, await freePort(), call);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get #logFile(): string {
    return join(this.folder, "bench.log");
  }

  get mailFolder(): string {
    return join(this.folder, ".moltcomm");
  }

  get inboxFile(): string {
    return join(this.mailFolder, "inbox.ndjson");
  }

  /** Tells it where another is reached, as its operator would. */
  addContact(nodeId: string, address: string): void {
    this.#call("contacts", "add", "--name", "peer", "--address", address, nodeId);
  }

  /** Writes messages into the outbox, as an agent would, numbered from `first`. */
  writeOutbox(to: string, range: { readonly first: number; readonly count: number }): void {
    const end = range.first + range.count;
    for (let from = range.first; from < end; from += OUTBOX_CHUNK_LINES) {
      const length = Math.min(OUTBOX_CHUNK_LINES, end - from);
      const lines = Array.from({ length }, (_, index) => outboxLine(to, from + index));
      appendFileSync(join(this.mailFolder, "outbox.ndjson"), lines.join(""));
    }
  }

  /** @throws Error with the process's own words when it ends or does not listen for mail */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const [program = "", ...words] = this.#init.words;
    const { peer } = this.#init;
    const log = openSync(this.#logFile, "w");
    const startMs = performance.now();
    const child = spawn(program, [
      ...words,
      "run",
      "--dir",
      this.folder,
      "--http",
      "127.0.0.1:0",
      "--log",
      "json",
      "--listen",
      `tcp://127.0.0.1:${this.port}`,
      ...(peer === undefined ? [] : ["--bootstrap", `tcp://127.0.0.1:${peer.port}`]),
    ], {
      env: { ...environmentOf(this.folder), ...this.#init.environment, ...environment },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#child = child;
    while (this.event("listening", ({ role }) => role === "moltcomm") === undefined) {
      if (child.exitCode !== null || performance.now() - startMs > START_TIMEOUT_MS) {
        await this.stop("SIGKILL");
        throw new Error(`Bench: ${this.#init.words.join(" ")} does not listen for mail:\n${this.lastWords}`);
      }
      await pause(LOOK_MS);
    }
    this.startedInMs = performance.now() - startMs;
  }

  /** What its log says of an event, the newest. */
  event(name: string, fits: (event: LogEvent) => boolean = () => true): LogEvent | undefined {
    return readEvents(this.#logFile).findLast((event) => event["event"] === name && fits(event));
  }

  /** The newest of its log, to say why something failed. */
  get lastWords(): string {
    return readFileSync(this.#logFile, "utf8").slice(-LAST_WORDS);
  }

  /** Idempotent. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((done) => child.once("exit", () => done()));
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(late);
  }
}

/** Only what a process needs: nothing of the caller's configuration leaks in. */
function environmentOf(folder: string): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", HOME: folder };
}

function readEvents(logFile: string): LogEvent[] {
  const lines = readFileSync(logFile, "utf8").split("\n");
  // The last line may not be written in full yet.
  return lines.filter((line) => line.startsWith('{"') && line.endsWith("}")).map((line) =>
    JSON.parse(line) as LogEvent
  );
}
