/** The real relay as a process of its own, as the interoperability tests run it. */
import type { Running, Stage } from "../e2e/barnacle.ts";
import { nodeIdOf } from "./agent.ts";

export interface RelayInit {
  readonly environment?: Readonly<Record<string, string>>;
  /** The work directory of an earlier life. */
  readonly folder?: string;
  /** HOST:PORT; a free port of loopback by default. */
  readonly listen?: string;
}

export class RelayProcess {
  readonly folder: string;
  readonly nodeId: string;
  /** `relay://HOST:PORT` */
  readonly address: string;
  readonly running: Running;

  private constructor(init: { folder: string; nodeId: string; address: string; running: Running }) {
    this.folder = init.folder;
    this.nodeId = init.nodeId;
    this.address = init.address;
    this.running = init.running;
  }

  /** Starts a relay and waits until it listens. */
  static async start(stage: Stage, init: RelayInit = {}): Promise<RelayProcess> {
    const folder = init.folder ?? stage.folder();
    const where = ["--dir", folder, "--http", "127.0.0.1:0", "--listen", init.listen ?? "127.0.0.1:0"];
    const running = stage.start(["relay", ...where, "--log", "json"], { environment: { ...init.environment } });
    const { address } = await running.event("listening", (event) => event["role"] === "relay");
    return new RelayProcess({ folder, nodeId: nodeIdOf(folder), address: `relay://${String(address)}`, running });
  }

  /** `tcp://HOST:PORT`, for nodes that dial it as they dial any. */
  get dialled(): string {
    return this.address.replace("relay:", "tcp:");
  }

  /** A value of its metrics, by what stands between `barnacle_relay_` and the value; 0 where there is none. */
  async sample(name: string): Promise<number> {
    const answer = await fetch(`${await this.running.url("http")}/metrics`);
    const line = (await answer.text()).split("\n").find((text) => text.startsWith(`barnacle_relay_${name} `));
    return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ") + 1));
  }
}
