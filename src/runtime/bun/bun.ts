/**
 * The part of Bun's namespace that this adapter touches, so that no foreign type package is needed. Source:
 * https://bun.com/reference/bun
 *
 * @module
 */

import type { Stats } from "node:fs";

export interface BunServer {
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  stop(closeActiveConnections?: boolean): Promise<void>;
  requestIP(request: Request): { readonly address: string } | null;
}

interface BunServeOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Seconds, at most 255. */
  readonly idleTimeout: number;
  readonly maxRequestBodySize: number;
  readonly development: boolean;
  readonly reusePort: boolean;
  fetch(request: Request, server: BunServer): Response | Promise<Response>;
  error(error: unknown): Response;
}

export interface BunSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  data: unknown;
  /** Takes what the kernel takes; the rest is the caller's to keep. -1 on a closed socket. */
  write(data: Uint8Array, byteOffset?: number, byteLength?: number): number;
  /** Sends FIN and leaves the other direction open. */
  shutdown(halfClose?: boolean): void;
  end(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  setNoDelay(noDelay?: boolean): boolean;
  /** @param initialDelay milliseconds; then it asks ten times, a second apart */
  setKeepAlive(enable: boolean, initialDelay: number): boolean;
}

export interface BunSocketHandlers {
  readonly binaryType: "uint8array";
  open(socket: BunSocket): void;
  data(socket: BunSocket, data: Uint8Array<ArrayBuffer>): void;
  drain(socket: BunSocket): void;
  /** The peer sent FIN. */
  end(socket: BunSocket): void;
  close(socket: BunSocket, error?: Error): void;
  error(socket: BunSocket, error: Error): void;
  connectError?(socket: BunSocket, error: Error): void;
}

interface BunSocketOptions {
  readonly hostname: string;
  readonly port: number;
  readonly allowHalfOpen: boolean;
  readonly socket: BunSocketHandlers;
}

interface BunListener {
  readonly hostname: string;
  readonly port: number;
  stop(closeActiveConnections?: boolean): void;
}

/** Takes bytes for a file or pipe; answers at once when they went out, else with a promise. */
export interface BunSink {
  write(text: string): number | Promise<number>;
  flush(): number | Promise<number>;
}

/** A file that is not opened until something is asked of it. */
interface BunFile {
  stat(): Promise<Stats>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  text(): Promise<string>;
  slice(start: number, end: number): BunFile;
}

/** Takes one text of bytes, keyed, and gives its hash. */
interface BunHasher {
  update(data: Uint8Array): BunHasher;
  digest(): Uint8Array<ArrayBuffer>;
}

interface BunNamespace {
  readonly version: string;
  readonly CryptoHasher: new (algorithm: "sha256", hmacKey: Uint8Array) => BunHasher;
  readonly SHA256: { hash(data: Uint8Array | string): Uint8Array<ArrayBuffer> };
  /** The factor on the thresholds from which code is compiled; a binary starts with what its build says. */
  readonly unsafe: { setJITPolicy(scale: number): void };
  /** Whether standard output or error is a terminal and `NO_COLOR` is not set. */
  readonly enableANSIColors: boolean;
  file(path: string): BunFile;
  readonly stdout: { writer(): BunSink };
  readonly stderr: { writer(): BunSink };
  serve(options: BunServeOptions): BunServer;
  listen(options: BunSocketOptions): BunListener;
  connect(options: BunSocketOptions): Promise<BunSocket>;
}

/** What Bun's `fetch` takes beside the standard's options. */
export interface BunFetchInit extends RequestInit {
  /** `false` asks no proxy, whatever the environment says. */
  readonly proxy: false;
  readonly tls?: { readonly ca?: readonly string[]; readonly cert?: string; readonly key?: string };
}

/** Bun's namespace. */
export const bun: BunNamespace = (globalThis as unknown as { readonly Bun: BunNamespace }).Bun;

/** Calls into libraries of the host: what this adapter uses of `bun:ffi`. Source: https://bun.com/docs/api/ffi */
export interface BunForeign {
  /** @throws TypeError where the just-in-time compiler is off, Error when there is no such library */
  dlopen<Name extends string>(
    library: string,
    functions: Readonly<Record<Name, { readonly args: readonly ("usize" | "int")[]; readonly returns: "int" }>>,
  ): { readonly symbols: Readonly<Record<Name, (...values: number[]) => number>> };
}

/** What this adapter uses of `bun:jsc`. Source: https://bun.com/reference/bun/jsc */
export interface BunEngine {
  /** Collects all garbage before it returns, and leaves compiled code alone. */
  fullGC(): number;
}

/** Loads `bun:jsc`, which nothing needs at start. */
export function loadEngine(): BunEngine {
  return process.getBuiltinModule("bun:jsc") as BunEngine;
}

/** Loads `bun:ffi`, which nothing needs at start. */
export function loadForeign(): BunForeign {
  return process.getBuiltinModule("bun:ffi") as BunForeign;
}
