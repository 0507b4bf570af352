/**
 * The part of Deno's namespace that this adapter touches, so that the type check needs no foreign declarations. Source:
 * https://docs.deno.com/api/deno/
 *
 * @module
 */

export interface DenoFileInfo {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly size: number;
  readonly mtime: Date | null;
  readonly ino: number | null;
  readonly mode: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

export interface DenoFile {
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  seek(offset: number, whence: number): Promise<number>;
  truncate(length: number): Promise<void>;
  stat(): Promise<DenoFileInfo>;
  sync(): Promise<void>;
  syncData(): Promise<void>;
  close(): void;
}

export interface DenoOpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly append?: boolean;
  readonly truncate?: boolean;
  readonly create?: boolean;
  readonly createNew?: boolean;
  readonly mode?: number;
}

export interface DenoFsWatcher extends AsyncIterable<{ readonly paths: readonly string[] }> {
  close(): void;
}

export interface DenoAddress {
  readonly hostname: string;
  readonly port: number;
}

export interface DenoConnection {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  read(buffer: Uint8Array): Promise<number | null>;
  write(data: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay(noDelay?: boolean): void;
}

export interface DenoListener extends AsyncIterable<DenoConnection> {
  readonly addr: DenoAddress;
  accept(): Promise<DenoConnection>;
  close(): void;
}

interface DenoTlsConnection extends DenoConnection {
  handshake(): Promise<unknown>;
}

/** Trust and identity of a TLS client. */
export interface DenoTrust {
  readonly caCerts?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

export interface DenoHttpClient {
  close(): void;
}

/** What Deno's `fetch` takes beside the standard's options. */
export interface DenoFetchInit extends RequestInit {
  readonly client?: DenoHttpClient;
}

export interface DenoOutput {
  write(data: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

interface DenoNamespace {
  readonly stdout: DenoOutput;
  readonly stderr: DenoOutput;
  consoleSize(): { readonly columns: number };
  readonly version: { readonly deno: string };
  readonly errors: { readonly InvalidData: new () => Error };
  open(path: string, options: DenoOpenOptions): Promise<DenoFile>;
  stat(path: string): Promise<DenoFileInfo>;
  lstat(path: string): Promise<DenoFileInfo>;
  rename(from: string, to: string): Promise<void>;
  mkdir(path: string, options: { readonly recursive: boolean; readonly mode: number }): Promise<void>;
  readDir(path: string): AsyncIterable<{ readonly name: string }>;
  remove(path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  chown(path: string, userId: number, groupId: number): Promise<void>;
  watchFs(path: string, options: { readonly recursive: boolean }): DenoFsWatcher;
  listen(options: { readonly hostname: string; readonly port: number }): DenoListener;
  connect(options: {
    readonly hostname: string;
    readonly port: number;
    readonly signal?: AbortSignal;
  }): Promise<DenoConnection>;
  connectTls(options: DenoTrust & { readonly hostname: string; readonly port: number }): Promise<DenoTlsConnection>;
  createHttpClient(options: DenoTrust): DenoHttpClient;
}

/** Deno's namespace. */
export const deno: DenoNamespace = (globalThis as unknown as { readonly Deno: DenoNamespace }).Deno;
