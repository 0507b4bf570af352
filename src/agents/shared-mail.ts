/**
 * Several mailboxes under one identity: which of them a message is for, and that none gets what another has.
 *
 * A message goes to
 *
 * 1. the agent that it names; where none is called so it is refused for good, and its sender is told;
 * 2. else the agent that was the last to write to its sender;
 * 3. else the agent of the daemon's own work directory.
 *
 * Whatever the rule says by then, one that was delivered to an agent once is that agent's: it alone can say that it has it. So a sender's
 * messages wait while an agent that may have them cannot be asked.
 *
 * @module
 */
import type { MailFront, MailSharing } from "../mail.ts";
import { agentNamedBy, type Mailbox } from "../mailbox/mod.ts";
import type { AttemptOutcome, Carrier, DeliveryOutcome, IncomingMessage, OutgoingMessage } from "../moltcomm/mod.ts";
import type { Clock } from "../runtime/port.ts";
import type { Writers } from "./writers.ts";

/** What sharing works with. */
export interface SharedMailComponents {
  readonly clock: Pick<Clock, "wallMs">;
  readonly writers: Writers;
}

/** An agent's mailbox, as far as sharing has to do with it. */
export interface Seat extends Pick<Mailbox, "deliver" | "isBlocked" | "isReady" | "knows" | "onAccepting" | "reachMs"> {
  readonly contacts: MailFront["contacts"];
}

/** The daemon's own agent, whatever it is called. */
export const OWN_AGENT = "";

const CANNOT_STORE: DeliveryOutcome = { outcome: "refused", code: "RATE_LIMIT", detail: "cannot store now" };
const NOT_TAKEN: DeliveryOutcome = {
  outcome: "refused",
  code: "UNSUPPORTED",
  detail: "messages of this sender are not taken",
};
const NO_AGENT: DeliveryOutcome = { outcome: "refused", code: "UNSUPPORTED", detail: "no agent is called so here" };

/** See the module's description. */
export class SharedMail implements MailSharing, MailFront {
  readonly #components: SharedMailComponents;
  /** What the daemon's own agent is called. */
  readonly #ownId: string;
  /** By id: the mailbox, while it is open. */
  readonly #seats: Map<string, Seat | undefined>;
  #nodeId = "";

  /** @param init.ids of the other agents that share */
  constructor(components: SharedMailComponents, init: { readonly ownId: string; readonly ids: readonly string[] }) {
    this.#components = components;
    this.#ownId = init.ownId;
    this.#seats = new Map([OWN_AGENT, ...init.ids].map((id) => [id, undefined]));
  }

  isAgent(id: string): boolean {
    return this.#seats.has(this.#seatOf(id));
  }

  async join(mailbox: Seat, nodeId: string): Promise<MailFront> {
    this.#nodeId = nodeId;
    await this.#components.writers.load();
    this.take(OWN_AGENT, mailbox);
    return this;
  }

  /** An agent's mailbox is there, and sends from now on. */
  take(id: string, mailbox: Seat): void {
    this.#seats.set(id, mailbox);
    mailbox.onAccepting((recipients) => this.#components.writers.wrote(id, recipients));
  }

  /** An agent's mailbox is closed. */
  leave(id: string): void {
    this.#seats.set(id, undefined);
  }

  readonly contacts: MailFront["contacts"] = {
    addressesOf: (nodeId) => [...new Set(this.#open.flatMap(({ contacts }) => contacts.addressesOf(nodeId)))],
    unsealedAtMs: (nodeId) => {
      const allowed = this.#open.map(({ contacts }) => contacts.unsealedAtMs(nodeId) ?? 0);
      return Math.max(0, ...allowed) || undefined;
    },
  };

  /** Those who cannot be asked now take nothing either. */
  get reachMs(): number {
    const reaches = this.#open.filter(({ isReady }) => isReady).map(({ reachMs }) => reachMs);
    return reaches.length === 0 ? 0 : Math.min(...reaches);
  }

  isBlocked(from: string): boolean {
    // One that is not open yet may know the sender.
    return [...this.#seats.values()].every((mailbox) => mailbox?.isBlocked(from) === true);
  }

  deliver(message: IncomingMessage): Promise<DeliveryOutcome> {
    const found = this.#find(message);
    if ("outcome" in found) return Promise.resolve(found);
    if (message.from !== this.#nodeId && found.isBlocked(message.from)) return Promise.resolve(NOT_TAKEN);
    return found.deliver(message);
  }

  /** What one agent writes to another under the same identity does not leave this host. */
  carrierOf(node: Carrier): Carrier {
    return {
      attempt: (message, keptBy) =>
        message.to === this.#nodeId ? this.#deliverHere(message) : node.attempt(message, keptBy),
      leave: (message, keeper) => node.leave(message, keeper),
      prepare: (message) => {
        if (message.to !== this.#nodeId) node.prepare(message);
      },
      onReachable: (listener) => node.onReachable(listener),
      onKept: (listener) => node.onKept(listener),
    };
  }

  async #deliverHere({ id, msg, to }: OutgoingMessage): Promise<AttemptOutcome> {
    const receivedAtMs = this.#components.clock.wallMs();
    const outcome = await this.deliver({ from: this.#nodeId, id, to, msg, receivedAtMs });
    if (outcome.outcome !== "refused") return { outcome: "delivered" };
    return { outcome: "failed", reason: outcome.code, byRecipient: true, detail: outcome.detail };
  }

  /** The mailbox that a message is for, or what is said instead. */
  #find({ from, id }: IncomingMessage): Seat | DeliveryOutcome {
    const named = agentNamedBy(id);
    if (named !== undefined) {
      const seat = this.#seatOf(named);
      return this.#seats.has(seat) ? this.#seats.get(seat) ?? CANNOT_STORE : NO_AGENT;
    }
    // Its messages can lie with nobody else.
    const ids = this.#components.writers.of(from).filter((writer) => this.#seats.has(writer));
    const candidates = (ids.includes(OWN_AGENT) ? ids : [...ids, OWN_AGENT]).map((seat) => this.#seats.get(seat));
    if (candidates.length > 1) {
      for (const mailbox of candidates) {
        if (mailbox?.isReady !== true) return CANNOT_STORE;
        if (mailbox.knows({ from, id })) return mailbox;
      }
    }
    return candidates[0] ?? CANNOT_STORE;
  }

  #seatOf(id: string): string {
    return id === this.#ownId ? OWN_AGENT : id;
  }

  get #open(): Seat[] {
    return [...this.#seats.values()].filter((mailbox) => mailbox !== undefined);
  }
}
