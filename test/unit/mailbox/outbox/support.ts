/** An outbox on a simulated host, with a journal that remembers keys as the real one does. */
import { expect } from "vitest";
import { type LookOptions, type LookResult, type NewMessage, OutboxFile } from "../../../../src/mailbox/outbox/mod.ts";
import { createMetrics, type Metrics } from "../../../../src/metrics/mod.ts";
import type { Runtime } from "../../../../src/runtime/port.ts";
import { type SimHost, type SimProcess, SimWorld } from "../../../sim/mod.ts";
import { RecordingLogger } from "../../store/support/recording-logger.ts";

export const DIRECTORY = "/work/.moltcomm";
export const OUTBOX = `${DIRECTORY}/outbox.ndjson`;
export const REJECTED = `${DIRECTORY}/outbox.rejected.ndjson`;
export const STATE = `${DIRECTORY}/state/outbox.bin`;
export const ALICE = `ed25519:${"A".repeat(43)}`;
export const BOB = `ed25519:${"B".repeat(42)}A`;
export const SELF = `ed25519:${"S".repeat(42)}A`;
const CONTACTS: Readonly<Record<string, string>> = { alice: ALICE, bob: BOB };

export interface Rejected {
  readonly line: number;
  readonly reason: string;
  readonly text: string;
  readonly rejected_ts: number;
}

/** Takes each key once. */
export class FakeJournal {
  readonly messages: NewMessage[] = [];
  readonly #keys = new Set<string>();
  /** Calls so far. */
  calls = 0;
  /** How often a known key was offered. */
  repeats = 0;
  fails = false;

  accept(messages: readonly NewMessage[]): void {
    this.calls++;
    if (this.fails) throw new Error("the journal's disk is full");
    for (const message of messages) {
      if (this.#keys.has(message.key)) this.repeats++;
      else this.messages.push(message);
      this.#keys.add(message.key);
    }
  }

  get knowsKeys(): boolean {
    return this.#keys.size > 0;
  }

  get texts(): string[] {
    return this.messages.map((message) => message.msg);
  }
}

export function makeOutbox(
  runtime: Runtime,
  options: {
    readonly messageBytesMax?: number;
    readonly log?: RecordingLogger;
    readonly metrics?: Metrics;
    readonly hasAccepted?: () => boolean;
  } = {},
): OutboxFile {
  const { clock, crypto, files, random } = runtime;
  const log = options.log ?? new RecordingLogger();
  const metrics = options.metrics ?? createMetrics();
  return new OutboxFile({ clock, crypto, files, random, log, metrics }, {
    directory: DIRECTORY,
    messageBytesMax: options.messageBytesMax ?? 1_000,
    resolve: (name) => CONTACTS[name.toLowerCase()],
    names: () => Object.keys(CONTACTS),
    nodeId: SELF,
    isOwnAgent: (agent) => agent === "research",
    ...(options.hasAccepted === undefined ? {} : { hasAccepted: options.hasAccepted }),
  });
}

/** One host with an outbox; every method lets simulated time pass as it must. */
export class Desk {
  readonly world: SimWorld;
  readonly host: SimHost;
  readonly log = new RecordingLogger();
  readonly journal = new FakeJournal();
  metrics = createMetrics();
  process: SimProcess;
  runtime: Runtime;
  outbox: OutboxFile;
  readonly #options: { readonly messageBytesMax?: number };

  constructor(seed = 1, options: { readonly messageBytesMax?: number } = {}) {
    this.#options = options;
    this.world = new SimWorld({ seed });
    this.host = this.world.addHost("alpha");
    this.host.disk.putDirectory(DIRECTORY);
    ({ process: this.process, runtime: this.runtime } = this.host.startIdle());
    this.outbox = this.#makeOutbox();
  }

  /** Writes the whole file, as an editor that is quick. */
  put(text: string | Uint8Array): void {
    this.host.disk.put(OUTBOX, text);
  }

  append(text: string): void {
    this.put((this.host.disk.text(OUTBOX) ?? "") + text);
  }

  get text(): string {
    return this.host.disk.text(OUTBOX) ?? "";
  }

  async look(options: LookOptions = {}): Promise<LookResult> {
    return await this.world.wait(this.outbox.look(async (messages) => {
      await this.runtime.files.stat(DIRECTORY);
      this.journal.accept(messages);
    }, options));
  }

  /** Looks as often as is asked for, until nothing is left to do. */
  async rest(): Promise<void> {
    for (let looks = 0; looks < 50; looks++) {
      const { lookAgainInMs, hasMore } = await this.look();
      if (lookAgainInMs === undefined && !hasMore) return;
      await this.world.run(hasMore ? 1 : lookAgainInMs ?? 1);
    }
    throw new Error("the outbox never comes to rest");
  }

  /** Kills the process and starts another. */
  restart(): void {
    this.process.kill();
    ({ process: this.process, runtime: this.runtime } = this.host.startIdle());
    this.metrics = createMetrics();
    this.outbox = this.#makeOutbox();
  }

  #makeOutbox(): OutboxFile {
    const hasAccepted = () => this.journal.knowsKeys;
    return makeOutbox(this.runtime, { ...this.#options, log: this.log, metrics: this.metrics, hasAccepted });
  }

  get rejected(): Rejected[] {
    return rejectedOf(this.host);
  }

  /** What was taken since the last call. */
  news(): string[] {
    return this.journal.messages.splice(0).map((message) => message.msg);
  }
}

export function rejectedOf(host: SimHost): Rejected[] {
  const lines = (host.disk.text(REJECTED) ?? "").split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Rejected);
}

/** A line as the contract has it, without its newline. */
export function line(msg: string, to = ALICE, createdAtMs = 1_700_000_000_000): string {
  return JSON.stringify({ to, msg, created_ts: createdAtMs });
}

export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${line(text)}\n`).join("");
}

/** What the file holds after a single look and a rest. */
export async function readText(text: string | Uint8Array): Promise<{ messages: NewMessage[]; rejected: Rejected[] }> {
  const desk = new Desk();
  desk.put(text);
  await desk.rest();
  expect(desk.journal.repeats).toBe(0);
  return { messages: [...desk.journal.messages], rejected: desk.rejected };
}
