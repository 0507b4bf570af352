/**
 * The port's part for NATS servers, as types only.
 *
 * @module
 */

/** A message of a NATS server. */
export interface NatsMessage {
  readonly subject: string;
  /** Where an answer goes; empty where none is wanted. */
  readonly reply: string;
  /** The status that the server gives in place of a message; 0 for a message. */
  readonly status: number;
  readonly data: Uint8Array;
  /** The value of a header; empty when it is not there. */
  header(name: string): string;
}

/** Which NATS servers, and who we are to them. */
export interface NatsOptions {
  /** `nats://HOST:PORT` or `tls://HOST:PORT`; with one `tls://` among them every connection is encrypted. */
  readonly urls: readonly string[];
  /** Shown by the server's own tools. */
  readonly name: string;
  readonly password?: { readonly user: string; readonly password: string };
  readonly token?: string;
  /** The seed of an NKey, with a user JWT where the server wants one. */
  readonly nkey?: { readonly seed: string; readonly jwt?: string };
  /** Certificate authorities in place of the platform's own, PEM. */
  readonly caPem?: string;
  /** The connection is there, or is no longer; it comes back by itself. */
  onChange(isConnected: boolean, why?: Error): void;
}

/** A connection to NATS servers, which is kept up until it is closed. */
export interface NatsConnection {
  readonly isConnected: boolean;
  /** @throws `UNAVAILABLE` without a connection or where nobody takes the subject, `TIMED_OUT` */
  request(subject: string, data: Uint8Array | string, options: { readonly timeoutMs: number }): Promise<NatsMessage>;
  /**
   * One question, many answers, until `take` returns `false`.
   *
   * @throws `UNAVAILABLE`, `TIMED_OUT`
   */
  requestMany(
    subject: string,
    data: string,
    options: { readonly timeoutMs: number; readonly take: (message: NatsMessage) => boolean },
  ): Promise<void>;
  /** Calls for each message, over losses of the connection too. */
  subscribe(subject: string, take: (message: NatsMessage) => void): void;
  /** Idempotent. */
  close(): Promise<void>;
}

/** NATS, by its own client. Its module is loaded on the first `connect`. */
export interface Nats {
  /** Begins to connect, and goes on until it is there. */
  connect(options: NatsOptions): NatsConnection;
}
