/** What happens on a simulated internet: the real agent and the real relay as processes on its hosts, which all end with the scene. */
import { Stage, type Way } from "../e2e/barnacle.ts";
import { Agent, type AgentInit, nodeIdOf } from "../interop/agent.ts";
import { RelayProcess } from "../interop/relay-process.ts";
import { Script } from "../interop/script.ts";
import { type Host, Internet } from "./internet.ts";

export const AGENT_PORT = 9001;
export const RELAY_PORT = 9003;
const AUTO: Readonly<Record<string, string>> = { BARNACLE_MOLTCOMM_SEALING: "auto" };

/** A host's work directory before its agent runs: who it is. */
export interface Home {
  readonly host: Host;
  readonly stage: Stage;
  readonly folder: string;
  readonly nodeId: string;
}

/** What an agent's status says of relays. */
export interface MailStatus {
  readonly reachable: "yes" | "no" | "unknown";
  readonly relays: readonly { readonly address: string; readonly state: string; readonly round_trip_ms: number }[];
}

/** Where a relay on a host is found. */
export function relayAt(host: Host): string {
  return `relay://${host.ip}:${RELAY_PORT}`;
}

/** Where an agent on a host is found. */
export function agentAt(host: Host): string {
  return `tcp://${host.ip}:${AGENT_PORT}`;
}

export class Scene {
  readonly internet = new Internet();
  readonly #way: Way;
  readonly #stages: Stage[] = [];
  readonly #scripts: Script[] = [];

  constructor(way: Way) {
    this.#way = way;
  }

  /** Makes a host's work directory ready. */
  async home(host: Host): Promise<Home> {
    const stage = this.#stageOn(host);
    const folder = stage.folder();
    await this.#run(stage, "init", "--dir", folder);
    return { host, stage, folder, nodeId: nodeIdOf(folder) };
  }

  /** Tells one where the other is found, as an invitation would. */
  async introduce(one: Home, other: Pick<Home, "nodeId">, ...addresses: readonly string[]): Promise<void> {
    const where = addresses.flatMap((address) => ["--address", address]);
    const name = `host-${other.nodeId.slice(-8).toLowerCase().replace(/[^a-z0-9]/g, "0")}`;
    await this.#run(one.stage, "contacts", "add", "--name", name, ...where, other.nodeId, "--dir", one.folder);
  }

  async agent(home: Home, relays: readonly string[], init: AgentInit = {}): Promise<Agent> {
    return await Agent.start(home.stage, {
      folder: home.folder,
      listen: `tcp://0.0.0.0:${AGENT_PORT}`,
      ...init,
      environment: { ...AUTO, BARNACLE_MOLTCOMM_RELAYS: relays.join(","), ...init.environment },
    });
  }

  /** @param folder of an earlier life */
  async relay(host: Host, folder?: string): Promise<RelayProcess> {
    const listen = `${host.ip}:${RELAY_PORT}`;
    return await RelayProcess.start(this.#stageOn(host), folder === undefined ? { listen } : { listen, folder });
  }

  /** A script of the second implementation on a host. */
  script(host: Host, file: string, ...words: readonly string[]): Script {
    const script = new Script(file, words, host.command);
    this.#scripts.push(script);
    return script;
  }

  /** What the status of a running agent says. */
  async status(home: Home): Promise<MailStatus> {
    const { mail } = JSON.parse(await this.#run(home.stage, "status", "--json", "--dir", home.folder)) as {
      readonly mail: MailStatus;
    };
    return mail;
  }

  /** The addresses in the record that an agent knows of another. */
  async addressesOf(other: Pick<Home, "nodeId">, knownTo: Home): Promise<readonly string[]> {
    const { peers } = JSON.parse(await this.#run(knownTo.stage, "peers", "--json", "--dir", knownTo.folder)) as {
      readonly peers: readonly { readonly node_id: string; readonly addresses: readonly string[] }[];
    };
    return peers.find(({ node_id: nodeId }) => nodeId === other.nodeId)?.addresses ?? [];
  }

  async clear(): Promise<void> {
    await Promise.all([
      ...this.#scripts.map((script) => script.stop()),
      ...this.#stages.map((stage) => stage.clear()),
    ]);
    await this.internet.remove();
  }

  #stageOn(host: Host): Stage {
    const stage = new Stage(this.#way, host.command);
    this.#stages.push(stage);
    return stage;
  }

  async #run(stage: Stage, ...words: readonly string[]): Promise<string> {
    const { exit, stdout, stderr } = await stage.run(words);
    if (exit.code !== 0) throw new Error(`barnacle ${words.join(" ")}: ${stderr}`);
    return stdout;
  }
}
