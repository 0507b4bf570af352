/**
 * A relay: takes connections, binds each to the node that says `HELLO` on it, and hands frames on by their `to`. Source: MoltComm v1,
 * section 8; section 11, readings 5 to 7.
 *
 * The way of a frame: `relay-link` (the connection) → `forwarder` (whole? whose? for whom? how fast?) → the recipient's link, or
 * `answers` where it is for the relay. What slows or ends a connection: `queues`, `allowance`, `upkeep`.
 *
 * @module
 */
import type { Connection, ConnectionHandler, Listener, SocketAddress } from "../../runtime/port.ts";
import { listen } from "../listen.ts";
import { ReplayMemory } from "../replay-memory.ts";
import { KeyBook, Signer } from "../wire/mod.ts";
import { Addresses } from "./addresses.ts";
import { Budget } from "./allowance.ts";
import { Answers } from "./answers.ts";
import {
  HELLO_MEMORY_MAX,
  HELLO_MEMORY_MS,
  KEYS_MAX,
  PARTIAL_BYTES_ALL_MAX,
  STOP_ENDS_MS,
  UNITS_IN_ALL,
  UNITS_PER_CONNECTION,
} from "./bounds.ts";
import { Counts, type RelayCloseReason } from "./counts.ts";
import { Forwarder } from "./forwarder.ts";
import type { Mailbox } from "./mailbox/mod.ts";
import { MessageOrder } from "./message-order.ts";
import { Queues } from "./queues.ts";
import { RelayLink, type RelayLinkOwner } from "./relay-link.ts";
import { RelayRecord } from "./relay-record.ts";
import { RelayVoice } from "./relay-voice.ts";
import { Rests } from "./rests.ts";
import { Roster } from "./roster.ts";
import type { Relay, RelayComponents, RelayInit, RelayView } from "./types.ts";
import { RelayUpkeep } from "./upkeep.ts";

/** Makes a relay. It does nothing before `start`. */
export function createRelay(components: RelayComponents, init: RelayInit): Relay {
  return new RelayServer(components, init);
}

/** Takes the events of a connection that nobody wants. */
const DEAF: ConnectionHandler = {
  onData: () => undefined,
  onDrain: () => undefined,
  onEnd: () => undefined,
  onClose: () => undefined,
};

class RelayServer implements Relay, RelayLinkOwner {
  readonly nodeId: string;
  readonly #components: RelayComponents;
  readonly #init: RelayInit;
  readonly #parts: ReturnType<RelayServer["assemble"]>;
  readonly #links = new Set<RelayLink>();
  #partialBytes = 0;
  #listener: Listener | undefined;
  #stopped: Promise<void> | undefined;
  #onAllClosed: () => void = () => undefined;

  constructor(components: RelayComponents, init: RelayInit) {
    this.#components = components;
    this.#init = init;
    this.nodeId = init.identity.nodeId;
    this.#parts = this.assemble();
  }

  /** Makes all parts. */
  assemble() {
    const { clock, crypto } = this.#components;
    const { identity, limits, mailbox: box, members, agent, advertise } = this.#init;
    const nowMs = clock.monotonicMs();
    const order = new MessageOrder({ clock });
    const common = { ...this.#components, counts: new Counts(), order, rests: new Rests({ clock }) };
    const signer = new Signer({ crypto }, identity);
    const own = new RelayRecord({ clock, signer }, { advertise });
    const budget = new Budget({
      frames: { perSecond: limits.framesPerSecond },
      bytes: { perSecond: limits.bytesPerSecond },
      units: UNITS_IN_ALL,
    }, nowMs);
    const queues = new Queues(common, limits);
    const voice = new RelayVoice({ ...common, queues, signer, units: budget.units });
    const roster = new Roster(common);
    const mailbox = box?.make({ ...common, members, queues, roster, voice });
    const answers = new Answers({
      ...common,
      keys: new KeyBook({ crypto }, { keysMax: KEYS_MAX }),
      members,
      own,
      replay: new ReplayMemory({ clock }, { keepMs: HELLO_MEMORY_MS, entriesMax: HELLO_MEMORY_MAX }),
      roster,
      voice,
      replaced: (link) => this.#close(link, "replaced"),
      turnAway: (link) => this.#close(link, "hello_rate"),
      registered: (link) => mailbox?.registered(link, () => mayHaveBox(link, clock.monotonicMs())),
      ponged: (link, nonce, isOfNode) => mailbox?.confirmed(link, nonce, isOfNode),
    }, { nodeId: this.nodeId, agent, hasMailbox: mailbox !== undefined });
    const forwarder = new Forwarder({
      ...common,
      answers,
      budget,
      mailbox,
      queues,
      roster,
      voice,
      tooLarge: (link) => this.#tooLarge(link),
      partialChanged: (byBytes) => this.#partialBytes += byBytes,
    }, { ...limits, nodeId: this.nodeId });
    const addresses = new Addresses({ ...limits, newBoxesPerDay: box?.newNodesPerAddressPerDay });
    const upkeep = new RelayUpkeep({
      ...common,
      addresses,
      answers,
      links: this.#links,
      queues,
      close: (link, reason) => this.#close(link, reason),
    });
    return { ...common, budget, own, voice, queues, roster, mailbox, answers, forwarder, addresses, upkeep };
  }

  async start(): Promise<{ readonly address: SocketAddress }> {
    const { log, metrics, network } = this.#components;
    const { listen: { host, port }, members } = this.#init;
    const { answers, counts, mailbox, own, queues, roster, upkeep } = this.#parts;
    // Whoever is told that there is a mailbox finds it.
    await mailbox?.start();
    const address = { scheme: "relay", host, port } as const;
    const listener = await listen(network, (connection) => this.#accept(connection), {
      address,
      isDefault: false,
      log,
      role: "relay",
    });
    this.#listener = listener;
    own.listensOn({ host, port: listener.address.port });
    members?.onChange(() => answers.review());
    counts.register(metrics, {
      connections: ["Connections open.", () => this.#links.size],
      registered: ["Nodes registered.", () => roster.size],
      queued_bytes: ["Bytes that wait for nodes to read them.", () => queues.bytes],
      slow_readers: ["Nodes that have not taken everything.", () => queues.backedUp.size],
      partial_bytes: ["Bytes of frames that are not whole.", () => this.#partialBytes],
      ...mailbox === undefined ? {} : mailboxGauges(mailbox),
    });
    upkeep.start();
    return { address: listener.address };
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  get view(): RelayView {
    const { counts, mailbox, queues, roster } = this.#parts;
    return {
      mailbox: mailbox?.view,
      address: this.#listener?.address,
      connections: this.#links.size,
      registered: roster.size,
      queuedBytes: queues.bytes,
      forwardedFrames: counts.forwardedFrames,
      forwardedBytes: counts.forwardedBytes,
      refusals: Object.fromEntries(counts.refusals),
    };
  }

  onData(link: RelayLink, data: Uint8Array): void {
    try {
      this.#parts.forwarder.take(link, data);
    } catch (thrown) {
      // Our own mistake: one connection pays for it.
      this.#components.log.problem("relay_fault", "error", "relay_fault", { error: thrown });
      this.#close(link, "fault");
    }
    if (this.#partialBytes > PARTIAL_BYTES_ALL_MAX) this.#closeFullest(link);
  }

  onDrain(link: RelayLink): void {
    // A node that takes what was kept for it has newer frames waiting behind.
    if (this.#parts.mailbox?.drained(link) !== true) this.#parts.queues.settled(link);
  }

  /** It will say no more, and is told no more than what is queued. */
  onEnd(link: RelayLink): void {
    this.#unbind(link);
    link.end(this.#components.clock.monotonicMs());
  }

  onClose(link: RelayLink): void {
    if (!this.#links.delete(link)) return;
    const { addresses, order, queues } = this.#parts;
    this.#unbind(link);
    order.closed(link);
    this.#partialBytes -= link.partial?.bytes ?? 0;
    if (link.account !== undefined) addresses.close(link.account, this.#components.clock.monotonicMs());
    queues.settled(link);
    if (this.#links.size === 0) this.#onAllClosed();
  }

  #unbind(link: RelayLink): void {
    const { mailbox, order, roster } = this.#parts;
    const nodeId = link.registration?.nodeId;
    order.lost(link);
    roster.remove(link);
    mailbox?.left(link, nodeId);
  }

  #accept(connection: Connection): ConnectionHandler {
    const { clock } = this.#components;
    const { limits } = this.#init;
    const { addresses, budget, counts, rests, upkeep } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (this.#links.size >= limits.connectionsMax || this.#stopped !== undefined) {
      return this.#turnDown(connection, this.#stopped === undefined ? "connections_max" : "stopped");
    }
    const link = new RelayLink(this, { connection, nowMs });
    link.account = addresses.open(link.remoteKey, nowMs);
    if (link.account === undefined) return this.#turnDown(connection, "address_connections_max");
    link.budget = new Budget({
      frames: { perSecond: limits.framesPerSecondPerNode },
      bytes: { perSecond: limits.bytesPerSecondPerNode },
      units: UNITS_PER_CONNECTION,
    }, nowMs);
    this.#links.add(link);
    upkeep.opened();
    // Whoever owes already is not read before that is paid, or coming again would be worth a read each time.
    const restMs = Math.max(link.account.budget.spend(nowMs, 0, 0), budget.spend(nowMs, 0, 0));
    if (restMs > 0) {
      Counts.add(counts.pauses, "rate");
      link.hold();
      rests.add(restMs, () => link.release());
    }
    return link;
  }

  #turnDown(connection: Connection, reason: RelayCloseReason): ConnectionHandler {
    this.#noteClosed(reason, connection.remote);
    connection.destroy();
    return DEAF;
  }

  #close(link: RelayLink, reason: RelayCloseReason): void {
    if (link.isClosed) return;
    this.#noteClosed(reason, link.connection.remote);
    link.drop();
  }

  #noteClosed(reason: RelayCloseReason, { host, port }: SocketAddress): void {
    Counts.add(this.#parts.counts.closed, reason);
    if (reason === "stopped" || reason === "replaced") return;
    this.#components.log.problem(`relay_closed:${reason}`, "warn", "relay_connection_closed", {
      reason,
      remote: `${host}:${port}`,
    });
  }

  /** Nothing that follows on this connection can be read: it is told why, and ends. */
  #tooLarge(link: RelayLink): void {
    const { counts, voice } = this.#parts;
    const { maxFrameBytes } = this.#init.limits;
    Counts.add(counts.closed, "frame_too_large");
    voice.refuse(link, "bad_frame", `the frame is longer than ${maxFrameBytes} bytes`, undefined);
    this.#unbind(link);
    link.end(this.#components.clock.monotonicMs());
  }

  /** Many have begun a frame and not ended it. */
  #closeFullest(link: RelayLink): void {
    let fullest = link;
    for (const other of this.#links) {
      if ((other.partial?.bytes ?? 0) > (fullest.partial?.bytes ?? 0)) fullest = other;
    }
    this.#close(fullest, "partial_bytes_max");
  }

  async #stop(): Promise<void> {
    const { mailbox, rests, upkeep } = this.#parts;
    await this.#listener?.close();
    upkeep.stop();
    rests.stop();
    const nowMs = this.#components.clock.monotonicMs();
    for (const link of this.#links) link.end(nowMs);
    if (this.#links.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#components.clock.setTimer(STOP_ENDS_MS, resolve);
        this.#onAllClosed = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    for (const link of this.#links) this.#close(link, "stopped");
    await mailbox?.stop();
  }
}

/** Whoever makes up nodes gets no boxes for them all. */
function mayHaveBox({ account }: RelayLink, nowMs: number): boolean {
  if (account?.boxes.has(nowMs, 1) !== true) return false;
  account.boxes.spend(nowMs, 1);
  return true;
}

function mailboxGauges(mailbox: Mailbox): Record<string, readonly [help: string, read: () => number]> {
  return {
    mailbox_frames: ["Frames kept for nodes that are away.", () => mailbox.view.frames],
    mailbox_bytes: ["Bytes of frames kept.", () => mailbox.view.bytes],
    mailbox_nodes: ["Nodes that have a box.", () => mailbox.view.nodes],
    mailbox_handovers: ["Nodes that are being handed what was kept.", () => mailbox.view.handovers],
    mailbox_working: ["Whether frames can be kept: 1 or 0.", () => mailbox.view.isWorking ? 1 : 0],
  };
}
