/** A NATS server with JetStream, as Debian ships it, on a port of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const START_TIMEOUT_MS = 20_000;
/** Debian keeps servers where the path of a plain user does not lead. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

export class NatsServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "barnacle-nats-"));
  #words: readonly string[];
  #child: ChildProcess | undefined;
  #port = 0;

  /** @param words further arguments, such as `--auth TOKEN` */
  constructor(words: readonly string[] = []) {
    this.#words = words;
  }

  static async start(words: readonly string[] = []): Promise<NatsServer> {
    const server = new NatsServer(words);
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /**
   * Starts it, again on the port that it had.
   *
   * @param words in place of those before
   * @throws Error when there is no server to start
   */
  async start(words = this.#words): Promise<void> {
    this.#words = words;
    const environment = { PATH, HOME: this.#folder };
    if (spawnSync("nats-server", ["--version"], { env: environment }).status !== 0) {
      throw new Error("These tests take a NATS server: apt-get install nats-server");
    }
    const port = this.#port === 0 ? -1 : this.#port;
    const given = ["-js", "-sd", this.#folder, "-a", "127.0.0.1", "-p", String(port), "--ports_file_dir", this.#folder];
    const child = spawn("nats-server", [...given, ...words], { env: environment, stdio: "ignore" });
    this.#child = child;
    process.once("exit", () => child.kill("SIGKILL"));
    const file = `nats-server_${child.pid}.ports`;
    const endMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const text = readdirSync(this.#folder).includes(file) ? readFileSync(join(this.#folder, file), "utf8") : "";
      const ports = text.trim().endsWith("}") ? JSON.parse(text) as { nats?: string[]; tls?: string[] } : {};
      const url = (ports.nats ?? ports.tls)?.[0];
      if (url !== undefined) {
        this.#port = Number(new URL(url).port);
        return;
      }
      if (child.exitCode !== null || performance.now() > endMs) throw new Error("The NATS server does not start");
      await pause(10);
    }
  }

  /** Ends it, as a crash does. What it keeps stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const gone = new Promise((done) => child.once("exit", done));
    if (child.exitCode === null && child.kill("SIGKILL")) await gone;
  }

  async clear(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
