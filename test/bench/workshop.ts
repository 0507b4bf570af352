/** What every part of the bench works with: a scratch folder, the binaries, the receiver, the load. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LoadProcess } from "./load.ts";
import { type Command, freePort, Server } from "./servers.ts";

export const ROOT: string = resolve(import.meta.dirname, "../..");
const BUN = join(ROOT, "node_modules", ".bin", "bun");

export type BaselineName = "nothing" | "empty" | "constant" | "echo" | "mail" | "pong";
export type ServerName = "agent" | "hub" | "monitor" | BaselineName;

/** How a server is to be started; the same folder can be started in again and again. */
export interface Spot {
  readonly name: ServerName;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where each answers with 200 once it serves; all others at `/status`. */
const PATHS: Partial<Readonly<Record<ServerName, string>>> = { hub: "/healthz", echo: "/healthz", monitor: "/health" };

export class Workshop {
  /** Fewer and shorter measurements: to try the bench, not to publish its figures. */
  readonly quick: boolean;
  readonly binary: string;
  readonly load: LoadProcess = new LoadProcess();
  /** For what must go on beside the first. */
  readonly secondLoad: LoadProcess = new LoadProcess();
  readonly #baselines = new Map<BaselineName, string>();
  readonly #running = new Set<Server>();
  readonly #warm = new Set<string>();
  #scratch = "";
  #receiver: ChildProcess | undefined;
  #receiverUrl = "";
  #folders = 0;

  constructor(init: { readonly quick: boolean; readonly binary: string }) {
    this.quick = init.quick;
    this.binary = init.binary;
  }

  /**
   * Makes the scratch folder and starts the load and the receiver that agents publish to.
   *
   * @throws Error when the binary was not built
   */
  async open(): Promise<void> {
    if (!existsSync(this.binary)) throw new Error(`Bench: no ${this.binary}; run "npm run build"`);
    this.#scratch = mkdtempSync(join(tmpdir(), "barnacle-bench-"));
    // A bench that is interrupted leaves nothing either; its children get the signal from the terminal too.
    process.once("exit", () => rmSync(this.#scratch, { recursive: true, force: true }));
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
    this.load.start();
    this.secondLoad.start();
    const receiver = fork(join(import.meta.dirname, "receiver-process.ts"));
    this.#receiver = receiver;
    const port = await new Promise((told) => receiver.once("message", told));
    this.#receiverUrl = `http://127.0.0.1:${String(port)}`;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((server) => this.stop(server)));
    this.load.stop();
    this.secondLoad.stop();
    this.#receiver?.disconnect();
  }

  /** The file of a baseline, compiled on first use by the flags of `scripts/build.ts`. */
  baseline(name: BaselineName): string {
    const file = this.#baselines.get(name) ?? join(this.#scratch, `baseline-${name}`);
    if (this.#baselines.has(name)) return file;
    progress(`building the baseline "${name}"`);
    const source = join(import.meta.dirname, "baselines", `${name}.ts`);
    const flags = ["--compile", "--minify", "--bytecode", "--format=esm"];
    execFileSync(BUN, ["build", source, ...flags, `--outfile=${file}`], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
    });
    this.#baselines.set(name, file);
    return file;
  }

  /** Where publications and heartbeats are taken. */
  get receiverUrl(): string {
    return this.#receiverUrl;
  }

  /** A fresh folder. */
  folder(name: string): string {
    const folder = join(this.#scratch, `${name}-${++this.#folders}`);
    mkdirSync(folder);
    return folder;
  }

  /** A fresh place for a server to be started in. */
  spot(name: ServerName, environment: Readonly<Record<string, string>> = {}): Spot {
    const folder = this.folder(name);
    if (name === "agent") {
      return { name, folder, environment: { OPENCLAW_BASE_URL: this.#receiverUrl, ...environment } };
    }
    return { name, folder, environment };
  }

  async start(spot: Spot): Promise<Server> {
    const port = await freePort();
    const words = this.#words(spot, port);
    return await this.startOther({
      words,
      // Only what a process needs: nothing of the caller's configuration leaks in.
      environment: { PATH: "/usr/bin:/bin", HOME: spot.folder, BENCH_PORT: String(port), ...spot.environment },
      port,
      path: PATHS[spot.name] ?? "/status",
      logFile: join(spot.folder, "bench.log"),
    });
  }

  /** Starts what has no spot here, such as a program of others. */
  async startOther(command: Command): Promise<Server> {
    this.#warmUp(command.words[0] ?? "");
    const server = await Server.start(command);
    this.#running.add(server);
    return server;
  }

  async stop(server: Server): Promise<void> {
    this.#running.delete(server);
    await server.stop();
  }

  /** Makes a hub's key before the hub is started. */
  hubKey(spot: Spot): string {
    const said = execFileSync(this.binary, ["hub", "keys", "add", "bench", "--dir", spot.folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const key = said.match(/\bbk_\S+/)?.[0];
    if (key === undefined) throw new Error('Bench: wanted a key from "hub keys add", got none');
    return key;
  }

  /**
   * Reads a binary into the page cache, once. Of a mapped file the kernel counts neighbouring pages as resident when they are cached, so
   * that resident memory would depend on how much of it others had left there: 26 or 32 MiB for the same empty server.
   */
  #warmUp(file: string): void {
    if (this.#warm.has(file)) return;
    this.#warm.add(file);
    readFileSync(file);
  }

  #words(spot: Spot, port: number): string[] {
    const address = `127.0.0.1:${port}`;
    switch (spot.name) {
      case "agent":
        return [this.binary, "run", "--dir", spot.folder, "--http", address, "--log", "json"];
      case "hub":
        return [this.binary, "hub", "--dir", spot.folder, "--listen", address, "--log", "json"];
      case "monitor":
        return [this.binary, "monitor", "--monitor-port", String(port), "--log", "json"];
      default:
        return [this.baseline(spot.name)];
    }
  }
}

/** Tells a waiting person what happens; the tables alone go to standard output. */
export function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
