/**
 * The port: everything Barnacle needs from the platform, as types only.
 *
 * Node, Bun and Deno each have an adapter, chosen once by package.json's import conditions (`#runtime`); the tests have a
 * simulated fourth. Each capability is small and is handed only to what needs it. Every adapter maps platform errors to
 * {@link BarnacleError} codes at its edge, so nothing above it knows an `ENOENT` or a `Deno.errors.NotFound`.
 *
 * @module
 */
import type { Databases } from "./database-port.ts";
import type { Host } from "./host.ts";
import type { Nats } from "./nats-port.ts";

export type * from "./database-port.ts";
export type * from "./host.ts";
export type * from "./nats-port.ts";

/** A pending timer. Cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time: the wall clock for people and protocols, the monotonic clock for durations, timers for waiting. */
export interface Clock {
  /** Unix time in milliseconds. May jump either way. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. May stand still while the host is suspended. */
  monotonicMs(): number;
  /**
   * Calls `callback` once, no sooner than `delayMs` from now.
   *
   * @param delayMs 0 to 2^31-1; larger values fire at that bound
   */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` once input and output that are ready now have had their turn: how long work lets others in. */
  nextTurn(callback: () => void): void;
}

/** Randomness for ids, jitter and keys. Cryptographic in the real adapters, seeded in the simulation. */
export interface Random {
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A number at least 0 and below 1. */
  unit(): number;
  /** A version 4 UUID, lower case. */
  uuid(): string;
}

/** A key pair as DER: PKCS#8 for the private, SPKI for the public key. */
export interface Ed25519KeyPair {
  readonly privatePkcs8: Uint8Array<ArrayBuffer>;
  readonly publicSpki: Uint8Array<ArrayBuffer>;
}

/**
 * Hashing, Ed25519 and X25519, synchronous but for what a start asks: the rest stands in the path of every message, where a promise each
 * would cost more than the work.
 */
export interface Crypto {
  sha256(data: Uint8Array | string): Uint8Array<ArrayBuffer>;
  /** Compares in time that depends on the lengths only. */
  equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean;
  generateEd25519(): Ed25519KeyPair;
  /**
   * The public half of a private key, 44 bytes of SPKI DER. Each start asks for it, so it does not load what the others need.
   *
   * @throws `BODY_INVALID` when the bytes are no Ed25519 PKCS#8 key
   */
  publicFromPrivate(privatePkcs8: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads a private key once, for many signatures of 64 bytes. @throws `BODY_INVALID` when the key is none */
  ed25519Signer(privatePkcs8: Uint8Array): Ed25519Signer;
  /** Reads a public key once, for many checks: reading takes as long as checking. `undefined` when the key is none. */
  ed25519Verifier(publicSpki: Uint8Array): Ed25519Verifier | undefined;
  /** HMAC with SHA-256: 32 bytes. Source: RFC 2104. */
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The X25519 key of 32 secret bytes, which it clamps. Source: RFC 7748, section 5. */
  x25519Key(secret: Uint8Array): X25519Key;
  /**
   * The X25519 key with the secret scalar of an Ed25519 key, so that one identity serves both. Source: RFC 8032, section 5.1.5.
   *
   * @throws `BODY_INVALID` when the bytes are no Ed25519 PKCS#8 key
   */
  x25519FromEd25519(privatePkcs8: Uint8Array): X25519Key;
}

/** An X25519 key, read once for many agreements. */
export interface X25519Key {
  /** 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** The 32 bytes shared with the holder of the other key; `undefined` when they would be zero, as with a key of small order. */
  agree(publicKey: Uint8Array): Uint8Array<ArrayBuffer> | undefined;
}

/** Makes a 64-byte signature. */
export type Ed25519Signer = (data: Uint8Array) => Uint8Array<ArrayBuffer>;

/** Says whether the signature holds; a malformed one does not. */
export type Ed25519Verifier = (data: Uint8Array, signature: Uint8Array) => boolean;

/** What `stat` tells. */
export interface FileStat {
  readonly kind: "file" | "directory" | "other";
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** Changes when the path names another file (inode); 0 where the platform has none. */
  readonly fileId: number;
  /** POSIX permission bits; `undefined` on Windows. */
  readonly mode: number | undefined;
  /** POSIX owner; `undefined` on Windows. */
  readonly userId: number | undefined;
  readonly groupId: number | undefined;
}

/** How a file is opened. `append` creates; `create` truncates; `createNew` fails with `FILE_EXISTS`; `modify` wants it to exist. */
export type OpenMode = "read" | "append" | "create" | "createNew" | "modify";

/** An open file. Every method rejects with `IO_ERROR` once closed. */
export interface FileHandle {
  /** Reads up to `length` bytes from `offset`; fewer only at the end of the file. */
  readAt(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes all of `data`, looping on short writes: at the end in `append`, else after what this handle wrote before. */
  write(data: Uint8Array): Promise<void>;
  /**
   * Returns once the written data survives a power cut (fdatasync).
   *
   * @param options.isAlone nothing else of the caller's could go on meanwhile: as long as the disk is quick, the platform may let this
   *   thread wait for it, which takes less time than the way to another one and back
   */
  syncData(options?: { readonly isAlone?: boolean }): Promise<void>;
  /** As `syncData`, with the file's metadata (fsync). */
  sync(): Promise<void>;
  truncate(lengthBytes: number): Promise<void>;
  stat(): Promise<FileStat>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** A watch on a file or directory; it may miss changes and may report none, so readers look for themselves now and then besides. */
export interface FileWatcher {
  /** It was not to be had, and will report nothing. */
  readonly isSilent: boolean;
  close(): void;
}

/** A lock held by this process; the kernel lets go of it when the process ends, however it ends. */
export interface FileLock {
  release(): Promise<void>;
}

/** Files. Paths are the platform's; errors are `FILE_NOT_FOUND`, `PERMISSION_DENIED`, `DISK_FULL` and their like. */
export interface Files {
  /** The whole file. @param maxBytes refuses a larger one with `BODY_TOO_LARGE` */
  read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** @param options.mode permission bits of a newly made file, default 0o644 */
  open(path: string, openMode: OpenMode, options?: { readonly mode?: number }): Promise<FileHandle>;
  /** Atomically names `from` as `to`, replacing a file there. Durable only after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Makes renames, creations and removals in this directory durable; does nothing where the platform cannot. */
  syncDirectory(path: string): Promise<void>;
  stat(path: string): Promise<FileStat>;
  /** Creates the directory and its parents; one that exists is fine. @param options.mode default 0o755 */
  makeDirectory(path: string, options?: { readonly mode?: number }): Promise<void>;
  /** Names in the directory, sorted, without `.` and `..`. */
  list(path: string): Promise<string[]>;
  /** Removes a file; one that is missing is `FILE_NOT_FOUND`. */
  remove(path: string): Promise<void>;
  /** Removes an empty directory; one that holds something is `FILE_EXISTS`. */
  removeDirectory(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  setOwner(path: string, userId: number, groupId: number): Promise<void>;
  /** Calls `onChange` soon after something at `path` (a file, which may not exist yet, or a directory) may have changed. */
  watch(path: string, onChange: () => void): FileWatcher;
  /**
   * Takes the exclusive lock that the file at `path` stands for, creating it.
   *
   * @throws `LOCK_HELD` at once when another holds it, in this process or not
   */
  lock(path: string): Promise<FileLock>;
  /** Bytes left to this process, and in all, on the filesystem of `path`. */
  freeSpace(path: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
}

/** An address to listen on or dial. `host` is a name or an IP without brackets; port 0 takes a free one. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** What a connection tells its owner. `onData` is not called while paused. After `onClose` nothing more is called. */
export interface ConnectionHandler {
  onData(data: Uint8Array<ArrayBuffer>): void;
  /** What was buffered by `write` has left; writing may go on. */
  onDrain(): void;
  /** The peer will send no more (FIN); we may still write. */
  onEnd(): void;
  /** The connection is gone. `error` is absent after an orderly close by both sides. */
  onClose(error?: Error): void;
}

/** A TCP connection. */
export interface Connection {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  /**
   * Queues all of `data`, which must not be changed afterwards.
   *
   * @returns whether to go on: `false` asks the caller to wait for `onDrain`; what was given is kept either way
   */
  write(data: Uint8Array): boolean;
  /** Bytes queued here and not yet taken by the kernel. */
  readonly bufferedBytes: number;
  /**
   * Has the kernel ask the far end's kernel for a sign of life after each `idleMs` without one, ten times a second apart; without an answer
   * the connection is closed with `TIMED_OUT`. It does not while something written is not acknowledged, and says nothing of the program at
   * the far end. Absent where the platform has no such means.
   *
   * @returns whether it does
   */
  keepAlive?(idleMs: number): boolean;
  /** Stops `onData`; the kernel's window then slows the peer down. */
  pause(): void;
  resume(): void;
  /** Sends FIN once everything queued has left. The peer may go on sending. */
  end(): void;
  /** Drops the connection at once, whatever is queued. Idempotent. */
  destroy(): void;
}

/** A listening socket. */
export interface Listener {
  readonly address: SocketAddress;
  /** Stops accepting; connections already open stay. Idempotent. */
  close(): Promise<void>;
}

/** TCP. */
export interface Network {
  /**
   * @param accept called for each connection, before any of its events; returns its handler
   * @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED`
   */
  listen(address: SocketAddress, accept: (connection: Connection) => ConnectionHandler): Promise<Listener>;
  /**
   * @param options.timeoutMs how long connecting may take, name look-up included
   * @throws `CONNECTION_REFUSED`, `HOST_NOT_FOUND`, `NETWORK_UNREACHABLE`, `TIMED_OUT`, `ABORTED`
   */
  dial(
    address: SocketAddress,
    handler: ConnectionHandler,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Connection>;
}

/** What a request's handler is told beside the request. */
export interface RequestPeer {
  /** The peer's address as text; the empty string where it is not known. */
  readonly remoteHost: string;
}

/** How to serve HTTP. */
export interface ServeOptions {
  readonly address: SocketAddress;
  /** Serve TLS with this PEM certificate chain and key. */
  readonly tls?: { readonly certPem: string; readonly keyPem: string };
  /** Closes a connection on which nothing moves for so long, whether or not it ever sent a request. */
  readonly idleTimeoutMs: number;
  /** Connections open at once; further ones are closed on arrival where the platform lets us see them. */
  readonly connectionsMax: number;
  /** Answers a request. It must not throw: an error here is a programmer's mistake and becomes a bare 500. */
  handler(request: Request, peer: RequestPeer): Response | Promise<Response>;
}

/** A running HTTP server. */
export interface HttpServer {
  readonly address: SocketAddress;
  /** Stops accepting, closes idle connections at once, lets running requests end within `graceMs`, then drops them. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

/** Whom to trust and who to be, on outgoing HTTPS. */
export interface HttpClientOptions {
  /** Certificate authorities trusted beside the platform's own, PEM. */
  readonly caPem?: string;
  /** Client certificate and its key, PEM. */
  readonly clientCertificate?: { readonly certPem: string; readonly keyPem: string };
}

/** An outgoing HTTP client with its own connections and trust. */
export interface HttpClient {
  /** As the standard's `fetch`, but redirects are never followed: a 3xx comes back as it is. Rejects with our network codes. */
  readonly fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
  /** Closes idle connections. Idempotent. */
  close(): void;
}

/** HTTP, both ways. */
export interface Http {
  /** @throws `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `PERMISSION_DENIED`, `CERTIFICATE_INVALID` */
  serve(options: ServeOptions): Promise<HttpServer>;
  /** @throws `CERTIFICATE_INVALID` when a given certificate or key is none */
  client(options: HttpClientOptions): HttpClient;
}

/** Signals a person or a supervisor sends. On Windows only `SIGINT` and `SIGTERM`'s nearest equivalents arrive. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** A stream for words to the operator. */
export interface TextOutput {
  /** Writes without waiting; order is kept. A reader that went away is not an error. */
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal; `undefined` when it is none. */
  readonly columns: number | undefined;
}

/** Facts of the host and of this process. */
export interface HostFacts {
  readonly hostName: string;
  readonly os: "linux" | "macos" | "windows" | "other";
  readonly architecture: "x64" | "arm64" | "other";
  readonly processorCount: number;
  /** Of the user that runs this process; `undefined` where it has none. */
  readonly homeDirectory: string | undefined;
}

/** What this process has used so far. */
export interface ProcessUsage {
  readonly residentBytes: number;
  readonly processorSeconds: number;
}

/** A started child process that shares our standard streams. */
export interface ChildProcess {
  readonly id: number;
  kill(signal: Signal): void;
  /** The exit code, or the signal's name when one ended it. Never rejects. */
  readonly ended: Promise<{ readonly code: number } | { readonly signal: string }>;
}

/** This process and its surroundings. */
export interface Process {
  readonly id: number;
  /** Arguments after the program's own name. */
  readonly arguments: readonly string[];
  /** The environment as it is now. */
  environment(): Readonly<Record<string, string | undefined>>;
  workingDirectory(): string;
  readonly standardOutput: TextOutput;
  readonly standardError: TextOutput;
  /** All of standard input as bytes. @throws `BODY_TOO_LARGE` beyond `maxBytes` */
  readStandardInput(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Calls `handler` at each arrival, in place of the platform's default. @returns a function that stops it */
  onSignal(signal: Signal, handler: () => void): () => void;
  /** Calls `handler` with what nobody caught, in place of ending the process. @returns a function that stops it */
  onUncaught(handler: (thrown: unknown) => void): () => void;
  /** Ends the process once standard output and error have been written out. */
  exit(code: number): void;
  hostFacts(): HostFacts;
  usage(): ProcessUsage;
  /**
   * Says that many requests or messages are to be expected: the runtime may then spend memory on speed. Does nothing where there is no
   * such choice.
   */
  expectLoad(): void;
  /** Collects all garbage at once, where the platform can be asked: it would do so by itself, at a worse moment. */
  collectGarbage(): void;
  /**
   * Says that the start is over: what memory only the start needed may go. Nothing is lost by it, and it may be called again. Does nothing
   * where the runtime has no such means.
   *
   * @throws `INTERNAL` when the means failed; everything is as before then
   */
  returnMemory(): Promise<void>;
  /** Starts a program with our standard streams. @throws `COMMAND_NOT_FOUND`, `PERMISSION_DENIED` */
  spawn(
    command: string,
    commandArguments: readonly string[],
    options?: { readonly environment?: Readonly<Record<string, string>> },
  ): Promise<ChildProcess>;
}

/** The whole platform, one per process (or per simulated process). */
export interface Runtime {
  readonly name: "node" | "bun" | "deno" | "sim";
  /** The runtime's own version, for `version` and reports of faults. */
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly files: Files;
  readonly network: Network;
  readonly http: Http;
  readonly process: Process;
  readonly databases: Databases;
  readonly nats: Nats;
  readonly host: Host;
}
