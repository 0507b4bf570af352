/** What the contract's cases are given when they run in a simulated world. @module */
import { X509Certificate } from "node:crypto";
import type { Certificates, ContractContext, HostCommands, ProgramOptions, RunningProgram } from "../contract/case.ts";
import { type ProgramName, PROGRAMS } from "../contract/fixtures/programs.ts";
import type { SimHost } from "./host.ts";
import { startServer } from "./http/server.ts";
import type { SimProcess } from "./process/sim-process.ts";
import type { SimWorld } from "./world.ts";

const HOUR_MS = 3_600_000;
const FULL_FILE = "/dev/full";

const COMMANDS: HostCommands = {
  exitSeven: { command: "exit-seven", commandArguments: [] },
  hello: { command: "hello", commandArguments: [] },
  printVariable: { command: "print-variable", commandArguments: [] },
  sleep: { command: "sleep", commandArguments: [] },
  ignoreHangup: { command: "ignore-hangup", commandArguments: [] },
};

function addCommands(world: SimWorld): void {
  world.addProgram("exit-seven", () => 7);
  world.addProgram("hello", ({ process }) => process.standardOutput.write("hello from the child\n"));
  world.addProgram("print-variable", ({ process }) => {
    process.standardOutput.write(`${process.environment()["BARNACLE_CHILD"]}\n`);
  });
  world.addProgram("ignore-hangup", async ({ process, files, clock }) => {
    process.onSignal("SIGHUP", () => undefined);
    process.onSignal("SIGTERM", () => process.exit(7));
    const ready = await files.open(process.environment()["BARNACLE_CHILD"] ?? "", "create");
    await ready.close();
    await new Promise<void>((resolve) => clock.setTimer(HOUR_MS, resolve));
  });
  world.addProgram("sleep", async ({ clock }) => {
    await new Promise<void>((resolve) => clock.setTimer(HOUR_MS, resolve));
  });
}

/** A context on a fresh host of the world. */
export async function makeSimContext(world: SimWorld, certificates: Certificates): Promise<ContractContext> {
  addCommands(world);
  const host = world.addHost("alpha");
  host.disk.put(FULL_FILE, "");
  host.disk.break(FULL_FILE, { write: "DISK_FULL" });
  const directory = "/work/case";
  host.disk.putDirectory(directory);
  return {
    runtime: world.createRuntime(host, { name: "case" }),
    directory,
    path: (...names) => [directory, ...names].join("/"),
    certificates,
    mutualTls: { origin: await serveMutualTls(world, host, certificates) },
    blackHole: { host: "10.255.255.1", port: 9 },
    unknownHost: "no-such-host.invalid",
    fullFile: FULL_FILE,
    commands: COMMANDS,
    start: (program, options) => Promise.resolve(startProgram(host, program, options)),
  };
}

async function serveMutualTls(world: SimWorld, host: SimHost, certificates: Certificates): Promise<string> {
  const { process, runtime } = host.startIdle({ name: "mutual-tls" });
  const serving = startServer(process, runtime, {
    address: { host: "127.0.0.1", port: 0 },
    tls: certificates.server,
    clientAuthorityPem: certificates.authorityPem,
    idleTimeoutMs: 30_000,
    connectionsMax: 100,
    handler: (_request, { clientCertPem = "" }) => {
      const { subject } = new X509Certificate(clientCertPem);
      return new Response(subject.replace(/^CN=/, ""));
    },
  });
  const { address } = await world.wait(serving);
  return `https://localhost:${address.port}`;
}

function startProgram(host: SimHost, name: ProgramName, options: ProgramOptions = {}): RunningProgram {
  return new SimProgram(host.start(PROGRAMS[name], { name, ...options }));
}

/** A simulated process as the contract sees a program. */
class SimProgram implements RunningProgram {
  readonly id: number;
  readonly ended: RunningProgram["ended"];
  readonly #process: SimProcess;
  #unread = "";
  #isOver = false;
  #onChange: (() => void) | undefined;

  constructor(process: SimProcess) {
    this.#process = process;
    this.id = process.id;
    this.ended = process.ended;
    process.standardOutput.onText = (text) => {
      this.#unread += text;
      this.#onChange?.();
    };
    process.ended.then(() => {
      this.#isOver = true;
      this.#onChange?.();
    }, () => undefined);
  }

  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#unread.indexOf("\n");
      if (end !== -1) {
        const line = this.#unread.slice(0, end);
        this.#unread = this.#unread.slice(end + 1);
        return line;
      }
      if (this.#isOver) return this.#unread === "" ? undefined : this.#unread;
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
  }

  async rest(): Promise<string> {
    await this.ended;
    return this.#unread;
  }

  async errorOutput(): Promise<string> {
    await this.ended;
    return this.#process.standardError.text;
  }

  input(data: Uint8Array): void {
    this.#process.standardInput.add(data);
  }

  endInput(): void {
    this.#process.standardInput.close();
  }

  closeOutput(): void {
    this.#process.standardOutput.closeReader();
  }

  kill(signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL"): void {
    this.#process.kill(signal);
  }
}
