/**
 * Which agents wrote to whom, the last one first: kept over restarts, and noted before a message is taken from an outbox, so that no answer
 * can come first.
 *
 * @module
 */
import * as z from "zod/mini";
import type { Logger } from "../log/mod.ts";
import { joinPath, JsonStateFile, type StorePorts } from "../store/mod.ts";
import { OWN_AGENT } from "./shared-mail.ts";

/** What they are kept with. */
export interface WritersComponents extends StorePorts {
  readonly log: Logger;
}

/** Recipients remembered; to the one longest not written to by another agent than before, the daemon's own agent counts as writing. */
const RECIPIENTS_MAX = 10_000;
/** A node id and its agents, which are few. */
const BYTES_MAX = 16 * 1024 * 1024;
const PROBLEM = "agent_writers";
const OWN_ONLY: readonly string[] = [OWN_AGENT];

function schema() {
  return z.looseObject({ writers: z.array(z.tuple([z.string(), z.array(z.string())])) });
}

/** See the module's description. */
export class Writers {
  readonly #log: Logger;
  readonly #file: JsonStateFile<z.output<ReturnType<typeof schema>>>;
  /** By recipient, those written to last at the end. Without an entry only the daemon's own agent can have written. */
  readonly #writers = new Map<string, readonly string[]>();

  /** @param init.directory `.moltcomm` of the identity */
  constructor(components: WritersComponents, init: { readonly directory: string }) {
    const { log } = components;
    this.#log = log;
    this.#file = new JsonStateFile({ ...components, logger: log }, {
      path: joinPath(init.directory, "writers.json"),
      schema: schema(),
      bytesMax: BYTES_MAX,
    });
  }

  /** Reads what an earlier process left. @throws `PERMISSION_DENIED`, `IO_ERROR` */
  async load(): Promise<void> {
    const kept = await this.#file.load();
    for (const [recipient, ids] of kept?.writers ?? []) this.#writers.set(recipient, ids);
  }

  /** The agents that wrote to a node, the last one first. */
  of(nodeId: string): readonly string[] {
    return this.#writers.get(nodeId) ?? OWN_ONLY;
  }

  /** An agent is about to write. Resolves when that is durable, or cannot be made so now: then it holds for this process's life. */
  async wrote(agent: string, recipients: readonly string[]): Promise<void> {
    let isChanged = false;
    for (const recipient of recipients) {
      const before = this.of(recipient);
      if (before[0] === agent) continue;
      this.#writers.delete(recipient);
      this.#writers.set(recipient, [agent, ...before.filter((id) => id !== agent)]);
      isChanged = true;
    }
    if (!isChanged) return;
    for (const recipient of this.#writers.keys()) {
      if (this.#writers.size <= RECIPIENTS_MAX) break;
      this.#writers.delete(recipient);
    }
    try {
      await this.#file.save({ writers: Array.from(this.#writers, ([recipient, ids]) => [recipient, [...ids]]) });
      this.#log.resolve(PROBLEM, "agent_writers_kept");
    } catch (thrown) {
      this.#log.problem(PROBLEM, "error", "agent_writers_not_kept", { error: thrown });
    }
  }
}
