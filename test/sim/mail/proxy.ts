/**
 * A host in front of others, which passes on what it gets: honestly, or as bad networks and hostile relays do. It drops,
 * doubles, swaps, stalls and plays again whole frames, forges answers and cuts connections.
 *
 * @module
 */
import type { Connection, Runtime } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import type { SeededRandom } from "../mod.ts";
import type { Forger } from "./forger.ts";
import { Frames, readFrame } from "./frames.ts";
import { MAIL_PORT, type MailFleet, PROXY_PORT } from "./mail-fleet.ts";
import { NO_RATES, type ProxyRates } from "./options.ts";

const DIAL_MS = 10_000;
const STALL_MS = [1, 5_000] as const;
const SWAP_WITHIN_MS = 1_000;
const CAPTURED_MAX = 200;

export class Proxy {
  /** Frames that passed, for whoever plays them again. */
  readonly captured: Uint8Array<ArrayBuffer>[] = [];
  readonly random: SeededRandom;
  readonly fleet: MailFleet;
  readonly forger: Forger;
  rates: ProxyRates;
  readonly #runtime: Runtime;

  constructor(fleet: MailFleet, forger: Forger) {
    this.fleet = fleet;
    this.forger = forger;
    this.random = fleet.world.random.fork();
    this.rates = fleet.options.proxy;
    this.#runtime = fleet.proxy.startIdle({ name: "proxy" }).runtime;
  }

  async start(): Promise<void> {
    for (const [index, { host, isProxied }] of this.fleet.mailHosts.entries()) {
      if (!isProxied) continue;
      await this.fleet.world.wait(
        this.#runtime.network.listen(
          { host: "0.0.0.0", port: PROXY_PORT + index },
          (near) => this.#accept(near, host.name),
        ),
      );
    }
  }

  /** From now on it does nothing but pass on. */
  calm(): void {
    this.rates = NO_RATES;
  }

  capture(frame: Uint8Array<ArrayBuffer>): void {
    if (this.captured.length < CAPTURED_MAX) this.captured.push(frame);
    else this.captured[this.random.integer(0, CAPTURED_MAX - 1)] = frame;
  }

  #accept(near: Connection, hostName: string) {
    const there = new Passage(this, near);
    const back = new Passage(this, near);
    back.goTo(near);
    const dialled = this.#runtime.network.dial({ host: hostName, port: MAIL_PORT }, {
      onData: (data) => back.pass(data),
      onDrain: () => undefined,
      onEnd: () => near.end(),
      onClose: () => near.destroy(),
    }, { timeoutMs: DIAL_MS });
    let far: Connection | undefined;
    dialled.then((connection) => {
      far = connection;
      there.goTo(connection);
    }, () => near.destroy());
    return {
      onData: (data: Uint8Array) => there.pass(data),
      onDrain: () => undefined,
      onEnd: () => far?.end(),
      onClose: () => far?.destroy(),
    };
  }
}

/** One direction of a connection. */
class Passage {
  readonly #proxy: Proxy;
  /** Where the connection came from: where forged answers go. */
  readonly #near: Connection;
  readonly #frames = new Frames();
  #target: Connection | undefined;
  #waiting: Uint8Array[] = [];
  #held: Uint8Array | undefined;
  #stalledUntilMs = 0;

  constructor(proxy: Proxy, near: Connection) {
    this.#proxy = proxy;
    this.#near = near;
  }

  goTo(target: Connection): void {
    this.#target = target;
    for (const frame of this.#waiting.splice(0)) target.write(frame);
  }

  pass(data: Uint8Array): void {
    for (const frame of this.#frames.push(data)) this.#frame(frame);
  }

  #frame(frame: Uint8Array<ArrayBuffer>): void {
    const { captured, random, rates } = this.#proxy;
    this.#proxy.capture(frame);
    if (random.chance(rates.forge)) this.#forge(frame);
    if (random.chance(rates.cut)) return this.#near.destroy();
    if (random.chance(rates.drop)) return;
    if (random.chance(rates.stall)) this.#stalledUntilMs = this.#proxy.fleet.nowMs + drawMs(random, STALL_MS);
    if (random.chance(rates.replay)) this.#send(random.pick(captured));
    if (this.#held === undefined && random.chance(rates.swap)) return this.#hold(frame);
    this.#send(frame);
    if (random.chance(rates.duplicate)) this.#send(frame);
    this.#letGo();
  }

  #hold(frame: Uint8Array): void {
    this.#held = frame;
    this.#proxy.fleet.world.after(SWAP_WITHIN_MS, () => this.#letGo());
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#send(held);
  }

  #send(frame: Uint8Array): void {
    const { fleet } = this.#proxy;
    const leftMs = this.#stalledUntilMs - fleet.nowMs;
    if (leftMs > 0) fleet.world.after(leftMs, () => this.#write(frame));
    else this.#write(frame);
  }

  #write(frame: Uint8Array): void {
    if (this.#target === undefined) this.#waiting.push(frame);
    else this.#target.write(frame);
  }

  /** Answers a message in the recipient's place, in the ways in which one might be believed. */
  #forge(frame: Uint8Array): void {
    const message = readFrame(frame);
    if (message !== undefined) this.#proxy.forger.learn(message);
    if (message?.t !== "DIRECT" || this.#target === this.#near) return;
    for (const answer of this.#proxy.forger.answers(message)) this.#near.write(answer);
  }
}
