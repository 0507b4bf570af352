/** What the tests of delivery share: a simulated host with a journal and a dispatcher, and recipients that do as they are told. @module */
import {
  DeliveryJournal,
  type DeliveryJournalInit,
  Dispatcher,
  type DispatcherInit,
  type OfferedMessage,
} from "../../../../src/mailbox/delivery/mod.ts";
import type { AttemptOutcome, Carrier, KeptNews, OutgoingMessage } from "../../../../src/mailbox/types.ts";
import { createMetrics, type Metrics } from "../../../../src/metrics/mod.ts";
import type { Clock, Runtime } from "../../../../src/runtime/port.ts";
import { createScheduler, type Scheduler } from "../../../../src/scheduler/mod.ts";
import { type SimHost, type SimProcess, SimWorld } from "../../../sim/mod.ts";
import { RecordingLogger } from "../../store/support/recording-logger.ts";

export const DIRECTORY = "/work/.moltcomm";
export const JOURNAL = `${DIRECTORY}/delivery.ndjson`;
export const DAY_MS = 86_400_000;
export const WEEK_MS = 7 * DAY_MS;

export const DELIVERED: AttemptOutcome = { outcome: "delivered" };

export function failedBy(reason: string, byRecipient = false): AttemptOutcome {
  return { outcome: "failed", reason, byRecipient, detail: "" };
}

/** An offer as the outbox makes it; its number is its line and names it. */
export function offer(
  number: number,
  to = "bob",
  init: { readonly msg?: string; readonly id?: string } = {},
): OfferedMessage {
  return { to, msg: init.msg ?? `message ${number}`, id: init.id, line: number, key: `key-${number}` };
}

export function offers(from: number, to: number, recipient = "bob", msg?: string): OfferedMessage[] {
  return Array.from(
    { length: to - from + 1 },
    (_, index) => offer(from + index, recipient, msg === undefined ? {} : { msg }),
  );
}

/** One attempt that was made. */
export interface Attempt extends OutgoingMessage {
  readonly atMs: number;
}

type Answer = (message: OutgoingMessage, clock: Clock) => Promise<AttemptOutcome>;

/** Says what becomes of each attempt; survives the processes that use it. */
export class ScriptedCarrier {
  readonly attempts: Attempt[] = [];
  /** Texts that were to be made ready, each with the number of attempts in flight then. */
  readonly prepared: [msg: string, inFlight: number][] = [];
  answer: Answer;
  inFlight = 0;
  inFlightMost = 0;
  /** Texts that were left with a relay, and those that it was said to keep already. */
  readonly left: string[] = [];
  readonly spared: string[] = [];
  readonly #listeners = new Set<(nodeId: string) => void>();
  readonly #keptListeners = new Set<(news: KeptNews) => void>();

  constructor(answer: Answer = () => Promise.resolve(DELIVERED)) {
    this.answer = answer;
  }

  /** As one process sees it. */
  for(clock: Clock): Carrier {
    const attempt = async ({ id, msg, to }: OutgoingMessage) => {
      this.attempts.push({ to, id, msg, atMs: clock.monotonicMs() });
      this.inFlightMost = Math.max(this.inFlightMost, ++this.inFlight);
      const outcome = await this.answer({ to, id, msg }, clock);
      this.inFlight--;
      return outcome;
    };
    return {
      attempt: (message, keptBy) => {
        if (keptBy !== undefined) this.spared.push(message.msg);
        return attempt(message);
      },
      leave: (message) => {
        this.left.push(message.msg);
        return attempt(message);
      },
      prepare: ({ msg }) => void this.prepared.push([msg, this.inFlight]),
      onReachable: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
      onKept: (listener) => {
        this.#keptListeners.add(listener);
        return () => void this.#keptListeners.delete(listener);
      },
    };
  }

  reachable(nodeId: string): void {
    for (const listener of this.#listeners) listener(nodeId);
  }

  kept(news: KeptNews): void {
    for (const listener of this.#keptListeners) listener(news);
  }

  /** The texts attempted for a recipient, in order. */
  textsTo(to: string): string[] {
    return this.attempts.filter((attempt) => attempt.to === to).map(({ msg }) => msg);
  }
}

/** Resolves after a while, by the process's own clock. */
export function after<T>(clock: Clock, delayMs: number, value: T): Promise<T> {
  return new Promise((resolve) => clock.setTimer(delayMs, () => resolve(value)));
}

/** Never answers. */
export function never(): Promise<AttemptOutcome> {
  return new Promise(() => undefined);
}

export interface Mail {
  readonly runtime: Runtime;
  readonly log: RecordingLogger;
  readonly metrics: Metrics;
  readonly scheduler: Scheduler;
  readonly journal: DeliveryJournal;
  readonly dispatcher: Dispatcher;
}

export interface MailInit extends Partial<Omit<DeliveryJournalInit, "directory">>, Partial<DispatcherInit> {
  readonly carrier?: { for(clock: Clock): Carrier };
}

/** Builds mail in a process; nothing is opened yet. */
export function makeMail(runtime: Runtime, init: MailInit = {}): Mail {
  const { clock, files, random } = runtime;
  const log = new RecordingLogger();
  const metrics = createMetrics();
  const scheduler = createScheduler({ clock, random, log, metrics });
  const {
    carrier = new ScriptedCarrier(),
    giveUpAfterMs = WEEK_MS,
    inFlightPerRecipient = 64,
    recipientsAtOnceMax = 256,
    ...sizes
  } = init;
  const journal = new DeliveryJournal(
    { files, clock, random, log, metrics, scheduler },
    { directory: DIRECTORY, messageBytesMax: 65_536, pendingMax: 100_000, ...sizes },
  );
  const parts = { clock, random, log, metrics, scheduler, carrier: carrier.for(clock), journal };
  return {
    runtime,
    log,
    metrics,
    scheduler,
    journal,
    dispatcher: new Dispatcher(parts, { inFlightPerRecipient, giveUpAfterMs, recipientsAtOnceMax }),
  };
}

/** A host with mail whose journal is open and whose loop runs. */
export interface Bench {
  readonly world: SimWorld;
  readonly host: SimHost;
  /** What is on the journal's lines. */
  readonly records: () => Record<string, unknown>[];
  /** Starts mail in a process of its own. */
  readonly open: (init?: MailInit) => Promise<Mail & { readonly process: SimProcess }>;
}

export function makeBench(seed = 1): Bench {
  const world = new SimWorld({ seed });
  const host = world.addHost("alpha");
  const open = async (init?: MailInit) => {
    const { process, runtime } = host.startIdle();
    const mail = makeMail(runtime, init);
    await world.wait(mail.journal.open());
    mail.scheduler.start();
    return { ...mail, process };
  };
  return { world, host, records: () => recordsIn(host.disk.text(JOURNAL) ?? ""), open };
}

export function recordsIn(text: string): Record<string, unknown>[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

/** The code that a promise rejects with, or `resolved`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => "resolved", ({ code }: { code: string }) => code);
}
