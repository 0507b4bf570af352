/**
 * The mailbox of a running agent: inbox, contacts, outbox and deliveries, each a file or two, put together.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Metrics } from "../metrics/mod.ts";
import type { Clock, Crypto, Files, Random } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { Contacts } from "./contacts.ts";
import { DeliveryJournal, Dispatcher, type DispatcherView } from "./delivery/mod.ts";
import { type ArchiveResult, Inbox, type InboxView } from "./inbox/mod.ts";
import { OutboxFile } from "./outbox/mod.ts";
import type { Carrier, DeliveryOutcome, IncomingMessage } from "./types.ts";

/** What a mailbox works with. */
export interface MailboxComponents {
  readonly files: Files;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Where a mailbox is, whose it is, and how much it takes: what the configuration says under `mailbox`. */
export interface MailboxInit {
  /** `.moltcomm`; it exists. */
  readonly directory: string;
  readonly nodeId: string;
  readonly admit: "anyone" | "contacts";
  readonly messageBytesMax: number;
  readonly unreadPerSenderMax: number;
  readonly unreadMax: number;
  readonly rememberedMax: number;
  readonly pendingMax: number;
  readonly giveUpAfterMs: number;
  readonly archive: boolean;
  readonly inFlightPerRecipient: number;
  /** Whether another agent under this very node id is called so: messages to it go no further than this host. */
  readonly isOwnAgent?: (agent: string) => boolean;
}

/** The mailbox as status and health see it. */
export interface MailboxView {
  readonly inbox: InboxView;
  readonly deliveries: DispatcherView;
  /** Why messages cannot be taken in or sent, for people; `undefined` when all is well. */
  readonly failing: string | undefined;
}

/** A sender may try a little longer than its limit says; see `delivery/patience.ts`. */
const REMEMBERED_LONGER_MS = 24 * 60 * 60_000;
/** Watchers miss things: everything is looked at so often besides. Rather seldom: half of what an idle agent costs is to wake. */
const LOOK_INTERVAL_MS = 30_000;
/** What cannot be watched, or fails, is looked at so often. */
const LOOK_UNWATCHED_INTERVAL_MS = 10_000;
/** Of the interval: a look waits so long for company. */
const LOOK_TOLERANCE_RATIO = 1 / 3;
const LOOK_TIMEOUT_MS = 5 * 60_000;
/** Changes of the outbox that come so close are one. */
const CHANGE_WITHIN_MS = 20;
/** Messages taken from the outbox in one look, so that the first are on their way before the last are read. */
const TAKE_MAX = 2_000;
/** With no room left for messages, the outbox is looked at again so soon. */
const NO_ROOM_MS = 500;

/** See the module's description. Nothing happens before `open`. */
export class Mailbox {
  readonly contacts: Contacts;
  readonly #components: MailboxComponents;
  readonly #init: MailboxInit;
  readonly #inbox: Inbox;
  readonly #outbox: OutboxFile;
  readonly #journal: DeliveryJournal;
  readonly #endings: (() => void)[] = [];
  #dispatcher: Dispatcher | undefined;
  #outboxTask: Task | undefined;
  #inboxTask: Task | undefined;
  #onDelivered: ((from: string) => void) | undefined;
  #onAccepting: ((recipients: readonly string[]) => Promise<void>) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(components: MailboxComponents, init: MailboxInit) {
    const { directory } = init;
    this.#components = components;
    this.#init = init;
    this.contacts = new Contacts(components, { directory });
    this.#inbox = new Inbox(components, { ...init, rememberForMs: init.giveUpAfterMs + REMEMBERED_LONGER_MS });
    this.#outbox = new OutboxFile(components, {
      ...init,
      resolve: (name) => this.contacts.resolve(name),
      names: () => this.contacts.all.map((contact) => contact.name),
      hasAccepted: () => this.#journal.knowsOffers,
    });
    this.#journal = new DeliveryJournal(components, init);
  }

  /** @throws the errors of `Files` when the delivery journal cannot be read */
  async open(): Promise<void> {
    await Promise.all([this.contacts.refresh(), this.#inbox.open(), this.#journal.open()]);
  }

  /** Takes a message from the node. @see Inbox.deliver */
  deliver(message: IncomingMessage): Promise<DeliveryOutcome> {
    const delivery = this.#inbox.deliver(message);
    const listener = this.#onDelivered;
    if (listener === undefined) return delivery;
    return delivery.then((outcome) => {
      if (outcome.outcome === "delivered") listener(message.from);
      return outcome;
    });
  }

  /** Calls `listener` with the sender once a message is durable in the inbox; there is one listener. It must not throw. */
  onDelivered(listener: ((from: string) => void) | undefined): void {
    this.#onDelivered = listener;
  }

  /** Calls `listener` with the recipients of messages before they are accepted from the outbox; it is waited for, and must not reject. */
  onAccepting(listener: (recipients: readonly string[]) => Promise<void>): void {
    this.#onAccepting = listener;
  }

  /** Whether it can be told which messages were delivered here: the inbox has been opened. */
  get isReady(): boolean {
    return this.#inbox.isReady;
  }

  /** Whether a message was delivered here, or is about to be. Asked of one that {@link isReady}. */
  knows(message: Pick<IncomingMessage, "from" | "id">): boolean {
    return this.#inbox.knows(message);
  }

  /** Looks at the agent's cursor. @returns it, and the unread messages of the senders that count */
  async lookAtUnread(
    isCounted: (from: string) => boolean,
  ): Promise<{ readonly cursor: number; readonly unread: number }> {
    await this.#inbox.refresh();
    return { cursor: this.#inbox.view.cursor, unread: this.#inbox.unreadOf(isCounted) };
  }

  /** How far back the memory of delivered messages reaches, in milliseconds. */
  get reachMs(): number {
    return this.#inbox.reachMs;
  }

  /** Whether messages of this node are turned away, whatever they say. */
  isBlocked(nodeId: string): boolean {
    return this.#init.admit === "contacts" ? !this.contacts.isKnown(nodeId) : this.contacts.isBlocked(nodeId);
  }

  /** Sends by `carrier` from now on, and looks after the files as tasks of the loop. */
  start(carrier: Carrier): void {
    const { scheduler } = this.#components;
    this.#dispatcher = new Dispatcher({ ...this.#components, carrier, journal: this.#journal }, this.#init);
    this.#dispatcher.start();
    const watcher = this.contacts.watch(() => contacts.nudge({ withinMs: CHANGE_WITHIN_MS }));
    // Both files lie in one directory: where one cannot be watched, none can.
    const intervalMs = watcher.isSilent ? LOOK_UNWATCHED_INTERVAL_MS : LOOK_INTERVAL_MS;
    const every = { intervalMs, toleranceMs: intervalMs * LOOK_TOLERANCE_RATIO, timeoutMs: LOOK_TIMEOUT_MS };
    const contacts = scheduler.add({ name: "contacts", ...every, run: () => this.#lookAtContacts() });
    const outbox = scheduler.add({ name: "outbox", ...every, run: () => this.#lookAtOutbox() });
    const inbox = scheduler.add({ name: "inbox", ...every, run: () => this.#lookAtInbox() });
    this.#outboxTask = outbox;
    this.#inboxTask = inbox;
    this.#endings.push(
      () => watcher.close(),
      this.#outbox.watch(() => outbox.nudge({ withinMs: CHANGE_WITHIN_MS })),
      () => [contacts, outbox, inbox].forEach((task) => task.remove()),
    );
  }

  get view(): MailboxView {
    const inbox = this.#inbox.view;
    const { failing: journalCode } = this.#journal.view;
    const journal = journalCode === undefined ? undefined : `the delivery journal cannot be written (${journalCode})`;
    return {
      inbox,
      deliveries: this.#dispatcher?.view ?? NO_DELIVERIES,
      failing: inbox.failing ?? journal ?? this.#outbox.view.failing,
    };
  }

  /**
   * The node id that a contact's name stands for.
   *
   * @throws `CONTACT_UNKNOWN` when it is neither a contact's name nor a node id
   */
  resolve(name: string): string {
    const nodeId = this.contacts.resolve(name);
    if (nodeId !== undefined) return nodeId;
    throw new BarnacleError({
      code: "CONTACT_UNKNOWN",
      action: "Find a peer",
      value: JSON.stringify(name),
      wanted: "a contact's name or a node id",
      hint: "barnacle contacts list shows the names",
    });
  }

  /** Moves an inbox that was read to its end aside. @see Inbox.archive */
  archive(): Promise<ArchiveResult> {
    return this.#inbox.archive();
  }

  /** Begins nothing new and waits, a second at most, for answers to what is under way. Idempotent. */
  async drain(): Promise<void> {
    for (const end of this.#endings.splice(0)) end();
    await this.#dispatcher?.stop();
  }

  /** Makes durable what is not yet, and closes. Idempotent. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    await this.drain();
    await Promise.all([this.#inbox.close(), this.#outbox.close(), this.#journal.close()]);
  }

  async #lookAtContacts(): Promise<void> {
    const before = new Map(this.contacts.all.map((contact) => [contact.node_id, contact.unsealed_ts]));
    if (!await this.contacts.refresh()) return;
    // A name that was unknown may be known now, and what waited for leave to go in plain may have it.
    this.#outboxTask?.nudge();
    for (const { node_id: nodeId, unsealed_ts: unsealedTs } of this.contacts.all) {
      if (unsealedTs !== undefined && before.get(nodeId) !== unsealedTs) this.#dispatcher?.nudge(nodeId);
    }
  }

  async #lookAtInbox(): Promise<void> {
    await this.#inbox.refresh();
    // What fails is a disk most of the time, and a disk that works again should be found out soon.
    if (this.#inbox.view.failing !== undefined) this.#inboxTask?.nudge({ withinMs: LOOK_UNWATCHED_INTERVAL_MS });
  }

  async #lookAtOutbox(): Promise<void> {
    const { room } = this.#journal;
    if (room === 0) return this.#outboxTask?.nudge({ withinMs: NO_ROOM_MS });
    const { hasMore, lookAgainInMs } = await this.#outbox.look(async (messages) => {
      await this.#onAccepting?.(messages.map(({ to }) => to));
      await this.#journal.accept(messages);
    }, { takeMax: Math.min(room, TAKE_MAX) });
    if (hasMore) this.#outboxTask?.nudge();
    else if (lookAgainInMs !== undefined) this.#outboxTask?.nudge({ withinMs: lookAgainInMs });
  }
}

const NO_DELIVERIES: DispatcherView = {
  queued: 0,
  inFlight: 0,
  kept: 0,
  delivered: 0,
  failed: 0,
  recipientsWaiting: 0,
  oldestPendingAgeMs: null,
};
