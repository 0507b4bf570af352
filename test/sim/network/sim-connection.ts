/**
 * One end of a simulated TCP connection.
 *
 * Between the two ends lie the sender's queue (what `bufferedBytes` tells), a window of bytes which the kernels and the
 * wire hold between them, and the receiver's queue. The window opens again only as the receiver's process takes its
 * data.
 *
 * @module
 */
import type { ErrorCode } from "../../../src/errors.ts";
import type { Connection, ConnectionHandler, SocketAddress } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { DropReason, Resource, SimProcess } from "../process/sim-process.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Lane } from "./lane.ts";

/** What the kernels of both ends hold for one direction. */
const WINDOW_BYTES = 256 * 1024;
/** The most one read or one segment carries. */
const SEGMENT_BYTES = 64 * 1024;
/** Above this much queued, `write` asks to wait. */
const HIGH_WATER_BYTES = 64 * 1024;
/** How often, and how far apart, Linux asks as Node and Bun tell it to. */
const PROBES = 10;
const PROBE_INTERVAL_MS = 1_000;

interface ConnectionInit {
  readonly process: SimProcess;
  readonly label: string;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  /** Towards the peer. */
  readonly lane: Lane;
}

export class SimConnection implements Connection, Resource {
  readonly keepsAlive = true;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly #process: SimProcess;
  readonly #label: string;
  readonly #lane: Lane;
  #peer: SimConnection | undefined;
  #handler: ConnectionHandler | undefined;
  readonly #outgoing = new ByteQueue();
  readonly #incoming = new ByteQueue();
  #inFlightBytes = 0;
  #wantsDrain = false;
  #endWanted = false;
  #endSent = false;
  #endReceived = false;
  #endDelivered = false;
  #isPaused = false;
  #isDelivering = false;
  #state: "open" | "closed" | "vanished" = "open";

  constructor(init: ConnectionInit) {
    this.#process = init.process;
    this.#label = init.label;
    this.local = init.local;
    this.remote = init.remote;
    this.#lane = init.lane;
    init.process.own(this);
  }

  /** Ties two ends together. */
  static join(one: SimConnection, other: SimConnection): void {
    one.#peer = other;
    other.#peer = one;
  }

  /** From now on events reach the process. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    this.#deliverSoon();
  }

  get bufferedBytes(): number {
    return this.#outgoing.lengthBytes;
  }

  write(data: Uint8Array): boolean {
    if (!this.#isUsable || this.#endWanted) return false;
    this.#outgoing.add(data);
    this.#transmit();
    if (this.#outgoing.lengthBytes < HIGH_WATER_BYTES) return true;
    this.#wantsDrain = true;
    return false;
  }

  keepAlive(idleMs: number): boolean {
    const { keepsAlive } = this.#process.host.world.network;
    if (keepsAlive) this.#askIn(idleMs, { idleMs, unanswered: 0 });
    return keepsAlive;
  }

  /** The kernel's question whether the far end's kernel knows of this connection: none while it waits for an acknowledgement. */
  #askIn(delayMs: number, { idleMs, unanswered }: { readonly idleMs: number; readonly unanswered: number }): void {
    const { from, to } = this.#lane;
    const { network } = this.#process.host.world;
    this.#process.after(delayMs, () => {
      if (this.#state !== "open") return;
      // It is sending something again and again: that is its question.
      if (this.#lane.isRepeating) return this.#askIn(idleMs, { idleMs, unanswered: 0 });
      if (network.isOpen(from, to) && network.isOpen(to, from)) {
        const peer = this.#peer;
        if (peer !== undefined && peer.#state === "vanished") return this.fail("CONNECTION_RESET");
        return this.#askIn(idleMs, { idleMs, unanswered: 0 });
      }
      if (unanswered === PROBES) return this.fail("TIMED_OUT");
      this.#askIn(PROBE_INTERVAL_MS, { idleMs, unanswered: unanswered + 1 });
    }, false);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#deliverSoon();
  }

  end(): void {
    if (!this.#isUsable) return;
    this.#endWanted = true;
    this.#transmit();
  }

  destroy(): void {
    if (!this.#isUsable) return;
    this.#leave();
    this.#close(undefined);
  }

  drop(reason: DropReason): void {
    if (this.#state !== "open") return;
    if (reason === "powerCut") {
      this.#state = "vanished";
      this.#lane.close();
    } else {
      this.#leave();
      this.#state = "closed";
    }
  }

  /** The connection is lost at this end. */
  fail(code: ErrorCode): void {
    if (this.#state !== "open") return;
    this.#lane.close();
    this.#close(code);
  }

  get #isUsable(): boolean {
    return this.#state === "open" && this.#process.isRunning;
  }

  /** What the kernel does for a socket that is closed: FIN, or RST when data was never read. */
  #leave(): void {
    const isClean = this.#incoming.lengthBytes === 0;
    this.#outgoing.clear();
    if (!isClean) this.#send("reset");
    else if (!this.#endSent) this.#send("end");
    this.#endSent = true;
  }

  #close(code: ErrorCode | undefined): void {
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#outgoing.clear();
    this.#incoming.clear();
    const error = code === undefined ? undefined : failure(code, `Talk with ${this.remote.host}:${this.remote.port}`);
    // The process stays alive until its handler was told.
    this.#process.after(0, () => {
      this.#process.disown(this);
      if (error === undefined) this.#handler?.onClose();
      else this.#handler?.onClose(error);
    });
  }

  #transmit(): void {
    for (;;) {
      const bytes = Math.min(SEGMENT_BYTES, this.#outgoing.lengthBytes);
      // As TCP, it waits for room rather than send crumbs (RFC 9293, section 3.8.6.2.1).
      if (bytes === 0 || this.#inFlightBytes + bytes > WINDOW_BYTES) break;
      this.#inFlightBytes += bytes;
      const firstBytes = this.#drawSplit(bytes);
      this.#send("data", this.#outgoing.take(firstBytes));
      if (firstBytes < bytes) this.#send("data", this.#outgoing.take(bytes - firstBytes));
    }
    if (this.#outgoing.lengthBytes === 0) this.#afterAllIsSent();
  }

  #afterAllIsSent(): void {
    if (this.#endWanted && !this.#endSent) {
      this.#endSent = true;
      this.#send("end");
      this.#closeIfBothEnded();
    }
    if (!this.#wantsDrain) return;
    this.#wantsDrain = false;
    this.#process.after(0, () => this.#isUsable && this.#handler?.onDrain());
  }

  /** Where a segment breaks in two; its length when it does not. */
  #drawSplit(bytes: number): number {
    const { network, faults } = this.#process.host.world;
    if (bytes < 2 || !network.random.chance(faults.network.splitRate)) return bytes;
    return network.random.integer(1, bytes - 1);
  }

  #send(kind: "data" | "end" | "reset", data?: Uint8Array): void {
    const { world } = this.#process.host;
    const isLost = kind === "data" && !this.#lane.isLoopback &&
      world.network.random.chance(world.faults.network.resetRate);
    if (isLost) world.note(`net ${this.#label} lost`);
    const sizeBytes = data?.length ?? 0;
    this.#lane.send({
      sizeBytes,
      arrive: () => {
        world.note(`net ${this.#label} ${isLost ? "reset" : kind} ${sizeBytes}`);
        this.#peer?.receive(isLost ? "reset" : kind, data);
      },
      giveUp: () => this.fail("TIMED_OUT"),
    });
    if (isLost) this.#close("CONNECTION_RESET");
  }

  /** Something from the peer arrives at this end's kernel. */
  receive(kind: "data" | "end" | "reset", data: Uint8Array | undefined): void {
    if (kind === "reset") {
      this.fail("CONNECTION_RESET");
      return;
    }
    if (this.#state !== "open") {
      if (kind === "data" || this.#state === "vanished") this.#send("reset");
      return;
    }
    if (data === undefined) this.#endReceived = true;
    else this.#incoming.add(data);
    if (this.#process.canRun) this.#deliver();
    else this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#isDelivering || this.#state !== "open") return;
    this.#isDelivering = true;
    this.#process.after(0, () => {
      this.#isDelivering = false;
      this.#deliver();
    });
  }

  /** Hands over one read's worth, or the end; more follows in a step of its own. */
  #deliver(): void {
    if (this.#state !== "open" || this.#handler === undefined || this.#isPaused || this.#isDelivering) return;
    const handler = this.#handler;
    if (this.#incoming.lengthBytes > 0) {
      const data = this.#incoming.take(Math.min(SEGMENT_BYTES, this.#incoming.lengthBytes));
      this.#credit(data.length);
      this.#process.enter(() => handler.onData(data));
      if (this.#incoming.lengthBytes > 0 || this.#endReceived) this.#deliverSoon();
      return;
    }
    if (!this.#endReceived || this.#endDelivered) return;
    this.#endDelivered = true;
    this.#process.enter(() => handler.onEnd());
    this.#closeIfBothEnded();
  }

  #closeIfBothEnded(): void {
    if (this.#endDelivered && this.#endSent) this.#close(undefined);
  }

  /** Tells the sender that its window is open again. It takes a journey only where somebody waits for it. */
  #credit(bytes: number): void {
    const sender = this.#peer;
    if (sender === undefined) return;
    if (sender.#outgoing.lengthBytes === 0 && this.#lane.isOpen) {
      sender.#inFlightBytes -= bytes;
      return;
    }
    this.#lane.send({
      sizeBytes: 0,
      arrive: () => {
        sender.#inFlightBytes -= bytes;
        if (sender.#isUsable) sender.#transmit();
      },
      giveUp: () => sender.fail("TIMED_OUT"),
    });
  }
}
