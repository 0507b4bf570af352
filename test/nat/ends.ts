/** The two that write to each other, and what carries it: of ours, or of the second implementation. */
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import type { LogEvent } from "../e2e/barnacle.ts";
import type { Agent } from "../interop/agent.ts";
import type { RelayProcess } from "../interop/relay-process.ts";
import type { Script } from "../interop/script.ts";
import { findFaults, LineCount, textOf } from "../torture/conversation.ts";
import type { Host } from "./internet.ts";
import { type Home, RELAY_PORT, relayAt, type Scene } from "./scene.ts";

/** One of the two. */
export interface End {
  readonly nodeId: string;
  /** Comes up, and is found at the relay. */
  start(relay: Carrier): Promise<void>;
  /** Messages `from` to `until` for the other. */
  write(to: string, from: number, until: number): void;
  /** How many have come from the other. */
  readonly arrived: { now(): Promise<number> };
  /** Resolves when it has been registered so many times. */
  registered(times: number): Promise<void>;
  /** Ends it. @returns all that is wrong with what came, a line each */
  judge(messages: number): Promise<string[]>;
}

/** The relay. */
export interface Carrier {
  readonly address: string;
  readonly nodeId: string;
  /** Kills it and starts it again. */
  restart(): Promise<void>;
}

export class OurEnd implements End {
  readonly arrived: LineCount;
  readonly #scene: Scene;
  readonly #home: Home;
  #agent: Agent | undefined;

  constructor(scene: Scene, home: Home) {
    this.#scene = scene;
    this.#home = home;
    this.arrived = new LineCount(this.#file("inbox"));
  }

  get nodeId(): string {
    return this.#home.nodeId;
  }

  /** Where its files are, for whoever looks for what went wrong. */
  get folder(): string {
    return this.#home.folder;
  }

  async start(relay: Carrier): Promise<void> {
    this.#agent = await this.#scene.agent(this.#home, [relay.address]);
    await this.registered(1);
  }

  /** Tells it where the other is found. */
  async meet(other: Pick<End, "nodeId">, address: string): Promise<void> {
    await this.#scene.introduce(this.#home, other, address);
  }

  write(to: string, from: number, until: number): void {
    this.#agent?.write(...Array.from({ length: until - from }, (_, at) => ({ to, msg: textOf(from + at) })));
  }

  async registered(times: number): Promise<void> {
    const running = this.#agent?.running;
    const isRegistration = ({ event }: LogEvent) => event === "relay_registered";
    await running?.event("relay_registered", () => running.events.filter(isRegistration).length >= times);
  }

  async judge(messages: number): Promise<string[]> {
    await this.#agent?.running.stop();
    const isFailed = (line: string) => line.includes('"failed"');
    const failed = readFileSync(this.#file("delivery"), "utf8").split("\n").filter(isFailed).length;
    const faults = await findFaults(this.#file("inbox"), messages);
    return failed === 0 ? faults : [...faults, `${failed} messages are told to have failed`];
  }

  #file(name: string): string {
    return join(this.#home.folder, ".moltcomm", `${name}.ndjson`);
  }
}

/** A node of the second implementation. */
export class SecondEnd implements End {
  readonly nodeId: string;
  readonly #script: Script;
  #relay: Carrier | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(script: Script, nodeId: string) {
    this.#script = script;
    this.nodeId = nodeId;
  }

  static async make(scene: Scene, host: Host): Promise<SecondEnd> {
    const script = scene.script(host, "peer.mjs");
    const { node_id: nodeId } = await script.ask<{ readonly node_id: string }>("id");
    return new SecondEnd(script, nodeId);
  }

  readonly arrived = { now: () => Promise.resolve(this.#script.all("direct").length) };

  async start(relay: Carrier): Promise<void> {
    this.#relay = relay;
    await this.#script.ask("register", { address: relay.address, to: relay.nodeId });
  }

  /** One batch after the other: it settles each before the next. */
  write(to: string, from: number, until: number): void {
    const messages = Array.from({ length: until - from }, (_, at) => textOf(from + at));
    const { address, nodeId: relay } = this.#relay as Carrier;
    this.#writing = this.#writing.then(() =>
      this.#script.ask("deliver", { address, relay, to, messages, timeoutMs: 2_000 })
    );
  }

  async registered(times: number): Promise<void> {
    await this.#script.some(times, "registered");
  }

  async judge(messages: number): Promise<string[]> {
    await this.#writing;
    const texts = this.#script.all("direct").map(({ msg }) => msg);
    const wrong = texts.findIndex((text, index) => text !== textOf(index));
    if (wrong >= 0) return [`what came as number ${wrong} is ${JSON.stringify(texts[wrong]).slice(0, 40)}`];
    return texts.length === messages ? [] : [`${texts.length} of ${messages} came`];
  }
}

export class OurRelay implements Carrier {
  readonly address: string;
  readonly #scene: Scene;
  readonly #host: Host;
  #process: RelayProcess;

  private constructor(scene: Scene, host: Host, process: RelayProcess) {
    this.#scene = scene;
    this.#host = host;
    this.#process = process;
    this.address = relayAt(host);
  }

  static async make(scene: Scene, host: Host): Promise<OurRelay> {
    return new OurRelay(scene, host, await scene.relay(host));
  }

  get nodeId(): string {
    return this.#process.nodeId;
  }

  async restart(): Promise<void> {
    await this.#process.running.stop("SIGKILL");
    this.#process = await this.#scene.relay(this.#host, this.#process.folder);
  }
}

export class SecondRelay implements Carrier {
  readonly address: string;
  readonly nodeId: string;
  readonly #start: () => Promise<Script>;
  #script: Script;

  private constructor(init: { address: string; nodeId: string; script: Script; start: () => Promise<Script> }) {
    this.address = init.address;
    this.nodeId = init.nodeId;
    this.#script = init.script;
    this.#start = init.start;
  }

  static async make(scene: Scene, host: Host): Promise<SecondRelay> {
    const { privateKey } = generateKeyPairSync("ed25519");
    const key = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
    const start = async () => {
      const script = scene.script(host, "relay.mjs", key);
      await script.ask("listen", { host: host.ip, port: RELAY_PORT });
      return script;
    };
    const script = await start();
    const { node_id: nodeId } = await script.ask<{ readonly node_id: string }>("id");
    return new SecondRelay({ address: relayAt(host), nodeId, script, start });
  }

  async restart(): Promise<void> {
    await this.#script.stop();
    this.#script = await this.#start();
  }
}
