/** What an interoperability test puts on: processes of the agent and of the scripts, which all end with the test. */
import { Stage, type Way } from "../e2e/barnacle.ts";
import { Agent, type AgentInit } from "./agent.ts";
import { Script } from "./script.ts";

export interface Stranger {
  readonly script: Script;
  readonly nodeId: string;
  /** `tcp://HOST:PORT` */
  readonly address: string;
}

export class Bench {
  readonly stage: Stage;
  readonly #scripts: Script[] = [];

  constructor(way: Way) {
    this.stage = new Stage(way);
  }

  async agent(init: AgentInit = {}): Promise<Agent> {
    return await Agent.start(this.stage, init);
  }

  script(
    file: "peer.mjs" | "proxy.mjs" | "hostile.mjs" | "hostile-relay.mjs" | "relay.mjs",
    ...words: readonly string[]
  ): Script {
    const script = new Script(file, words);
    this.#scripts.push(script);
    return script;
  }

  /** A node of the second implementation that listens. */
  async stranger(options: Readonly<Record<string, unknown>> = {}): Promise<Stranger> {
    const script = this.script("peer.mjs");
    const { node_id: nodeId } = await script.ask<{ readonly node_id: string }>("id");
    return { script, nodeId, address: await script.ask<string>("listen", options) };
  }

  /** A stranger that knows the agent and is known to it. */
  async guest(agent: Agent, options: Readonly<Record<string, unknown>> = {}): Promise<Stranger> {
    const stranger = await this.stranger(options);
    await stranger.script.ask("dial", { address: agent.address, to: agent.nodeId });
    return stranger;
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#scripts.map((script) => script.stop()), this.stage.clear()]);
  }
}
