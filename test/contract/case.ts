/**
 * What a contract case is and what it is given. One list of cases runs against every adapter of the runtime port: Node,
 * Bun and Deno in their real runtimes, and the simulated one.
 *
 * A case touches nothing but its context: no `node:` module but `node:assert/strict`, no timer or socket of the platform's.
 * Time passes by itself while a case waits: in the real adapters because it does, in the simulation because whoever
 * runs the case moves the clock to the next timer whenever nothing else can go on.
 *
 * @module
 */
import type { Runtime, SocketAddress } from "../../src/runtime/port.ts";
import type { ProgramName } from "./fixtures/programs.ts";

/** A certificate and its key, PEM. */
export interface CertificatePair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** Certificates made for one run of the suite. None of the authorities is known to the platform. */
export interface Certificates {
  /** The authority that signed `server` and `client`. */
  readonly authorityPem: string;
  /** An authority that signed none of these. */
  readonly strangerAuthorityPem: string;
  /** For the names `localhost` and `127.0.0.1`. */
  readonly server: CertificatePair;
  /** Signed by `authority`, for the name `localhost`, out of date. */
  readonly expiredServer: CertificatePair;
  /** Common name `barnacle-client`. */
  readonly client: CertificatePair;
}

/** A program of `fixtures/programs.ts`, started as a process of its own under the same runtime. */
export interface RunningProgram {
  readonly id: number;
  /** The next line of its standard output without the line end; `undefined` once that has ended. */
  line(): Promise<string | undefined>;
  /** All of standard output that `line` did not take, once it has ended. */
  rest(): Promise<string>;
  /** All of standard error, once it has ended. */
  errorOutput(): Promise<string>;
  /** Writes to its standard input. */
  input(data: Uint8Array): void;
  /** Closes its standard input. */
  endInput(): void;
  /** Closes our end of its standard output: a reader that went away. */
  closeOutput(): void;
  kill(signal: "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGKILL"): void;
  readonly ended: Promise<{ readonly code: number } | { readonly signal: string }>;
}

/** How a program is started. */
export interface ProgramOptions {
  readonly arguments?: readonly string[];
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A command of the host, to be spawned by the adapter under test. */
export interface HostCommand {
  readonly command: string;
  readonly commandArguments: readonly string[];
}

/** Commands that exist on the host. */
export interface HostCommands {
  /** Ends with exit code 7. */
  readonly exitSeven: HostCommand;
  /** Prints `hello from the child` and a line end on standard output, then ends with 0. */
  readonly hello: HostCommand;
  /** Prints the environment variable `BARNACLE_CHILD` and a line end, then ends with 0. */
  readonly printVariable: HostCommand;
  /** Runs for an hour unless a signal ends it. */
  readonly sleep: HostCommand;
  /** Creates the file that `BARNACLE_CHILD` names, lives on after SIGHUP, and ends with exit code 7 on SIGTERM. */
  readonly ignoreHangup: HostCommand;
}

/** What a case is given. */
export interface ContractContext {
  readonly runtime: Runtime;
  /** An empty directory of the case's own, absolute. */
  readonly directory: string;
  /** A path in `directory`. */
  readonly path: (...names: readonly string[]) => string;
  readonly certificates: Certificates;
  /**
   * An HTTPS server with the `server` certificate which refuses who does not present a certificate of `authority`. It
   * answers every request with the common name of the client's certificate as text.
   */
  readonly mutualTls: { readonly origin: string };
  /** An address that never answers an attempt to connect. */
  readonly blackHole: SocketAddress;
  /** A name that no name server knows. */
  readonly unknownHost: string;
  /** An existing file on which each write finds the disk full. */
  readonly fullFile: string;
  readonly commands: HostCommands;
  /** Starts a program in a process of its own; what still runs when the case ends is killed. */
  start(program: ProgramName, options?: ProgramOptions): Promise<RunningProgram>;
}

/** The capability a case belongs to. */
export type Capability = "files" | "timers" | "tcp" | "http" | "fetch" | "process" | "crypto" | "database" | "host";

/** One promise of the port. */
export interface ContractCase {
  readonly capability: Capability;
  /** `symbol does X when Y`; unique in its capability. */
  readonly name: string;
  /**
   * `httpWire`: speaks HTTP as bytes over a TCP connection to a server of the adapter's. An adapter whose HTTP has no
   * bytes may leave such a case out, with the reason written down where it does.
   */
  readonly needs?: readonly "httpWire"[];
  /** Throws or rejects with an `AssertionError` when the promise is broken. */
  readonly run: (context: ContractContext) => Promise<void> | void;
}
