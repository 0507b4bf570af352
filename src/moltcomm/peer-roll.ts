/**
 * A set of peers from which one can be drawn at random in no time, however many there are.
 *
 * @module
 */
import type { Random } from "../runtime/port.ts";
import type { PeerRecord } from "./wire/types.ts";

/** What is known of a peer. Times are Unix milliseconds. */
export interface KnownPeer {
  readonly record: PeerRecord;
  /** When it last shook hands; `undefined` when we only heard of it. */
  readonly metAtMs: number | undefined;
  readonly agent: string | undefined;
}

/** See the module's description. */
export class PeerRoll {
  readonly #random: Pick<Random, "unit">;
  readonly #indexes = new Map<string, number>();
  readonly #peers: KnownPeer[] = [];

  constructor(components: { readonly random: Pick<Random, "unit"> }) {
    this.#random = components.random;
  }

  get size(): number {
    return this.#peers.length;
  }

  get all(): readonly KnownPeer[] {
    return this.#peers;
  }

  get(nodeId: string): KnownPeer | undefined {
    const index = this.#indexes.get(nodeId);
    return index === undefined ? undefined : this.#peers[index];
  }

  /** Adds the peer, or puts it in the place of what was known of it. */
  set(peer: KnownPeer): void {
    const nodeId = peer.record.peer_id;
    const index = this.#indexes.get(nodeId) ?? this.#peers.length;
    this.#indexes.set(nodeId, index);
    this.#peers[index] = peer;
  }

  delete(nodeId: string): void {
    const index = this.#indexes.get(nodeId);
    if (index === undefined) return;
    this.#indexes.delete(nodeId);
    const last = this.#peers.pop();
    if (last === undefined || index === this.#peers.length) return;
    this.#peers[index] = last;
    this.#indexes.set(last.record.peer_id, index);
  }

  /** One of them, at random. */
  draw(): KnownPeer | undefined {
    return this.#peers[Math.floor(this.#random.unit() * this.#peers.length)];
  }

  /** Up to `count` different ones that pass, at random; looks at four for each that is wanted, or at all when they are few. */
  choose(count: number, passes: (peer: KnownPeer) => boolean): KnownPeer[] {
    const chosen: KnownPeer[] = [];
    if (count <= 0) return chosen;
    const { length } = this.#peers;
    const start = Math.floor(this.#random.unit() * length);
    // A stride without a common divisor meets each peer once, in an order that a start and a stride give by chance.
    const stride = this.#drawStride(length);
    const looks = Math.min(length, Math.max(64, count * 4));
    for (let look = 0; look < looks && chosen.length < count; look++) {
      const peer = this.#peers[(start + look * stride) % length];
      if (peer !== undefined && passes(peer)) chosen.push(peer);
    }
    return chosen;
  }

  #drawStride(length: number): number {
    let stride = 1 + Math.floor(this.#random.unit() * Math.max(1, length - 1));
    while (commonDivisor(stride, length) > 1) stride++;
    return stride;
  }
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
