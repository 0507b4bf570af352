/** A recipient that sleeps, and the relay that keeps its mail meanwhile, as both ends of the protocol want them. @module */
import type { AttemptOutcome, Carrier, Keeper, KeptNews, OutgoingMessage } from "../../../../src/mailbox/types.ts";
import type { Clock } from "../../../../src/runtime/port.ts";
import { SeededRandom } from "../../../sim/random.ts";
import { after, DELIVERED, failedBy } from "./support.ts";

/** Probabilities for each frame, or each message handed over. */
export interface SleepingFaults {
  /** The sender's connection to the relay breaks: with it goes what is under way. */
  readonly lostRate: number;
  /** The recipient refuses this one, and all behind it that come at once. */
  readonly refusedRate: number;
  /** It dies while it is handed what was kept: the relay thinks the rest taken. */
  readonly diesRate: number;
  /** Attempts reach it at an address of its own, and not over the relay. */
  readonly directRate: number;
}

export const NO_TROUBLE: SleepingFaults = { lostRate: 0, refusedRate: 0, diesRate: 0, directRate: 0 };
export const RELAY = { address: "relay://relay.example:9001", nodeId: "ed25519:relay" } as const;

export class SleepingEnd {
  readonly inbox: string[] = [];
  /** Texts that the relay was sent, each time. */
  readonly uploads: string[] = [];
  /** Texts that the recipient was sent otherwise. */
  readonly direct: string[] = [];
  /** By id, in order; one that comes again keeps its place. */
  readonly box = new Map<string, string>();
  isAwake = false;
  /** The relay drops what it says to keep. */
  isLying = false;
  /** The relay refuses longer messages. */
  charactersMax = Number.POSITIVE_INFINITY;
  faults = NO_TROUBLE;
  readonly #random: SeededRandom;
  readonly #seen = new Set<string>();
  readonly #listeners = new Set<{ readonly news: (news: KeptNews) => void; readonly back: () => void }>();
  #keeper: Keeper = { ...RELAY };
  /** Whether the relay knows that something of the sender's may have been lost with the recipient. */
  #hasGap = false;
  #to = "";
  #inFlight = 0;
  #isBroken = false;
  #answeredAtMs = 0;

  constructor(seed = 1) {
    this.#random = new SeededRandom(seed);
  }

  /** As one process of the sender sees it. */
  for(clock: Clock): Carrier {
    const listeners = { news: (_: KeptNews) => undefined as void, back: () => undefined as void };
    this.#listeners.clear();
    this.#listeners.add(listeners);
    this.loseConnection();
    this.#inFlight = 0;
    this.#answeredAtMs = 0;
    const carry = async (take: () => AttemptOutcome) => {
      const keeper = this.#keeper;
      if (this.#inFlight++ === 0) this.#isBroken = false;
      const outcome = this.#isBroken || this.#breaks() ? failedBy("CONNECTION_LOST") : take();
      await after(clock, this.#delayMs(clock), undefined);
      if (this.#listeners.has(listeners)) this.#inFlight--;
      // Answers over a connection that breaks meanwhile do not come.
      return keeper === this.#keeper ? outcome : failedBy("CONNECTION_LOST");
    };
    return {
      attempt: (message, keptBy) => carry(() => this.#attempt(message, keptBy, clock)),
      leave: (message, keeper) => carry(() => this.#leave(message, keeper, clock)),
      onReachable: (listener) => {
        listeners.back = () => listener(this.#to);
        return () => undefined;
      },
      onKept: (listener) => {
        listeners.news = listener;
        return () => undefined;
      },
    };
  }

  /** The sender's connection to the relay is gone; there is another at once. */
  loseConnection(): void {
    this.#keeper = { ...RELAY };
    this.#hasGap = false;
  }

  /** It registers at the relay, which hands over what it keeps. */
  wake(clock: Clock): void {
    this.isAwake = true;
    this.#handOver(clock);
  }

  /** The sender hears of it otherwise. */
  show(): void {
    for (const { back } of this.#listeners) back();
  }

  /** The relay lets the oldest go. */
  dropOldest(clock: Clock): void {
    const [id] = this.box.keys();
    if (id === undefined) return;
    this.box.delete(id);
    this.tell(clock, { to: this.#to, id, what: "dropped" });
  }

  #attempt(message: OutgoingMessage, keptBy: Keeper | undefined, clock: Clock): AttemptOutcome {
    this.#to = message.to;
    // Where it is the first, the sender has said HELLO anew.
    if (this.#inFlight === 1) this.#hasGap = false;
    if (this.#hasGap) return failedBy("RATE_LIMIT");
    if (!this.isAwake) return keptBy === this.#keeper ? this.#kept() : this.#upload(message);
    if (!this.#random.chance(this.faults.directRate)) this.#handOver(clock);
    return this.#take(message);
  }

  #leave(message: OutgoingMessage, keeper: Keeper, clock: Clock): AttemptOutcome {
    if (keeper !== this.#keeper) return failedBy("CONNECTION_LOST");
    if (this.#hasGap) return failedBy("RATE_LIMIT");
    if (!this.isAwake) return this.#upload(message);
    this.#handOver(clock);
    return this.#take(message);
  }

  #upload({ id, msg }: OutgoingMessage): AttemptOutcome {
    this.uploads.push(msg);
    if (msg.length > this.charactersMax) {
      // What is behind it is refused as well, until its sender has shown that it knows.
      this.#hasGap = true;
      return failedBy("UNREACHABLE");
    }
    if (!this.isLying) this.box.set(id, msg);
    return this.#kept();
  }

  #kept(): AttemptOutcome {
    return { outcome: "failed", reason: "KEPT", byRecipient: false, detail: "", keeper: this.#keeper };
  }

  #take({ id, msg }: OutgoingMessage): AttemptOutcome {
    if (!this.isAwake) return failedBy("TIMED_OUT");
    this.direct.push(msg);
    if (this.#random.chance(this.faults.refusedRate)) {
      this.#die();
      return failedBy("RATE_LIMIT", true);
    }
    this.#deliver(id, msg);
    return DELIVERED;
  }

  #handOver(clock: Clock): void {
    const kept = [...this.box];
    this.box.clear();
    const { diesRate, refusedRate } = this.faults;
    let isRefusing = false;
    for (const [id, msg] of kept) {
      if (this.#random.chance(diesRate)) return this.#die();
      isRefusing ||= this.#random.chance(refusedRate);
      if (!isRefusing) this.#deliver(id, msg);
      this.tell(clock, { to: this.#to, id, what: isRefusing ? "refused" : "delivered" });
    }
    // Its connection may refuse what follows as well: as if it were gone.
    if (isRefusing) this.#die();
  }

  #die(): void {
    this.isAwake = false;
    this.#hasGap = true;
  }

  #deliver(id: string, msg: string): void {
    if (!this.#seen.has(id)) this.inbox.push(msg);
    this.#seen.add(id);
  }

  /** The sender hears of a message that is kept. */
  tell(clock: Clock, news: KeptNews): void {
    const keeper = this.#keeper;
    clock.setTimer(this.#delayMs(clock), () => {
      if (keeper === this.#keeper) { for (const listeners of this.#listeners) listeners.news(news); }
    });
  }

  /** Answers come in the order of what they answer. */
  #delayMs(clock: Clock): number {
    const nowMs = clock.monotonicMs();
    this.#answeredAtMs = Math.max(this.#answeredAtMs, nowMs + this.#random.integer(1, 20));
    return this.#answeredAtMs - nowMs;
  }

  #breaks(): boolean {
    const isBroken = this.#random.chance(this.faults.lostRate);
    if (isBroken) this.loseConnection();
    this.#isBroken = isBroken;
    return isBroken;
  }
}
