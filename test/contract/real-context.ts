/** The context of cases that run in a real runtime. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "../../src/runtime/port.ts";
import type { ContractContext, HostCommands } from "./case.ts";
import type { Peers } from "./peers.ts";
import { startProgram } from "./real-program.ts";

const IGNORE_HANGUP = `trap '' HUP; trap 'exit 7' TERM; : > "$BARNACLE_CHILD"; while :; do sleep 0.02; done`;

const COMMANDS: HostCommands = {
  exitSeven: { command: "sh", commandArguments: ["-c", "exit 7"] },
  hello: { command: "sh", commandArguments: ["-c", "echo hello from the child"] },
  printVariable: { command: "sh", commandArguments: ["-c", 'echo "$BARNACLE_CHILD"'] },
  sleep: { command: "sleep", commandArguments: ["3600"] },
  ignoreHangup: { command: "sh", commandArguments: ["-c", IGNORE_HANGUP] },
};

/** A context and the end of what it holds. */
export interface RealContext {
  readonly context: ContractContext;
  readonly close: () => void;
}

/** Makes a context with a directory of its own. */
export function makeContext(runtime: Runtime, peers: Peers): RealContext {
  const directory = mkdtempSync(join(tmpdir(), "barnacle-contract-"));
  const stops: (() => void)[] = [];
  const context: ContractContext = {
    runtime,
    directory,
    path: (...names) => join(directory, ...names),
    certificates: peers.certificates,
    mutualTls: { origin: peers.mutualTlsOrigin },
    blackHole: { host: "127.0.0.1", port: peers.blackHolePort },
    unknownHost: "no-such-host.invalid",
    fullFile: "/dev/full",
    commands: COMMANDS,
    start(program, options = {}) {
      const started = startProgram(runtime.name, program, options);
      stops.push(() => started.stop());
      return Promise.resolve(started.program);
    },
  };
  return {
    context,
    close() {
      for (const stop of stops) stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
