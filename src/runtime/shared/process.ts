/**
 * This process, by the `process` object that all three runtimes carry. What costs time at start (streams, `node:os`,
 * `node:child_process`) is loaded on its first use.
 *
 * @module
 */
import { joinBytes } from "../../join-bytes.ts";
import type { ChildProcess, HostFacts, Process, ProcessUsage, Signal } from "../port.ts";
import { type FlushableOutput, StreamOutput } from "./output.ts";
import { tooLarge } from "./read-whole.ts";
import { spawnChild } from "./spawn.ts";

/** How long `exit` waits for a reader that does not read. */
const FLUSH_TIMEOUT_MS = 2_000;
const MICROSECONDS_PER_SECOND = 1_000_000;

const OPERATING_SYSTEMS: Readonly<Record<string, HostFacts["os"]>> = {
  linux: "linux",
  darwin: "macos",
  win32: "windows",
};
const ARCHITECTURES: Readonly<Record<string, HostFacts["architecture"]>> = { x64: "x64", arm64: "arm64" };

/** What an adapter may do in its own way. */
export interface ProcessParts {
  readonly standardOutput: FlushableOutput;
  readonly standardError: FlushableOutput;
}

/** The streams of `node:process`. */
function streamParts(): ProcessParts {
  return {
    standardOutput: new StreamOutput(() => process.stdout),
    standardError: new StreamOutput(() => process.stderr),
  };
}

/** This process. */
export function createProcess(parts: ProcessParts = streamParts()): Process {
  return {
    id: process.pid,
    arguments: process.argv.slice(2),
    environment: () => ({ ...process.env }),
    workingDirectory: () => process.cwd(),
    standardOutput: parts.standardOutput,
    standardError: parts.standardError,
    readStandardInput,
    onSignal,
    onUncaught,
    exit: (code) => exitAfterFlush(parts, code),
    hostFacts,
    usage,
    expectLoad: () => undefined,
    collectGarbage: () => undefined,
    returnMemory: () => Promise.resolve(),
    spawn: (command, commandArguments, options): Promise<ChildProcess> =>
      spawnChild(command, commandArguments, options?.environment),
  };
}

async function readStandardInput(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Uint8Array);
    sizeBytes += bytes.length;
    // Leaving the loop closes the stream: whoever writes more gets a broken pipe, not our memory.
    if (sizeBytes > maxBytes) throw tooLarge("Read standard input", maxBytes);
    chunks.push(bytes);
  }
  return joinBytes(chunks);
}

function onSignal(signal: Signal, handler: () => void): () => void {
  const listener = () => handler();
  process.on(signal, listener);
  return () => process.off(signal, listener);
}

function onUncaught(handler: (thrown: unknown) => void): () => void {
  const listener = (thrown: unknown) => handler(thrown);
  process.on("uncaughtException", listener);
  process.on("unhandledRejection", listener);
  return () => {
    process.off("uncaughtException", listener);
    process.off("unhandledRejection", listener);
  };
}

function exitAfterFlush(parts: ProcessParts, code: number): void {
  process.exitCode = code;
  const end = () => process.exit(code);
  // A reader that stopped reading must not keep the process alive.
  setTimeout(end, FLUSH_TIMEOUT_MS);
  void Promise.all([parts.standardOutput.flushed(), parts.standardError.flushed()]).then(end);
}

function hostFacts(): HostFacts {
  const os = process.getBuiltinModule("node:os");
  return {
    hostName: os.hostname(),
    os: OPERATING_SYSTEMS[process.platform] ?? "other",
    architecture: ARCHITECTURES[process.arch] ?? "other",
    processorCount: os.availableParallelism(),
    homeDirectory: homeDirectory(os),
  };
}

/** A user id without an entry in the system's list of users has none, which the platform reports by throwing. */
function homeDirectory(os: { homedir(): string }): string | undefined {
  try {
    return os.homedir() || undefined;
  } catch {
    return undefined;
  }
}

function usage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return { residentBytes: process.memoryUsage.rss(), processorSeconds: (user + system) / MICROSECONDS_PER_SECOND };
}
