/**
 * One direction between two hosts for one connection: in order, with latency and bandwidth. What meets a closed path
 * waits and goes on some time after the path opens again, as TCP's retransmission does; what waits too long is given
 * up.
 *
 * @module
 */
import type { Timer } from "../../../src/runtime/port.ts";
import { drawMs, quantizeMs } from "../draw.ts";
import type { SimHost } from "../host.ts";
import type { SeededRandom } from "../random.ts";
import type { SimNetwork } from "./sim-network.ts";

/** Linux gives up after 15 retransmissions, about 924 s. Source: tcp(7), `tcp_retries2` */
const GIVE_UP_MS = 924_000;
/** From a path's opening to the next retransmission. */
const RETRANSMIT_MS = [1, 1_000] as const;

/** Something under way. */
export interface Parcel {
  readonly sizeBytes: number;
  arrive(): void;
  /** The sender's kernel gives up. */
  giveUp(): void;
}

export class Lane {
  readonly from: SimHost;
  readonly to: SimHost;
  readonly #network: SimNetwork;
  readonly #random: SeededRandom;
  #busyUntilMs = 0;
  #lastArrivalMs = 0;
  #waiting: Parcel[] = [];
  /** Everything under way, in order: nothing overtakes what waits. */
  readonly #underWay: Parcel[] = [];
  readonly #mapping: number;
  #givingUp: Timer | undefined;

  constructor(network: SimNetwork, from: SimHost, to: SimHost) {
    this.#network = network;
    this.#random = network.random;
    this.from = from;
    this.to = to;
    this.#mapping = network.mapping(from, to);
  }

  get isLoopback(): boolean {
    return this.from === this.to;
  }

  get isOpen(): boolean {
    return this.#waiting.length === 0 && this.#isPath;
  }

  /** Whether something is sent again and again because the path is closed: not what only makes room, which is not repeated. */
  get isRepeating(): boolean {
    return this.#waiting.some(({ sizeBytes }) => sizeBytes > 0);
  }

  send(parcel: Parcel): void {
    this.#underWay.push(parcel);
    if (this.#waiting.length > 0) this.#waiting.push(parcel);
    else this.#dispatch(parcel, 0);
  }

  /** The path may have opened: what waits goes on. */
  retry(): void {
    if (!this.#isPath) return;
    this.#givingUp?.cancel();
    this.#network.stalled.delete(this);
    const waiting = this.#waiting;
    this.#waiting = [];
    const delayMs = drawMs(this.#random, RETRANSMIT_MS);
    for (const parcel of waiting) this.#dispatch(parcel, delayMs);
  }

  /** Nothing more arrives. */
  close(): void {
    this.#waiting = [];
    this.#givingUp?.cancel();
    this.#network.stalled.delete(this);
  }

  get #isPath(): boolean {
    const { from, to } = this;
    return this.#network.mapping(from, to) === this.#mapping && this.#network.isOpen(from, to);
  }

  #dispatch(parcel: Parcel, delayMs: number): void {
    const { clock } = this.#network.world;
    const nowMs = clock.monotonicMs();
    const { latencyMs, bytesPerMs } = this.#network.linkBetween(this.from, this.to);
    this.#busyUntilMs = Math.max(nowMs + delayMs, this.#busyUntilMs) + quantizeMs(parcel.sizeBytes / bytesPerMs);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#busyUntilMs + drawMs(this.#random, latencyMs));
    clock.setTimer(this.#lastArrivalMs - nowMs, () => {
      if (this.#underWay[0] !== parcel) {
        // What was sent before it is sent again: it comes behind that.
        if (this.#waiting.length > 0) this.#waiting.push(parcel);
        else this.#dispatch(parcel, 0);
      } else if (this.isOpen) {
        this.#underWay.shift();
        parcel.arrive();
      } else this.#stall(parcel);
    });
  }

  #stall(parcel: Parcel): void {
    this.#waiting.push(parcel);
    if (this.#waiting.length > 1) return;
    this.#network.stalled.add(this);
    this.#givingUp = this.#network.world.clock.setTimer(GIVE_UP_MS, () => {
      const waiting = this.#waiting;
      this.close();
      for (const parcel of waiting) parcel.giveUp();
    });
  }
}
