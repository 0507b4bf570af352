/** The real agent with a mailbox, as the interoperability tests run it: its files, its name, its address. */
import { createHash, createPublicKey } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Running, Stage } from "../e2e/barnacle.ts";

/** Limits are for strangers who flood; most tests are about something else. */
export const GENEROUS: Readonly<Record<string, string>> = {
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_CONNECTION: "1000000",
  BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_ADDRESS: "1000000",
  BARNACLE_MOLTCOMM_MESSAGES_PER_SECOND_PER_SENDER: "1000000",
  BARNACLE_MOLTCOMM_MESSAGES_BURST_PER_SENDER: "1000000",
  BARNACLE_MOLTCOMM_NEW_PEERS_PER_MINUTE: "1000000",
  BARNACLE_MAILBOX_UNREAD_PER_SENDER_MAX: "1000000",
  BARNACLE_MAILBOX_UNREAD_MAX: "1000000",
};

export interface InboxLine {
  readonly seq: number;
  readonly received_ts: number;
  readonly from: string;
  readonly id: string;
  readonly to: string;
  readonly msg: string;
}

export interface AgentInit {
  readonly bootstrap?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The work directory of an earlier life. */
  readonly folder?: string;
  /** Where it listens; a free port of loopback by default. */
  readonly listen?: string;
}

export class Agent {
  readonly folder: string;
  readonly nodeId: string;
  /** `tcp://HOST:PORT` */
  readonly address: string;
  readonly running: Running;

  private constructor(init: { folder: string; nodeId: string; address: string; running: Running }) {
    this.folder = init.folder;
    this.nodeId = init.nodeId;
    this.address = init.address;
    this.running = init.running;
  }

  /** Starts an agent and waits until it listens. */
  static async start(stage: Stage, init: AgentInit = {}): Promise<Agent> {
    const folder = init.folder ?? stage.folder();
    const where = ["--dir", folder, "--http", "127.0.0.1:0", "--listen", init.listen ?? "tcp://127.0.0.1:0"];
    const bootstrap = (init.bootstrap ?? []).flatMap((address) => ["--bootstrap", address]);
    const running = stage.start(["run", ...where, ...bootstrap, "--log", "json"], {
      environment: { ...GENEROUS, ...init.environment },
    });
    const { address } = await running.event("listening", (event) => event["role"] === "moltcomm");
    return new Agent({ folder, nodeId: nodeIdOf(folder), address: `tcp://${String(address)}`, running });
  }

  inbox(): InboxLine[] {
    return readLines(join(this.folder, ".moltcomm", "inbox.ndjson")) as InboxLine[];
  }

  /** Appends lines to the outbox as an agent would. */
  write(...lines: readonly { readonly to: string; readonly msg: string }[]): void {
    const text = lines.map((line) => `${JSON.stringify({ ...line, created_ts: Date.now() })}\n`).join("");
    appendFileSync(join(this.folder, ".moltcomm", "outbox.ndjson"), text);
  }

  /** The ids of the messages in a state of the delivery journal. */
  ids(state: "accepted" | "sent" | "delivered" | "failed"): string[] {
    const records = readLines(join(this.folder, ".moltcomm", "delivery.ndjson")) as Record<string, unknown>[];
    return records.filter((record) => record["state"] === state).map((record) => String(record["id"]));
  }

  /** Waits until so many different messages were delivered. */
  async delivered(count: number): Promise<readonly string[]> {
    for (;;) {
      const ids = [...new Set(this.ids("delivered"))];
      if (ids.length >= count) return ids;
      await new Promise((wake) => setTimeout(wake, 20));
    }
  }
}

/** The lines of a file that is being written: the last one may be torn. */
function readLines(path: string): unknown[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").slice(0, -1).filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
}

/** Who the agent in a work directory is, by its key file alone. Source: MoltComm v1, section 1. */
export function nodeIdOf(folder: string): string {
  const key = createPublicKey(readFileSync(join(folder, ".moltcomm", "identity.pem"), "utf8"));
  return `ed25519:${createHash("sha256").update(key.export({ format: "der", type: "spki" })).digest("base64url")}`;
}
