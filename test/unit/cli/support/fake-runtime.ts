/** A platform in memory, just enough for the command line: what is not here throws. */
import { BarnacleError } from "../../../../src/errors.ts";
import type {
  ChildProcess,
  FileHandle,
  Files,
  FileStat,
  HostReading,
  HttpClientOptions,
  Process,
  Runtime,
  Signal,
  SocketAddress,
  TextOutput,
} from "../../../../src/runtime/port.ts";
import { SimClock } from "../../../sim/clock.ts";
import { QUIET_HOST } from "../../../support/host-reading.ts";

/** Collects what is written. */
export class FakeOutput implements TextOutput {
  text = "";
  isTerminal = false;
  columns: number | undefined;

  write(text: string): void {
    this.text += text;
  }
}

interface FakeFile {
  bytes: Uint8Array<ArrayBuffer>;
  mode: number;
}

/** Files by absolute path; a directory is what some file or `directories` lies under. */
export class FakeFiles {
  readonly files = new Map<string, FakeFile>();
  readonly directories = new Map<string, number>([["/work", 0o755]]);
  freeBytes = 10_000_000_000;
  /** Opening for writing under these fails. */
  readonly unwritable = new Set<string>();

  put(path: string, content: string, mode = 0o644): void {
    this.files.set(path, { bytes: new TextEncoder().encode(content), mode });
  }

  asPort(): Files {
    const notHere = () => {
      throw new BarnacleError({ code: "INTERNAL", action: "Use the fake files", value: "something they lack" });
    };
    return {
      read: (path, maxBytes) => this.#read(path, maxBytes),
      open: (path, _mode, options) => this.#open(path, options?.mode ?? 0o644),
      stat: (path) => this.#stat(path),
      remove: (path) => {
        if (!this.files.delete(path)) throw missing(path);
        return Promise.resolve();
      },
      freeSpace: () => Promise.resolve({ freeBytes: this.freeBytes, totalBytes: 20_000_000_000 }),
      rename: notHere,
      syncDirectory: notHere,
      makeDirectory: notHere,
      list: (path) => Promise.resolve(this.#list(path)),
      removeDirectory: notHere,
      setMode: notHere,
      setOwner: notHere,
      watch: notHere,
      lock: notHere,
    };
  }

  #read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.files.get(path);
    if (file === undefined) return Promise.reject(missing(path));
    if (file.bytes.length > maxBytes) {
      return Promise.reject(new BarnacleError({ code: "BODY_TOO_LARGE", action: `Read ${path}` }));
    }
    return Promise.resolve(file.bytes);
  }

  #list(path: string): string[] {
    const below = [...this.files.keys(), ...this.directories.keys()].filter((name) => name.startsWith(`${path}/`));
    return [...new Set(below.map((name) => name.slice(path.length + 1).split("/")[0] ?? ""))].sort();
  }

  #open(path: string, mode: number): Promise<FileHandle> {
    const directory = path.slice(0, path.lastIndexOf("/"));
    if (this.unwritable.has(directory)) {
      return Promise.reject(new BarnacleError({ code: "PERMISSION_DENIED", action: `Open "${path}"` }));
    }
    this.put(path, "", mode);
    const nothing = () => Promise.resolve();
    const stat = () => this.#stat(path);
    const readAt = () => Promise.resolve(new Uint8Array());
    return Promise.resolve({
      readAt,
      write: nothing,
      syncData: nothing,
      sync: nothing,
      truncate: nothing,
      stat,
      close: nothing,
    });
  }

  #stat(path: string): Promise<FileStat> {
    const common = { modifiedAtMs: 0, fileId: 1, userId: 0, groupId: 0 };
    const file = this.files.get(path);
    if (file !== undefined) {
      return Promise.resolve({ ...common, kind: "file", sizeBytes: file.bytes.length, mode: file.mode });
    }
    const mode = this.directories.get(path);
    if (mode === undefined) return Promise.reject(missing(path));
    return Promise.resolve({ ...common, kind: "directory", sizeBytes: 0, mode });
  }
}

function missing(path: string): BarnacleError {
  return new BarnacleError({ code: "FILE_NOT_FOUND", action: `Read "${path}"` });
}

/** A child whose end the test decides. */
export class FakeChild implements ChildProcess {
  readonly id = 4_242;
  readonly signals: Signal[] = [];
  readonly ended: Promise<{ readonly code: number } | { readonly signal: string }>;
  end: (how: { readonly code: number } | { readonly signal: string }) => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => this.end = resolve);
  }

  kill(signal: Signal): void {
    this.signals.push(signal);
  }
}

export class FakeProcess {
  readonly stdout = new FakeOutput();
  readonly stderr = new FakeOutput();
  readonly exits: number[] = [];
  readonly spawned: string[][] = [];
  environment: Record<string, string> = {};
  /** What `spawn` gives; `undefined` makes every command unknown. */
  child: FakeChild | undefined;
  spawnError = new BarnacleError({ code: "COMMAND_NOT_FOUND", action: 'Start "nothing"', hint: "check the name" });
  readonly #handlers = new Map<Signal, Set<() => void>>();

  /** Delivers a signal. @returns whether anybody handled it */
  raise(signal: Signal): boolean {
    const handlers = [...this.#handlers.get(signal) ?? []];
    handlers.forEach((handler) => handler());
    return handlers.length > 0;
  }

  asPort(words: readonly string[]): Process {
    return {
      id: 777,
      arguments: words,
      environment: () => this.environment,
      workingDirectory: () => "/work",
      standardOutput: this.stdout,
      standardError: this.stderr,
      readStandardInput: () => Promise.resolve(new Uint8Array()),
      onSignal: (signal, handler) => {
        const handlers = this.#handlers.get(signal) ?? new Set();
        this.#handlers.set(signal, handlers.add(handler));
        return () => handlers.delete(handler);
      },
      onUncaught: () => () => {},
      exit: (code) => void this.exits.push(code),
      hostFacts: () => ({
        hostName: "host",
        os: "linux",
        architecture: "x64",
        processorCount: 1,
        homeDirectory: "/home/user",
      }),
      expectLoad: () => undefined,
      collectGarbage: () => undefined,
      returnMemory: () => Promise.resolve(),
      usage: () => ({ residentBytes: 0, processorSeconds: 0 }),
      spawn: (command, commandArguments) => {
        this.spawned.push([command, ...commandArguments]);
        return this.child === undefined ? Promise.reject(this.spawnError) : Promise.resolve(this.child);
      },
    };
  }
}

/** One request that arrived at the fake network. */
export interface FakeRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

type Answer = Response | BarnacleError | Promise<Response>;

export class FakeRuntime {
  readonly clock = new SimClock();
  readonly files = new FakeFiles();
  readonly process = new FakeProcess();
  readonly requests: FakeRequest[] = [];
  readonly clientOptions: HttpClientOptions[] = [];
  /** Ports that somebody else holds. */
  readonly takenPorts = new Set<number>();
  /** What the host's counters say. */
  hostReading: HostReading = QUIET_HOST;
  /** How the network answers. Default: nobody listens anywhere. */
  answer: (request: FakeRequest) => Answer = refuse;

  asPort(words: readonly string[]): Runtime {
    const notHere = () => {
      throw new BarnacleError({ code: "INTERNAL", action: "Use the fake runtime", value: "something it lacks" });
    };
    return {
      name: "sim",
      version: "1.2.3",
      clock: this.clock,
      random: {
        bytes: (length) => new Uint8Array(length),
        unit: () => 0.5,
        uuid: () => "00000000-0000-4000-8000-000000000000",
      },
      crypto: {
        sha256: notHere,
        equalInConstantTime: notHere,
        generateEd25519: notHere,
        publicFromPrivate: notHere,
        ed25519Signer: notHere,
        ed25519Verifier: notHere,
        hmacSha256: notHere,
        x25519Key: notHere,
        x25519FromEd25519: notHere,
      },
      files: this.files.asPort(),
      network: { listen: (address) => this.#listen(address), dial: notHere },
      http: {
        serve: notHere,
        client: (options) => {
          this.clientOptions.push(options);
          return { fetch: (input, init) => this.#fetch(input, init), close: () => {} };
        },
      },
      process: this.process.asPort(words),
      databases: { open: notHere },
      nats: { connect: notHere },
      host: { read: () => Promise.resolve(this.hostReading) },
    };
  }

  #listen(address: SocketAddress): Promise<{ address: SocketAddress; close(): Promise<void> }> {
    if (!this.takenPorts.has(address.port)) return Promise.resolve({ address, close: () => Promise.resolve() });
    return Promise.reject(new BarnacleError({ code: "ADDRESS_IN_USE", action: `Listen on port ${address.port}` }));
  }

  async #fetch(input: Request | URL | string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(input, init);
    const text = await request.text();
    const seen: FakeRequest = {
      method: request.method,
      url: request.url,
      authorization: request.headers.get("authorization"),
      body: text === "" ? undefined : JSON.parse(text),
    };
    this.requests.push(seen);
    const aborted = new Promise<never>((_resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(new BarnacleError({ code: "ABORTED", action: "Fetch" })));
    });
    const answer = await Promise.race([this.answer(seen), aborted]);
    if (answer instanceof BarnacleError) throw answer;
    return answer;
  }
}

/** Nobody listens. */
export function refuse(request: FakeRequest): BarnacleError {
  return new BarnacleError({ code: "CONNECTION_REFUSED", action: `Fetch ${request.url}`, retryable: true });
}
