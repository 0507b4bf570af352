/**
 * Messages on their way into the inbox: admitted or refused on arrival, gathered while a batch is being synced, settled
 * with their batch.
 *
 * @module
 */
import type { Counter, Metrics } from "../../metrics/mod.ts";
import type { Clock, Crypto } from "../../runtime/port.ts";
import type { DeliveryOutcome, IncomingMessage } from "../types.ts";
import type { Backlog } from "./backlog.ts";
import type { Appended } from "./file-listener.ts";
import {
  BATCH_CHARACTERS_MAX,
  BATCH_LINES_MAX,
  SHARED_LINES_MAX,
  WAITING_CHARACTERS_MAX,
  WAITING_LINES_MAX,
} from "./limits.ts";
import { composeRest } from "./line.ts";
import type { DeliveredMemory } from "./memory/memory.ts";

export interface IntakeComponents {
  readonly clock: Clock;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly metrics: Metrics;
  readonly memory: DeliveredMemory;
  readonly backlog: Backlog;
}

export interface IntakeInit {
  readonly messageBytesMax: number;
  readonly unreadPerSenderMax: number;
  readonly unreadMax: number;
  readonly rememberedMax: number;
  /**
   * Makes lines durable, in their order. Never rejects.
   *
   * @param onStored called in the moment in which a line begins to count
   */
  store(rests: readonly string[], onStored: (index: number) => void): Promise<Appended>;
  /**
   * Looks again how much has been read, before a message is refused because too little has; `undefined` when it was
   * just done.
   */
  lookAtCursor(): Promise<void> | undefined;
  /** The memory of delivered messages is full. */
  onMemoryFull(): void;
}

interface Waiting {
  readonly key: string;
  readonly digest: Uint8Array;
  readonly from: string;
  readonly rest: string;
  readonly outcome: Promise<DeliveryOutcome>;
  readonly settle: (outcome: DeliveryOutcome) => void;
}

/** Why a message is turned away, as the metrics tell them apart. */
type Reason = "too_long" | "unread_of_sender" | "unread" | "memory_full" | "storage" | "overload" | "stopping";

const DELIVERED: DeliveryOutcome = Object.freeze({ outcome: "delivered" });
const DUPLICATE: DeliveryOutcome = Object.freeze({ outcome: "duplicate" });
const CANNOT_STORE = "cannot store now";

export class Intake {
  readonly #components: IntakeComponents;
  readonly #init: IntakeInit;
  readonly #delivered: Counter;
  readonly #duplicates: Counter;
  readonly #refused: Counter;
  readonly #syncs: Counter;
  /** Admitted and not settled, by sender and id. */
  readonly #waiting = new Map<string, Waiting>();
  #gathered: Waiting[] = [];
  #gatheredCharacters = 0;
  /** Of the message gathered last. */
  #isFollowed = false;
  #writing: Promise<void> | undefined;
  #looking: Promise<void> | undefined;

  constructor(components: IntakeComponents, init: IntakeInit) {
    this.#components = components;
    this.#init = init;
    const { metrics } = components;
    this.#delivered = metrics.counter("barnacle_mail_delivered_total", "Messages delivered into the inbox.");
    this.#duplicates = metrics.counter("barnacle_mail_duplicates_total", "Messages that had been delivered before.");
    this.#refused = metrics.counter(
      "barnacle_mail_refused_total",
      "Messages turned away by the inbox, by the code the sender was told and the reason.",
      ["code", "reason"],
    );
    this.#syncs = metrics.counter("barnacle_mail_inbox_writes_total", "Writes to the inbox, each with its sync.");
  }

  /** Takes a message. Never rejects. */
  deliver(message: IncomingMessage): Promise<DeliveryOutcome> {
    // A message behind one that waits for the cursor waits too: senders count on their order.
    if (this.#looking !== undefined) return this.#looking.then(() => this.#admit(message, false));
    return this.#admit(message, true);
  }

  /** Whether a message was delivered, or is on its way to be. @param key as `keyOf` makes it */
  knows(key: string): boolean {
    const { crypto, memory } = this.#components;
    return this.#waiting.has(key) || memory.has(crypto.sha256(key));
  }

  /** Turns a message away. */
  refuse(reason: Reason, detail: string = CANNOT_STORE): DeliveryOutcome {
    const code = reason === "too_long" ? "UNSUPPORTED" : "RATE_LIMIT";
    this.#refused.increment({ code, reason });
    return { outcome: "refused", code, detail };
  }

  /** Resolves once nothing is on its way any more. */
  async drained(): Promise<void> {
    while (this.#looking !== undefined || this.#writing !== undefined) {
      await this.#looking;
      await this.#writing;
    }
  }

  #admit(message: IncomingMessage, mayLook: boolean): Promise<DeliveryOutcome> {
    const { crypto, memory, backlog } = this.#components;
    const { from, id } = message;
    const key = keyOf(from, id);
    const twin = this.#waiting.get(key);
    if (twin !== undefined) return twin.outcome.then((outcome) => this.#asTwin(outcome));
    const digest = crypto.sha256(key);
    if (memory.has(digest)) return Promise.resolve(this.#duplicate());
    const refusal = this.#refusal(message);
    if (refusal === "look") {
      const looking = mayLook ? this.#look() : undefined;
      if (looking !== undefined) return looking.then(() => this.#admit(message, false));
      return Promise.resolve(this.#refuseUnread(from));
    }
    if (refusal !== undefined) return Promise.resolve(refusal);
    backlog.expect(from);
    this.#isFollowed = message.isFollowed === true;
    return this.#gather({ key, digest, from, rest: composeRest(message) });
  }

  /** Why the message cannot be taken; `look`: too much is unread, as far as is known. */
  #refusal({ from, msg }: IncomingMessage): DeliveryOutcome | "look" | undefined {
    const { backlog, memory } = this.#components;
    const { messageBytesMax, unreadMax, unreadPerSenderMax, rememberedMax } = this.#init;
    if (isLongerThan(msg, messageBytesMax)) {
      return this.refuse("too_long", `longer than ${messageBytesMax} bytes`);
    }
    if (memory.size + this.#waiting.size >= rememberedMax) {
      this.#init.onMemoryFull();
      return this.refuse("memory_full");
    }
    if (this.#waiting.size >= WAITING_LINES_MAX || this.#gatheredCharacters >= WAITING_CHARACTERS_MAX) {
      return this.refuse("overload");
    }
    return backlog.total >= unreadMax || backlog.of(from) >= unreadPerSenderMax ? "look" : undefined;
  }

  #refuseUnread(from: string): DeliveryOutcome {
    const isSenders = this.#components.backlog.of(from) >= this.#init.unreadPerSenderMax;
    return isSenders
      ? this.refuse("unread_of_sender", "too many of your messages are unread")
      : this.refuse("unread", "too many messages are unread");
  }

  #look(): Promise<void> | undefined {
    const looking = this.#init.lookAtCursor()?.then(() => void (this.#looking = undefined));
    this.#looking = looking;
    return looking;
  }

  #asTwin(outcome: DeliveryOutcome): DeliveryOutcome {
    return outcome.outcome === "delivered" ? this.#duplicate() : outcome;
  }

  #duplicate(): DeliveryOutcome {
    this.#duplicates.increment();
    return DUPLICATE;
  }

  #gather({ key, digest, from, rest }: Pick<Waiting, "key" | "digest" | "from" | "rest">): Promise<DeliveryOutcome> {
    let settle: (outcome: DeliveryOutcome) => void = () => undefined;
    const outcome = new Promise<DeliveryOutcome>((resolve) => settle = resolve);
    const waiting: Waiting = { key, digest, from, rest, outcome, settle };
    this.#waiting.set(key, waiting);
    this.#gathered.push(waiting);
    this.#gatheredCharacters += rest.length;
    this.#writing ??= this.#writeAll();
    return outcome;
  }

  async #writeAll(): Promise<void> {
    // What else arrives in this moment goes with the first.
    await Promise.resolve();
    while (this.#gathered.length > 0) {
      await this.#writeBatch(this.#takeBatch());
      await this.#gatherMore();
    }
    this.#writing = undefined;
  }

  /** Messages that have arrived already share the sync. No others are waited for: their sender may be waiting for the answers. */
  async #gatherMore(): Promise<void> {
    const { clock } = this.#components;
    while (this.#isFollowed && this.#gathered.length < SHARED_LINES_MAX) {
      const before = this.#gathered.length;
      await new Promise<void>((resolve) => clock.nextTurn(resolve));
      if (this.#gathered.length === before) return;
    }
  }

  #takeBatch(): readonly Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { rest } of this.#gathered) {
      if (count === BATCH_LINES_MAX || (count > 0 && characters + rest.length > BATCH_CHARACTERS_MAX)) break;
      characters += rest.length;
      count++;
    }
    const batch = count === this.#gathered.length ? this.#gathered : this.#gathered.slice(0, count);
    this.#gathered = count === this.#gathered.length ? [] : this.#gathered.slice(count);
    this.#gatheredCharacters -= characters;
    return batch;
  }

  /**
   * All of a batch settle together, in their order. The memory of them and the place in the file change in one step.
   */
  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { memory, backlog } = this.#components;
    const { seqs } = await this.#init.store(
      batch.map(({ rest }) => rest),
      (index) => void memory.add((batch[index] as Waiting).digest),
    );
    this.#syncs.increment();
    let delivered = 0;
    for (let index = 0; index < batch.length; index++) {
      const { key, from, settle } = batch[index] as Waiting;
      const seq = seqs[index] as number;
      this.#waiting.delete(key);
      if (seq === 0) this.#refuseStored({ from, settle });
      else {
        backlog.arrived(seq, from);
        delivered++;
        settle(DELIVERED);
      }
    }
    if (delivered > 0) this.#delivered.increment(undefined, delivered);
    if (delivered < batch.length) this.#refuseGathered();
  }

  /** What came behind a message that could not be stored must not be stored before it comes again: senders count on their order. */
  #refuseGathered(): void {
    this.#gatheredCharacters = 0;
    for (const waiting of this.#gathered.splice(0)) {
      this.#waiting.delete(waiting.key);
      this.#refuseStored(waiting);
    }
  }

  #refuseStored({ from, settle }: Pick<Waiting, "from" | "settle">): void {
    this.#components.backlog.release(from);
    settle(this.refuse("storage"));
  }
}

/** What stands for a sender and an id. The length makes the two unmistakable: no other pair gives the same key. */
export function keyOf(from: string, id: string): string {
  return `${from.length}:${from}${id}`;
}

/**
 * Whether the text has more bytes than that as UTF-8. Most texts are so short or so long that nothing needs to be
 * counted.
 */
export function isLongerThan(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return false;
  if (text.length > bytesMax) return true;
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Each half of a surrogate pair is two of its four bytes.
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) bytes += 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes > bytesMax;
}
