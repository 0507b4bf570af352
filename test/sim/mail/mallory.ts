/**
 * A hostile node: garbage, floods, forgeries, frames of others played again, connections that say nothing.
 *
 * @module
 */
import type { Connection, Runtime } from "../../../src/runtime/port.ts";
import { drawMs } from "../draw.ts";
import type { SeededRandom } from "../mod.ts";
import { nowAndThen } from "../now-and-then.ts";
import type { Forger } from "./forger.ts";
import { makeFrame, readFrame } from "./frames.ts";
import { MAIL_PORT, type MailFleet } from "./mail-fleet.ts";
import type { Proxy } from "./proxy.ts";
import type { MailHost } from "./record.ts";

const PAUSE_MS = [300, 5_000] as const;
const DIAL_MS = 5_000;
const STAYS_MS = [100, 20_000] as const;
/** Each costs the other side a check of a signature at most. */
const FLOOD_FRAMES = 40;
const IDLE_CONNECTIONS = 20;
const KEPT_MAX = 100;
const MAX_LENGTH_FRAME = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7b);
const ACTS = ["garbage", "tooLong", "half", "flood", "replay", "replay", "forge", "own", "idle", "json"] as const;

const JSONS = [
  "null",
  "[]",
  "{}",
  '{"v":1}',
  '{"v":2,"t":"DIRECT"}',
  '{"v":1,"t":"__proto__","id":"x","from":"y","pub":"z","ts":1,"body":{},"sig":""}',
  `{"v":1,"t":"PING","body":${"[".repeat(2_000)}`,
  '{"v":1,"t":"ERROR","id":"e","from":"x","pub":"y","ts":0,"body":{"code":"BAD_FRAME"},"sig":"z"}',
];

export class Mallory {
  readonly #fleet: MailFleet;
  readonly #proxy: Proxy;
  readonly #forger: Forger;
  readonly #runtime: Runtime;
  readonly #random: SeededRandom;
  readonly #open = new Set<Connection>();
  #number = 0;
  #end: () => void = () => undefined;

  constructor(fleet: MailFleet, proxy: Proxy, forger: Forger) {
    this.#fleet = fleet;
    this.#proxy = proxy;
    this.#forger = forger;
    this.#runtime = fleet.mallory.startIdle({ name: "mallory" }).runtime;
    this.#random = fleet.world.random.fork();
  }

  start(): void {
    this.#end = nowAndThen(this.#fleet.world, { random: this.#random, pauseMs: PAUSE_MS }, () => this.#act());
  }

  end(): void {
    this.#end();
    for (const connection of this.#open) connection.destroy();
  }

  /** Plays again everything that was captured, everywhere. */
  replayAll(): void {
    for (const target of this.#fleet.mailHosts) this.#talk(target, this.#played(target, this.#proxy.captured.slice()));
  }

  #act(): void {
    const random = this.#random;
    const target = random.pick(this.#fleet.mailHosts);
    const act = random.pick(ACTS);
    this.#fleet.world.note(`mallory ${act} ${target.name}`);
    if (act !== "idle") return this.#talk(target, this.#frames(act, target));
    for (let count = 0; count < IDLE_CONNECTIONS; count++) this.#talk(target, []);
  }

  #frames(act: Exclude<(typeof ACTS)[number], "idle">, target: MailHost): Uint8Array[] {
    const random = this.#random;
    const forger = this.#forger;
    const { captured } = this.#proxy;
    switch (act) {
      case "garbage":
        return [random.bytes(random.integer(1, 3_000))];
      case "tooLong":
        return [MAX_LENGTH_FRAME];
      case "half":
        return [forger.own("PING", undefined, { nonce: "half" }).slice(0, random.integer(1, 40))];
      case "json":
        return [makeFrame(random.pick(JSONS))];
      case "flood": {
        const frame = this.#forgedDirect(target);
        return Array.from({ length: FLOOD_FRAMES }, () => frame);
      }
      case "replay":
        if (captured.length === 0) return [];
        return this.#played(target, Array.from({ length: random.integer(1, 30) }, () => random.pick(captured)));
      case "forge":
        return [this.#forgedDirect(target), this.#forgedDirect(target)];
      case "own": {
        const text = `spam ${this.#number++}`;
        return Array.from({ length: 3 }, () => forger.own("DIRECT", target.nodeId, { msg: text }));
      }
    }
  }

  /** Notes what may arrive by his hand before it arrives from its sender. */
  #played({ ledger }: MailHost, frames: readonly Uint8Array[]): Uint8Array[] {
    const known = new Set(ledger.all.map(({ id }) => id));
    for (const frame of frames) {
      const message = readFrame(frame);
      if (message?.t === "DIRECT" && !known.has(message.id)) this.#fleet.record.played.add(message.id);
    }
    return [...frames];
  }

  /** In the name of another host. */
  #forgedDirect(target: MailHost): Uint8Array {
    const from = this.#random.pick(this.#fleet.mailHosts).nodeId;
    return this.#forger.inTheNameOf(from, "DIRECT", target.nodeId, { msg: "<host0-0> forged" });
  }

  #talk({ host }: MailHost, frames: readonly Uint8Array[]): void {
    if (this.#open.size > KEPT_MAX) return;
    const handler = {
      onData: () => undefined,
      onDrain: () => undefined,
      onEnd: () => undefined,
      onClose: () => undefined,
    };
    this.#runtime.network.dial({ host: host.name, port: MAIL_PORT }, handler, { timeoutMs: DIAL_MS }).then(
      (connection) => {
        this.#open.add(connection);
        for (const frame of frames) connection.write(frame);
        this.#fleet.world.after(drawMs(this.#random, STAYS_MS), () => {
          this.#open.delete(connection);
          connection.destroy();
        });
      },
      () => undefined,
    );
  }
}
