/** The port's `Process` for a simulated process. @module */
import type { ChildProcess, Process, Signal } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { SimProcess } from "./sim-process.ts";

/** What every simulated process is said to hold; nothing measures the memory of a share of a JavaScript heap. */
const RESIDENT_BYTES = 64 * 1024 * 1024;
/** What starting took. */
const START_PROCESSOR_SECONDS = 0.05;
/** Processor time per time passed of a process that is said to be nearly idle. */
const PROCESSOR_SHARE = 0.001;
const SPAWN_MS = 2;

export function createProcessPort(process: SimProcess): Process {
  const { host, options } = process;
  const startedAtMs = host.world.clock.monotonicMs();
  return {
    id: process.id,
    arguments: options.arguments ?? [],
    environment: () => ({ ...options.environment }),
    workingDirectory: () => host.workingDirectoryOf(options),
    standardOutput: process.standardOutput,
    standardError: process.standardError,
    readStandardInput: (maxBytes) => readStandardInput(process, maxBytes),
    onSignal: (signal, handler) => addHandler(handlersOf(process, signal), handler),
    onUncaught: (handler) => addHandler(process.uncaughtHandlers, handler),
    exit: (code) => process.endWith({ code }),
    hostFacts: () => ({
      hostName: host.name,
      os: "linux",
      architecture: "x64",
      processorCount: 4,
      homeDirectory: "/root",
    }),
    expectLoad: () => undefined,
    collectGarbage: () => undefined,
    returnMemory: () => Promise.resolve(),
    usage: () => {
      const livedSeconds = (host.world.clock.monotonicMs() - startedAtMs) / 1000;
      return {
        residentBytes: RESIDENT_BYTES,
        processorSeconds: START_PROCESSOR_SECONDS + livedSeconds * PROCESSOR_SHARE,
      };
    },
    spawn: (command, commandArguments, spawnOptions) =>
      process.operation(SPAWN_MS, () => spawn(process, [command, ...commandArguments], spawnOptions?.environment)),
  };
}

function handlersOf(process: SimProcess, signal: Signal): Set<() => void> {
  const handlers = process.signalHandlers.get(signal) ?? new Set();
  process.signalHandlers.set(signal, handlers);
  return handlers;
}

/** Wraps the handler, so that one given twice is called twice and stopped one at a time. */
function addHandler<T extends unknown[]>(
  handlers: Set<(...values: T) => void>,
  handler: (...values: T) => void,
): () => void {
  const own = (...values: T): void => handler(...values);
  handlers.add(own);
  return () => void handlers.delete(own);
}

function readStandardInput(process: SimProcess, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const { standardInput } = process;
  const resource = { keepsAlive: true, drop: () => undefined };
  process.own(resource);
  return new Promise((resolve, reject) => {
    const look = (): void =>
      process.enter(() => {
        if (standardInput.lengthBytes > maxBytes) {
          reject(failure("BODY_TOO_LARGE", "Read standard input", undefined, `more than ${maxBytes} bytes`));
        } else if (standardInput.isClosed) resolve(standardInput.bytes());
        else return;
        process.disown(resource);
      });
    standardInput.watch(() => process.host.world.clock.setTimer(0, look));
    process.after(0, look);
  });
}

function spawn(
  parent: SimProcess,
  [command = "", ...commandArguments]: readonly string[],
  environment: Readonly<Record<string, string>> | undefined,
): ChildProcess {
  const { host } = parent;
  const program = host.findProgram(command, parent);
  const child = host.start(program, {
    ...parent.options,
    name: command,
    arguments: commandArguments,
    environment: { ...parent.options.environment, ...environment },
  });
  child.standardOutput.onText = (text) => parent.standardOutput.accept(text);
  child.standardError.onText = (text) => parent.standardError.accept(text);
  const resource = { keepsAlive: true, drop: () => undefined };
  parent.own(resource);
  const ended = new Promise<Awaited<ChildProcess["ended"]>>((resolve) => {
    void child.ended.then((end) => {
      host.world.clock.setTimer(0, () =>
        parent.enter(() => {
          parent.disown(resource);
          resolve(end);
        }));
    });
  });
  return { id: child.id, kill: (signal) => parent.isRunning && child.kill(signal), ended };
}
