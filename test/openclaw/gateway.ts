/** A real gateway in a home of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PATH } from "./packages.ts";

/** Another secret than the gateway's own token. */
export const HOOK_TOKEN = "token-of-the-hooks";
const READY_WITHIN_MS = 300_000;
/** A gateway waits for its turns; one that takes longer is killed, since it is ours. */
const STOP_WITHIN_MS = 20_000;

export class RealGateway {
  readonly home: string;
  readonly stateDirectory: string;
  readonly configFile: string;
  readonly workspace: string;
  port = 0;
  readonly #command: string;
  #child: ChildProcess | undefined;

  constructor(command: string, home: string) {
    this.#command = command;
    this.home = home;
    this.stateDirectory = join(home, ".openclaw");
    this.configFile = join(this.stateDirectory, "openclaw.json");
    this.workspace = join(this.stateDirectory, "workspace");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What a process of this home is given. */
  get environment(): Record<string, string> {
    return { HOME: this.home, PATH: `${join(this.#command, "..")}:${PATH}`, TMPDIR: join(this.home, "tmp") };
  }

  /** Writes a configuration with one agent and a model that is a mock, quiet towards the world. */
  async configure(modelUrl: string): Promise<void> {
    mkdirSync(this.stateDirectory, { recursive: true });
    mkdirSync(join(this.home, "tmp"), { recursive: true });
    this.port = await freePort();
    const model = {
      id: "mock",
      name: "mock",
      reasoning: false,
      input: ["text"],
      contextWindow: 128_000,
      maxTokens: 4_096,
    };
    const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    writeFileSync(
      this.configFile,
      JSON.stringify(
        {
          gateway: {
            mode: "local",
            port: this.port,
            bind: "loopback",
            auth: { mode: "token", token: "token-of-the-gateway" },
          },
          hooks: { enabled: true, token: HOOK_TOKEN, path: "/hooks", allowedAgentIds: ["main"] },
          update: { checkOnStart: false },
          models: {
            providers: {
              mock: { baseUrl: modelUrl, apiKey: "none", api: "openai-completions", models: [{ ...model, cost }] },
            },
          },
          agents: { defaults: { model: { primary: "mock/mock" }, heartbeat: { every: "30m", target: "none" } } },
        },
        undefined,
        2,
      ),
    );
  }

  /** Starts it and waits until it is ready. @throws Error with the end of its log when it is not */
  async start(): Promise<void> {
    const log = join(this.home, "gateway.log");
    this.#child = spawn(this.#command, ["gateway", "run", "--verbose"], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const file = createWriteStream(log);
    this.#child.stdout?.pipe(file);
    this.#child.stderr?.pipe(file);
    const endMs = Date.now() + READY_WITHIN_MS;
    for (;;) {
      const status = await fetch(`${this.url}/readyz`).then((answer) => answer.status, () => 0);
      if (status === 200) return;
      if (Date.now() > endMs || this.#child.exitCode !== null) {
        throw new Error(`The gateway is not ready:\n${readFileSync(log, "utf8").slice(-4_000)}`);
      }
      await pause(200);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }

  /** Runs its command line. @returns standard output */
  run(...words: string[]): string {
    const { status, stdout, stderr } = spawnSync(this.#command, words, { env: this.environment, encoding: "utf8" });
    if (status !== 0) throw new Error(`openclaw ${words.join(" ")} failed:\n${stdout}${stderr}`);
    return stdout;
  }
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => found(typeof address === "object" ? address?.port ?? 0 : 0));
    });
  });
}
