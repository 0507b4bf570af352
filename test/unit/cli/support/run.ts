/** Runs one command line against a fake platform. */
import { runCommandLine } from "../../../../src/cli/mod.ts";
import type { CliContext, HostParts, RunningHost } from "../../../../src/cli/mod.ts";
import type { LoadedConfig } from "../../../../src/config/mod.ts";
import { FakeRuntime } from "./fake-runtime.ts";

export interface StartedHost {
  readonly loaded: LoadedConfig;
  readonly parts: HostParts;
  readonly stops: string[];
}

export class Bench {
  readonly runtime = new FakeRuntime();
  readonly started: StartedHost[] = [];
  licences: string | undefined;
  startError: unknown;
  addresses: Partial<RunningHost> = {};

  /** @returns the exit code, once the command is done */
  run(...words: string[]): Promise<number> {
    const context: CliContext = {
      runtime: this.runtime.asPort(words),
      startHost: (loaded, parts) => this.#start(loaded, parts),
      licences: () => Promise.resolve(this.licences),
      plugin: () => Promise.resolve(undefined),
    };
    return runCommandLine(context);
  }

  get output(): string {
    return this.runtime.process.stdout.text;
  }

  get errors(): string {
    return this.runtime.process.stderr.text;
  }

  #start(loaded: LoadedConfig, parts: HostParts): Promise<RunningHost> {
    if (this.startError !== undefined) return Promise.reject(this.startError);
    const stops: string[] = [];
    this.started.push({ loaded, parts, stops });
    const stop = (reason: string) => {
      stops.push(reason);
      return Promise.resolve();
    };
    return Promise.resolve({ stop, ...this.addresses });
  }
}

const PATIENCE_MS = 4_000;

/**
 * Lets promises and dynamic imports run on until `condition` holds. No simulated time passes; the real bound is only
 * for a test that would
 * never end, as loading modules takes as long as it takes.
 */
export async function until(condition: () => boolean): Promise<void> {
  const startMs = performance.now();
  while (!condition()) {
    if (performance.now() - startMs > PATIENCE_MS) throw new Error("Wait for a condition: it never held");
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
