/**
 * NATS, by the client that its makers keep, `@nats-io/transport-node`. Loaded on the first `connect`.
 *
 * The client opens its own sockets: what it knows of reconnecting, of clusters that change and of TLS that begins in the middle of a
 * connection is its larger part, and its transport over ours would have to be kept up with each of its versions.
 *
 * @module
 */
import type { Authenticator, Msg, NatsConnection as Client, Subscription } from "@nats-io/transport-node";
import { BarnacleError, type ErrorCode } from "../../errors.ts";
import type { Nats, NatsConnection, NatsMessage, NatsOptions } from "../port.ts";
import { failure, fromPlatform } from "./errno.ts";

type Module = typeof import("@nats-io/transport-node");

const RECONNECT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that is gone without a word is noticed within twice this. */
const PING_INTERVAL_MS = 10_000;

/** The port's `Nats`. */
export function createNats(): Nats {
  return {
    connect: (options) => {
      const connection = new Connection(options);
      connection.start();
      return connection;
    },
  };
}

class Connection implements NatsConnection {
  readonly #options: NatsOptions;
  readonly #subscriptions: { readonly subject: string; readonly take: (message: NatsMessage) => void }[] = [];
  #module: Module | undefined;
  #client: Client | undefined;
  #isConnected = false;
  #isClosed = false;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NatsOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  start(): void {
    this.#connect().catch((thrown: unknown) => {
      // Left to the client, the first connection would be tried again without a word of why it fails.
      this.#changed(false, this.#whyNot(thrown));
      if (!this.#isClosed) this.#retry = setTimeout(() => this.start(), RECONNECT_MS * (1 + Math.random()));
    });
  }

  async request(
    subject: string,
    data: Uint8Array | string,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<NatsMessage> {
    const client = this.#connected();
    try {
      return toMessage(await client.request(subject, data, { timeout: timeoutMs }));
    } catch (thrown) {
      throw this.#toBarnacleError(thrown, subject);
    }
  }

  async requestMany(
    subject: string,
    data: string,
    options: { readonly timeoutMs: number; readonly take: (message: NatsMessage) => boolean },
  ): Promise<void> {
    const client = this.#connected();
    const inbox = this.#module?.createInbox() ?? "";
    let timer: ReturnType<typeof setTimeout> | undefined;
    let subscription: Subscription | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(unanswered("TIMED_OUT", subject)), options.timeoutMs);
        subscription = client.subscribe(inbox, {
          callback: (error, message) => {
            if (error !== null) reject(this.#toBarnacleError(error, subject));
            else if (!options.take(toMessage(message))) resolve();
          },
        });
        client.publish(subject, data, { reply: inbox });
      });
    } catch (thrown) {
      throw thrown instanceof BarnacleError ? thrown : this.#toBarnacleError(thrown, subject);
    } finally {
      clearTimeout(timer);
      subscription?.unsubscribe();
    }
  }

  subscribe(subject: string, take: (message: NatsMessage) => void): void {
    this.#subscriptions.push({ subject, take });
    this.#listen(subject, take);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isConnected = false;
    clearTimeout(this.#retry);
    await this.#client?.close();
  }

  async #connect(): Promise<void> {
    const module = this.#module = await import("@nats-io/transport-node");
    if (this.#isClosed) return;
    const { urls, name, caPem } = this.#options;
    const isEncrypted = urls.some((url) => url.startsWith("tls:"));
    const client = await module.connect({
      servers: urls.map((url) => new URL(url.replace(/^[a-z]+:/i, "http:")).host),
      name,
      authenticator: authenticatorsOf(module, this.#options),
      ...(isEncrypted ? { tls: caPem === undefined ? {} : { ca: caPem } } : {}),
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: RECONNECT_MS,
      reconnectJitterTLS: RECONNECT_MS,
      pingInterval: PING_INTERVAL_MS,
      timeout: CONNECT_TIMEOUT_MS,
      // A password that is changed at the server first is refused until it is changed here, and a relay has other things to do.
      ignoreAuthErrorAbort: true,
    });
    this.#client = client;
    if (this.#isClosed) return await client.close();
    for (const { subject, take } of this.#subscriptions) this.#listen(subject, take);
    this.#changed(true);
    for await (const status of client.status()) {
      if (status.type === "disconnect") this.#changed(false);
      else if (status.type === "reconnect") this.#changed(true);
      else if (status.type === "error") this.#changed(this.#isConnected, this.#whyNot(status.error));
    }
  }

  #changed(isConnected: boolean, why?: Error): void {
    this.#isConnected = isConnected && !this.#isClosed;
    if (!this.#isClosed) this.#options.onChange(this.#isConnected, why);
  }

  #listen(subject: string, take: (message: NatsMessage) => void): void {
    this.#client?.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) take(toMessage(message));
      },
    });
  }

  #connected(): Client {
    if (this.#client !== undefined && this.#isConnected) return this.#client;
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: `Ask the NATS server of ${this.#options.urls.join(", ")}`,
      value: "no connection",
      retryable: true,
    });
  }

  /** Why there is no connection, or less of one than is wanted. */
  #whyNot(thrown: unknown): BarnacleError {
    const action = `Connect to the NATS server of ${this.#options.urls.join(", ")}`;
    const module = this.#module;
    const as = (code: ErrorCode) => failure(code, action, thrown, toError(thrown).message);
    if (module === undefined) return fromPlatform(thrown, action, "UNAVAILABLE");
    if (thrown instanceof module.AuthorizationError) return as("UNAUTHORIZED");
    if (thrown instanceof module.UserAuthenticationExpiredError) return as("UNAUTHORIZED");
    if (thrown instanceof module.PermissionViolationError) return as("FORBIDDEN");
    if (thrown instanceof module.TimeoutError) return as("TIMED_OUT");
    return fromPlatform(thrown, action, "UNAVAILABLE");
  }

  #toBarnacleError(thrown: unknown, subject: string): BarnacleError {
    const isTimeout = this.#module !== undefined && thrown instanceof this.#module.TimeoutError;
    return unanswered(isTimeout ? "TIMED_OUT" : "UNAVAILABLE", subject, thrown);
  }
}

function unanswered(code: "TIMED_OUT" | "UNAVAILABLE", subject: string, cause?: unknown): BarnacleError {
  const value = cause instanceof Error ? cause.message : "no answer";
  return new BarnacleError({ code, action: `Ask NATS for ${subject}`, value, cause, retryable: true });
}

function authenticatorsOf(module: Module, { nkey, password, token }: NatsOptions): Authenticator[] {
  return [
    ...(password === undefined ? [] : [module.usernamePasswordAuthenticator(password.user, password.password)]),
    ...(token === undefined ? [] : [module.tokenAuthenticator(token)]),
    ...(nkey === undefined ? [] : [seedAuthenticator(module, nkey)]),
  ];
}

/** @throws `UNAUTHORIZED` for a seed that is none, which the client itself would meet in the middle of a connection */
function seedAuthenticator(module: Module, { jwt, seed }: NonNullable<NatsOptions["nkey"]>): Authenticator {
  const bytes = new TextEncoder().encode(seed);
  try {
    module.nkeys.fromSeed(bytes);
  } catch {
    // What the client says of it may hold some of it.
    throw new BarnacleError({ code: "UNAUTHORIZED", action: "Read the seed of an NKey", wanted: "a seed such as SU…" });
  }
  return jwt === undefined ? module.nkeyAuthenticator(bytes) : module.jwtAuthenticator(jwt, bytes);
}

function toMessage({ data, headers, reply, subject }: Msg): NatsMessage {
  const header = (name: string) => headers?.get(name) ?? "";
  return { subject, reply: reply ?? "", status: headers?.code ?? 0, data, header };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
