/**
 * Connections that are kept: to the nodes named in the configuration, from which others are learnt.
 *
 * Each is a task of the loop that runs when its connection is missing; the loop's backoff, exponential with full jitter, decides when it is
 * dialled again. Source: MoltComm v1, section 7.
 *
 * @module
 */
import { formatPeerAddress, type PeerAddress } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Clock } from "../runtime/port.ts";
import type { Scheduler, Task } from "../scheduler/mod.ts";
import { BOOTSTRAP_BACKOFF, BOOTSTRAP_LIFE_MIN_MS } from "./bounds.ts";
import type { Dialler } from "./dialler.ts";
import type { Gossip } from "./gossip.ts";
import type { Link } from "./link.ts";

/** What keeping connections takes. */
export interface BootstrapsComponents {
  readonly clock: Clock;
  readonly dialler: Dialler;
  readonly gossip: Gossip;
  readonly log: Logger;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** A bootstrap as the status shows it. */
export interface BootstrapView {
  readonly address: string;
  readonly nodeId: string | undefined;
  readonly isConnected: boolean;
}

interface Bootstrap {
  readonly address: PeerAddress;
  readonly text: string;
  /** Who answered there last. */
  nodeId: string | undefined;
  link: Link | undefined;
  connectedAtMs: number;
  /** Connections in a row that ended soon after the handshake. */
  shortLives: number;
  /** What is to be waited before the next one, once. */
  waitMs: number;
  task: Task | undefined;
}

/** Connecting, the handshake, and some time to spare. */
const RUN_TIMEOUT_FACTOR = 3;

/** See the module's description. */
export class Bootstraps {
  readonly #components: BootstrapsComponents;
  readonly #requestTimeoutMs: number;
  readonly #all: Bootstrap[];
  #isStopped = false;

  constructor(
    components: BootstrapsComponents,
    init: { readonly addresses: readonly PeerAddress[]; readonly requestTimeoutMs: number },
  ) {
    this.#components = components;
    this.#requestTimeoutMs = init.requestTimeoutMs;
    this.#all = init.addresses.map((address) => ({
      address,
      text: formatPeerAddress(address),
      nodeId: undefined,
      link: undefined,
      connectedAtMs: 0,
      shortLives: 0,
      waitMs: 0,
      task: undefined,
    }));
  }

  get view(): BootstrapView[] {
    return this.#all.map(({ text, nodeId, link }) => ({ address: text, nodeId, isConnected: link?.isOpen === true }));
  }

  start(): void {
    for (const [index, bootstrap] of this.#all.entries()) {
      bootstrap.task = this.#components.scheduler.add({
        name: `moltcomm_bootstrap_${index + 1}`,
        intervalMs: null,
        timeoutMs: RUN_TIMEOUT_FACTOR * this.#requestTimeoutMs,
        backoff: BOOTSTRAP_BACKOFF,
        logsOwnFailures: true,
        run: () => this.#connect(bootstrap),
      });
      bootstrap.task.nudge();
    }
  }

  stop(): void {
    this.#isStopped = true;
    for (const { task } of this.#all) task?.remove();
  }

  /** A link is gone; a kept one is dialled again. */
  closed(link: Link): void {
    const bootstrap = this.#all.find((each) => each.link === link);
    if (bootstrap === undefined || this.#isStopped) return;
    bootstrap.link = undefined;
    const { clock, log } = this.#components;
    const isShort = clock.monotonicMs() - bootstrap.connectedAtMs < BOOTSTRAP_LIFE_MIN_MS;
    bootstrap.shortLives = isShort ? bootstrap.shortLives + 1 : 0;
    const { initialMs, maxMs } = BOOTSTRAP_BACKOFF;
    // One that takes us in and throws us out at once must not be dialled without a pause.
    bootstrap.waitMs = isShort ? Math.min(maxMs, initialMs * 2 ** Math.min(bootstrap.shortLives, 10)) : 0;
    log.problem(problemOf(bootstrap), "warn", "bootstrap_lost", { address: bootstrap.text });
    bootstrap.task?.nudge();
  }

  async #connect(bootstrap: Bootstrap): Promise<void> {
    const { clock, dialler, gossip, log } = this.#components;
    if (bootstrap.link?.isOpen === true) return;
    this.#waitOnce(bootstrap);
    const dialled = await dialler.dial(bootstrap.address, bootstrap.nodeId, this.#requestTimeoutMs);
    if (dialled.link === undefined) {
      if (dialled.isSelf) this.#isSelf(bootstrap);
      // Perhaps another node lives there now: the next HELLO names nobody.
      bootstrap.nodeId = undefined;
      const { reason, detail } = dialled.failure;
      log.problem(problemOf(bootstrap), "warn", "bootstrap_unreachable", { address: bootstrap.text, reason, detail });
      throw new BarnacleError({ code: "UNAVAILABLE", action: `Reach the bootstrap ${bootstrap.text}`, value: reason });
    }
    const { link, nodeId } = dialled;
    bootstrap.nodeId = nodeId;
    bootstrap.connectedAtMs = clock.monotonicMs();
    bootstrap.link = link;
    link.isKept = true;
    log.resolve(problemOf(bootstrap), "bootstrap_reached", { address: bootstrap.text, node_id: nodeId });
    log.info("bootstrap_connected", { address: bootstrap.text, node_id: nodeId });
    gossip.ask(link);
    // It may have gone in the same moment, before anybody knew whose it was.
    if (!link.isOpen) this.closed(link);
  }

  /** It is asked again all the same, if seldom: whoever stands between can have sent our own words back to us. */
  #isSelf(bootstrap: Bootstrap): never {
    const { text } = bootstrap;
    const message = "This node is its own bootstrap";
    this.#components.log.problem(problemOf(bootstrap), "warn", "bootstrap_is_self", { address: text, message });
    throw new BarnacleError({
      code: "UNAVAILABLE",
      action: `Reach the bootstrap ${text}`,
      value: "this node itself",
      retryable: true,
      retryAfterMs: BOOTSTRAP_BACKOFF.maxMs,
    });
  }

  #waitOnce(bootstrap: Bootstrap): void {
    const { waitMs } = bootstrap;
    if (waitMs === 0) return;
    bootstrap.waitMs = 0;
    const action = `Reach the bootstrap ${bootstrap.text} again`;
    throw new BarnacleError({ code: "UNAVAILABLE", action, retryable: true, retryAfterMs: waitMs });
  }
}

function problemOf({ text }: Bootstrap): string {
  return `moltcomm_bootstrap:${text}`;
}
