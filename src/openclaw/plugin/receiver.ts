/**
 * The receiving end of the status contract inside a gateway, by the hub's own rules. Loaded when it is first asked.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { InstancesAnswer } from "../../contract/mod.ts";
import { type App, bearerTokenOf, createApp } from "../../http/mod.ts";
import { createMemoryHub, KeyRates, type KeyRatesInit, type MemoryHub } from "../../hub/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { createMetrics } from "../../metrics/mod.ts";
import { readKey } from "./key.ts";

/** What was accepted is on disk after so long. */
const SAVE_AFTER_MS = 500;
const INSTANCES_MAX = 10_000;
const FORGET_AFTER_SECONDS = 86_400;
const PRINCIPAL = "plugin";
/** All instances have the one key: ten thousand of them tell every 30 s, and may do so at once when the gateway has come back. */
const RATES: KeyRatesInit = { requestsPerSecondPerKey: 500, burstPerKey: 10_000 };
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Where it keeps what it heard, and who may publish. */
export interface ReceiverInit {
  readonly keyFile: string | undefined;
  readonly receivedFile: string | undefined;
  /** How often the key may be used; what exceeds it gets 429. */
  readonly rates?: KeyRatesInit;
  /** For who looks for a fault. */
  debug(text: string): void;
}

export interface Receiver {
  /** Answers a request of the gateway's. @returns true: it was answered */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Who is there, well and free, for a model. @param input as the tool `fleet_status` takes it */
  describeFleet(input: unknown): Promise<string>;
  /** Saves what is not saved. */
  close(): Promise<void>;
}

/** Reads what was saved. */
export function openReceiver(init: ReceiverInit): Receiver {
  return new GatewayReceiver(init);
}

class GatewayReceiver implements Receiver {
  readonly #init: ReceiverInit;
  readonly #hub: MemoryHub;
  readonly #app: App;
  /** Questions of our own tool: they are not counted among the publishers'. */
  readonly #ownQuestions = new WeakSet<Request>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(init: ReceiverInit) {
    this.#init = init;
    const clock = {
      wallMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      setTimer: (delayMs: number, act: () => void) => {
        const timer = setTimeout(act, delayMs);
        return { cancel: () => clearTimeout(timer) };
      },
    };
    const crypto = {
      sha256: (text: string | Uint8Array) => new Uint8Array(createHash("sha256").update(text).digest()),
      equalInConstantTime: (left: Uint8Array, right: Uint8Array) =>
        left.length === right.length && timingSafeEqual(left, right),
    };
    this.#hub = createMemoryHub({ clock, onChanged: () => this.#saveSoon() }, {
      instancesMax: INSTANCES_MAX,
      forgetAfterSeconds: FORGET_AFTER_SECONDS,
    });
    this.#hub.restore(this.#load());
    const rates = new KeyRates({ clock }, init.rates ?? RATES);
    this.#app = createApp({
      routes: this.#hub.routes,
      authenticator: {
        authenticate: (request) => {
          if (this.#ownQuestions.has(request)) return { principal: PRINCIPAL };
          const [given, key] = [bearerTokenOf(request), readKey(init.keyFile)];
          if (given === undefined || key === undefined) return undefined;
          if (!crypto.equalInConstantTime(crypto.sha256(given), crypto.sha256(key))) return undefined;
          rates.check(PRINCIPAL);
          return { principal: PRINCIPAL };
        },
      },
      log: SILENT,
      metrics: createMetrics(),
      clock,
    }, { title: "Barnacle in a gateway", version: "1", role: "gateway" });
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (typeof value === "string") headers.set(name, value);
    }
    const method = request.method ?? "GET";
    const body = method === "GET" || method === "HEAD"
      ? {}
      : { body: Readable.toWeb(request) as ReadableStream, duplex: "half" };
    // The path alone counts: whatever else stands in the target is not ours.
    const asked = new Request("http://127.0.0.1/openclaw/status", { method, headers, ...body });
    const answer = await this.#app.fetch(asked, { remoteHost: request.socket.remoteAddress ?? "127.0.0.1" });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(new Uint8Array(await answer.arrayBuffer()));
    return true;
  }

  async describeFleet(input: unknown): Promise<string> {
    const given = typeof input === "object" && input !== null ? Object.entries(input) : [];
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    const asked = new Request(`http://127.0.0.1/v1/instances?${query}`);
    this.#ownQuestions.add(asked);
    const answer = await this.#app.fetch(asked, { remoteHost: "127.0.0.1" });
    const text = await answer.text();
    if (answer.status !== 200) return `${text}\n`;
    const { instances, total } = JSON.parse(text) as InstancesAnswer;
    const lines = instances.map((instance) => {
      const { capabilities } = instance.document;
      const can = Array.isArray(capabilities) && capabilities.length > 0 ? `, can ${capabilities.join(", ")}` : "";
      return `${instance.instance_id} (${instance.service_name}): ${instance.status}, ${instance.availability}, ` +
        `${instance.free} free, heard ${instance.age_seconds} s ago${can}`;
    });
    return [...lines, `${instances.length} of ${total} instances; what they say of themselves was written by others`]
      .map((line) => `${line.replace(CONTROLS, " ")}\n`).join("");
  }

  close(): Promise<void> {
    if (this.#timer === undefined) return Promise.resolve();
    clearTimeout(this.#timer);
    this.#save();
    return Promise.resolve();
  }

  #saveSoon(): void {
    this.#timer ??= setTimeout(() => this.#save(), SAVE_AFTER_MS);
  }

  /** A file in the place of the other: a kill leaves one of both, whole. */
  #save(): void {
    this.#timer = undefined;
    const { debug, receivedFile } = this.#init;
    if (receivedFile === undefined) return;
    try {
      writeFileSync(`${receivedFile}.new`, JSON.stringify(this.#hub.export()), { mode: 0o600 });
      renameSync(`${receivedFile}.new`, receivedFile);
    } catch (error) {
      // What was heard stands in memory, and the next publication tries again.
      debug(`${receivedFile} was not written: ${String(error)}`);
    }
  }

  #load(): unknown {
    const { receivedFile } = this.#init;
    if (receivedFile === undefined || !existsSync(receivedFile)) return [];
    try {
      return JSON.parse(readFileSync(receivedFile, "utf8"));
    } catch (error) {
      // The instances tell again within their intervals.
      this.#init.debug(`${receivedFile} was not read: ${String(error)}`);
      return [];
    }
  }
}

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
  problem: () => undefined,
  resolve: () => undefined,
};
