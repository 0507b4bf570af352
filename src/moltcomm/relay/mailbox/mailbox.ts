/**
 * The relay's mailbox: frames for nodes that are away, kept until they register again. Source: MoltComm v1, section 11, reading 11.
 *
 * It acknowledges nothing: a sender keeps its message until the recipient's own `ACK`, and is told so much at most that the frame was
 * kept. Only a `DIRECT` of a registered sender is kept, only for a node that has registered before or is on the relay's list.
 *
 * @module
 */
import { isNodeId } from "../../../contract/mod.ts";
import type { Logger } from "../../../log/mod.ts";
import type { Clock, Random } from "../../../runtime/port.ts";
import type { Scheduler, Task } from "../../../scheduler/mod.ts";
import { ID_CHARACTERS_MAX } from "../bounds.ts";
import { Counts, type RefusalReason } from "../counts.ts";
import type { MessageOrder } from "../message-order.ts";
import { LENGTH_BYTES } from "../partial-frame.ts";
import type { Queues } from "../queues.ts";
import { type Envelope, readEnvelope } from "../read-envelope.ts";
import type { RelayLink } from "../relay-link.ts";
import type { RelayVoice } from "../relay-voice.ts";
import type { Roster } from "../roster.ts";
import type { Members } from "../types.ts";
import { SWEEP_FRAMES, SWEEP_MS, SWEEP_TIMEOUT_MS } from "./bounds.ts";
import { Handover } from "./handover.ts";
import type { FrameStore, FrameStoreView, KeepOutcome, NotKept } from "./types.ts";

/** What the mailbox works with. */
export interface MailboxComponents {
  readonly clock: Clock;
  readonly counts: Counts;
  readonly log: Logger;
  readonly members: Members | undefined;
  readonly order: MessageOrder;
  readonly queues: Queues;
  readonly random: Pick<Random, "uuid">;
  readonly roster: Roster;
  readonly scheduler: Pick<Scheduler, "add">;
  readonly store: FrameStore;
  readonly voice: RelayVoice;
}

const PROBLEM = "relay_mailbox";
const DETAILS: Readonly<Record<NotKept, string>> = {
  unreachable: "to is not registered here",
  mailbox_too_large: "to is away, and its mailbox takes no frame so long",
  mailbox_busy: "to is away, and its mailbox has more to write than it can",
  mailbox_broken: "to is away, and its mailbox cannot be written",
};

/** See the module's description. */
export class Mailbox {
  readonly #components: MailboxComponents;
  readonly #handovers = new Map<RelayLink, Handover>();
  /** By node: how many frames are on their way into the store, and who waits for that to end. */
  readonly #keeping = new Map<string, { count: number; ended: Promise<void>; end: () => void }>();
  #task: Task | undefined;
  #isStopped = false;

  constructor(components: MailboxComponents) {
    this.#components = components;
  }

  get view(): FrameStoreView & { readonly handovers: number; readonly isWorking: boolean } {
    const { store } = this.#components;
    let handovers = 0;
    for (const { isRunning } of this.#handovers.values()) if (isRunning) handovers++;
    return { ...store.view, handovers, isWorking: store.isWorking };
  }

  /** @throws what the store throws */
  async start(): Promise<void> {
    const { scheduler, store } = this.#components;
    store.onNews((nodeId) => this.#heard(nodeId));
    await store.start();
    this.#task = scheduler.add({
      name: "relay_mailbox",
      intervalMs: SWEEP_MS,
      toleranceMs: SWEEP_MS / 5,
      timeoutMs: SWEEP_TIMEOUT_MS,
      run: ({ signal }) => this.#sweep(signal),
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#task?.remove();
    await this.#components.store.stop();
  }

  /** Takes a frame for a node without a connection here; whoever sent it is told what became of it. */
  take(sender: RelayLink, to: string, frame: Uint8Array): void {
    const envelope = readEnvelope(frame.subarray(LENGTH_BYTES));
    const { registration } = sender;
    const { store } = this.#components;
    const isToBeKept = envelope?.t === "DIRECT" && envelope.id !== "" && envelope.id.length <= ID_CHARACTERS_MAX &&
      isNodeId(to) && registration !== undefined && this.#isAllowed(sender, to) && !this.#isStopped;
    if (!isToBeKept) return this.#refuse(sender, envelope, "unreachable");
    const whyNot = store.whyNot(frame.length);
    if (whyNot !== undefined) return this.#refuse(sender, envelope, whyNot);
    const bytes = new Uint8Array(frame);
    const keeping = this.#keep({ to, from: registration.nodeId, id: envelope.id, bytes });
    keeping.then(
      (outcome) => this.#tell(sender, envelope, outcome),
      (thrown: unknown) => {
        this.#problem(thrown);
        this.#tell(sender, envelope, { isKept: false, reason: "mailbox_broken" });
      },
    );
  }

  /** A node has registered: what was kept for it comes before anything newer. */
  registered(link: RelayLink, mayBeNew: () => boolean): void {
    const nodeId = link.registration?.nodeId;
    if (nodeId === undefined || !link.isMember || this.#isStopped) return;
    this.#admit(nodeId, mayBeNew);
    let handover = this.#handovers.get(link);
    if (handover === undefined) {
      const settled = (id: string) => this.#keeping.get(id)?.ended;
      handover = new Handover({ ...this.#components, settled }, link, nodeId);
      this.#handovers.set(link, handover);
    }
    // A HELLO that names nobody may be one that the node said to another relay, played by whoever heard it.
    if (link.registration?.isNamed === true) handover.prove();
    this.#run(handover);
  }

  /** A `PONG` came over a node's link. @param isOfNode checks whether the node itself has signed it */
  confirmed(link: RelayLink, nonce: string, isOfNode: () => boolean): void {
    const handover = this.#handovers.get(link);
    if (handover?.isAwaiting(nonce) !== true || !isOfNode()) return;
    if (handover.isProof(nonce)) {
      handover.prove();
      return this.#run(handover);
    }
    handover.confirmed(nonce).then(
      (isOurs) => isOurs && this.#works(),
      (thrown: unknown) => this.#problem(thrown),
    );
  }

  /** @returns whether it is being handed what was kept, so that there is more to come */
  drained(link: RelayLink): boolean {
    const handover = this.#handovers.get(link);
    handover?.drained();
    return handover?.isRunning === true;
  }

  /** A link is gone, or will get nothing more. Its node was here until now. */
  left(link: RelayLink, nodeId: string | undefined): void {
    const handover = this.#handovers.get(link);
    if (handover === undefined) return;
    this.#handovers.delete(link);
    handover.closed();
    if (nodeId !== undefined && !this.#isStopped) this.#admit(nodeId, () => false);
  }

  /** On a listed relay members have boxes, and nothing passes between two strangers. */
  #isAllowed(sender: RelayLink, to: string): boolean {
    const { members } = this.#components;
    return members === undefined || members.has(to) || sender.isMember;
  }

  async #keep(frame: { to: string; from: string; id: string; bytes: Uint8Array }): Promise<KeepOutcome> {
    const { members, store } = this.#components;
    const keeping = this.#begin(frame.to);
    try {
      const outcome = await store.keep(frame, members?.has(frame.to) === true);
      this.#works();
      return outcome;
    } finally {
      keeping();
    }
  }

  /** Notes that a frame for a node is on its way into the store. @returns what notes that it is there */
  #begin(nodeId: string): () => void {
    let keeping = this.#keeping.get(nodeId);
    if (keeping === undefined) {
      let end = () => undefined as void;
      const ended = new Promise<void>((resolve) => end = resolve);
      this.#keeping.set(nodeId, keeping = { count: 0, ended, end });
    }
    const ours = keeping;
    ours.count++;
    return () => {
      if (--ours.count > 0) return;
      this.#keeping.delete(nodeId);
      ours.end();
      // It may have registered meanwhile, and have been handed everything but this.
      this.#heard(nodeId);
    };
  }

  #tell(sender: RelayLink, envelope: Envelope, outcome: KeepOutcome): void {
    const { counts, voice } = this.#components;
    if (!outcome.isKept) return this.#refuse(sender, envelope, outcome.reason);
    counts.keptFrames++;
    voice.error(sender, "KEPT", "to is away; the frame waits for it here, and its ACK will be its own", envelope);
    for (const frame of outcome.gaveWay) this.#tellOfTheOldest(frame);
  }

  /** What is behind it is not to be kept either, or it would be handed over before. */
  #refuse(sender: RelayLink, envelope: Envelope | undefined, reason: NotKept): void {
    const { order, voice } = this.#components;
    const isTold = voice.refuse(sender, reason, DETAILS[reason], envelope);
    if (envelope !== undefined) order.refused(sender, envelope, { reason, isTold });
  }

  /** The oldest went for a newer one: its sender is told where it is connected, and has kept it in any case. */
  #tellOfTheOldest(frame: Uint8Array): void {
    const { counts, roster, voice } = this.#components;
    const reason: RefusalReason = "mailbox_full";
    const envelope = readEnvelope(frame.subarray(LENGTH_BYTES));
    const sender = envelope === undefined ? undefined : roster.get(envelope.from);
    if (sender === undefined) return Counts.add(counts.refusals, reason);
    voice.refuse(sender, reason, "the mailbox of to is full, and the oldest gave way", envelope);
  }

  #heard(nodeId: string | undefined): void {
    if (this.#isStopped) return;
    if (nodeId === undefined) {
      this.#works();
      for (const handover of this.#handovers.values()) this.#run(handover);
      return;
    }
    const link = this.#components.roster.get(nodeId);
    const handover = link === undefined ? undefined : this.#handovers.get(link);
    if (handover !== undefined) this.#run(handover);
  }

  #run(handover: Handover): void {
    handover.run().catch((thrown: unknown) => this.#problem(thrown));
  }

  #admit(nodeId: string, mayBeNew: () => boolean): void {
    const { store } = this.#components;
    const admitted = async () => {
      if (await store.admit(nodeId, false) || !mayBeNew()) return;
      await store.admit(nodeId, true);
    };
    admitted().catch((thrown: unknown) => this.#problem(thrown));
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { clock, counts, store } = this.#components;
    try {
      for (let gone = SWEEP_FRAMES; gone === SWEEP_FRAMES && !signal.aborted;) {
        gone = await store.sweep();
        counts.expiredFrames += gone;
        await new Promise<void>((resolve) => clock.nextTurn(resolve));
      }
    } catch (thrown) {
      this.#problem(thrown);
      return;
    }
    this.#works();
    for (const handover of this.#handovers.values()) if (handover.isOwed) this.#run(handover);
  }

  #problem(thrown: unknown): void {
    if (this.#isStopped) return;
    this.#components.log.problem(PROBLEM, "error", "relay_mailbox_failed", { error: thrown });
  }

  #works(): void {
    this.#components.log.resolve(PROBLEM, "relay_mailbox_recovered");
  }
}
