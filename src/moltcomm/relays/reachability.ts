/**
 * Whether this node can be dialled, so that its record tells an address only where that leads somewhere.
 *
 * A node that is to be found at relays tells its own address once somebody has connected there. Peers that we connected to are asked to
 * try; what counts is that they come. Source: MoltComm v1, section 8.
 *
 * @module
 */
import { isLoopbackHost } from "../../address.ts";
import type { Clock } from "../../runtime/port.ts";
import type { Link } from "../link.ts";
import { DIALLED_BACK_WITHIN_MS, EVIDENCE_MAX, EVIDENCE_MS } from "./bounds.ts";
import { touch } from "./memory.ts";
import type { Reachable, ReachableMode } from "./types.ts";

/** Addresses that mean something within one network only: RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6598. */
const PRIVATE_HOST_REGEXP =
  /^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe[89ab])/i;
const MAPPED_IPV4_REGEXP = /^::ffff:(?=\d+\.)/i;

/** See the module's description. */
export class Reachability {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #mode: ReachableMode;
  /** Hosts at which somebody connected to us, and when last. */
  readonly #evidence = new Map<string, number>();
  /** Since when a peer has been asked that can dial back, without one that came. */
  #askedAtMs: number | undefined;
  /** The record is another now. */
  onChange: () => void = () => undefined;

  constructor(components: { readonly clock: Pick<Clock, "monotonicMs"> }, init: { readonly mode: ReachableMode }) {
    this.#clock = components.clock;
    this.#mode = init.mode;
  }

  /** Whether peers are to be asked: nobody has said how it is, and nobody has come lately. */
  get isToBeAsked(): boolean {
    return this.#mode === "auto" && !this.#hasEvidence(EVIDENCE_MS / 2);
  }

  /** It was said that nobody can dial us. */
  get isNever(): boolean {
    return this.#mode === "no";
  }

  get verdict(): Reachable {
    if (this.#mode !== "auto") return this.#mode;
    if (this.#hasEvidence(EVIDENCE_MS)) return "yes";
    const isOverdue = this.#askedAtMs !== undefined &&
      this.#clock.monotonicMs() - this.#askedAtMs >= DIALLED_BACK_WITHIN_MS;
    return isOverdue ? "no" : "unknown";
  }

  /**
   * Whether the record names our own address.
   *
   * @param host the one that it would name
   * @param isFoundElsewhere the record names relays: without any, our own address is all there is
   */
  isTold(host: string, isFoundElsewhere: boolean): boolean {
    if (this.#mode !== "auto") return this.#mode === "yes";
    return !isFoundElsewhere || this.#isFresh(this.#evidence.get(plain(host)), EVIDENCE_MS);
  }

  /** Somebody shook hands on a connection that it opened. */
  called({ connection }: Link): void {
    if (connection === undefined || this.#mode !== "auto") return;
    const [local, remote] = [plain(connection.local.host), plain(connection.remote.host)];
    // A host reaches itself behind any NAT, and somebody from outside comes to an inner address by a forwarded port only.
    if (local === remote && !isLoopbackHost(local)) return;
    if (PRIVATE_HOST_REGEXP.test(local) && !PRIVATE_HOST_REGEXP.test(remote)) return;
    const isNew = !this.#isFresh(this.#evidence.get(local), EVIDENCE_MS);
    touch(this.#evidence, local, this.#clock.monotonicMs(), EVIDENCE_MAX);
    this.#askedAtMs = undefined;
    if (isNew) this.onChange();
  }

  /** A peer that knows how was asked to dial back. */
  asked(): void {
    this.#askedAtMs ??= this.#clock.monotonicMs();
  }

  /** Forgets what is too old to show anything. */
  expire(): void {
    for (const [host, atMs] of this.#evidence) {
      if (this.#isFresh(atMs, EVIDENCE_MS)) continue;
      this.#evidence.delete(host);
      this.onChange();
    }
  }

  /** Loopback shows nothing about other hosts. */
  #hasEvidence(withinMs: number): boolean {
    return [...this.#evidence].some(([host, atMs]) => !isLoopbackHost(host) && this.#isFresh(atMs, withinMs));
  }

  #isFresh(atMs: number | undefined, withinMs: number): boolean {
    return atMs !== undefined && this.#clock.monotonicMs() - atMs < withinMs;
  }
}

function plain(host: string): string {
  return host.replace(/^\[|\]$/g, "").replace(MAPPED_IPV4_REGEXP, "").toLowerCase();
}
