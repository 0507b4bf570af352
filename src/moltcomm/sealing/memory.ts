/**
 * Which nodes took sealed messages once: `.moltcomm/sealing.json`. To them nothing goes in plain any more unless the operator says so.
 *
 * Nodes to which something was sealed are kept apart from those that only said that they would take it, so that strangers who come
 * and go crowd out no one. The first sealed message to a node waits until that is on disk.
 *
 * @module
 */
import * as z from "zod/mini";
import { isBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Clock, Files, Random } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import { joinPath, JsonStateFile } from "../../store/mod.ts";
import { SEALING_FILE_BYTES_MAX, SEALING_NODES_MAX, SEALING_SAVE_MS, SEALING_SAVE_WITHIN_MS } from "../bounds.ts";

/** What the memory works with. */
export interface SealingMemoryComponents {
  readonly clock: Pick<Clock, "wallMs">;
  readonly files: Files;
  readonly log: Logger;
  readonly random: Random;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** What is known of one node. Times are Unix milliseconds. */
export interface SealingNode {
  /** When it announced sealing for the first time, or for the first time since plain messages to it were allowed. */
  readonly announcedAtMs: number;
  /** When something was first sealed to it; `null` when nothing was. */
  readonly sealedAtMs: number | null;
}

interface SavedNode {
  readonly node_id: string;
  readonly announced_at: number;
  readonly sealed_at: number | null;
}

interface Saved {
  readonly v: 1;
  readonly nodes: SavedNode[];
}

const SAVE_TIMEOUT_MS = 30_000;
const PROBLEM = "moltcomm_sealing";

function sealingPath(directory: string): string {
  return joinPath(directory, "sealing.json");
}

function schema(): z.ZodMiniType<Saved> {
  const node = z.object({ node_id: z.string(), announced_at: z.number(), sealed_at: z.nullable(z.number()) });
  return z.object({ v: z.literal(1), nodes: z.array(node) });
}

/** See the module's description. */
export class SealingMemory {
  readonly #components: SealingMemoryComponents;
  readonly #file: JsonStateFile<Saved>;
  /** Those of which nothing is known but that they announced it, longest known first. */
  readonly #announced = new Map<string, SealingNode>();
  readonly #sealed = new Map<string, SealingNode>();
  /** First sealed messages that wait for the disk. */
  readonly #keeping = new Map<string, Promise<boolean>>();
  /** Those of `#sealed` that the disk has refused so far. */
  readonly #unsaved = new Set<string>();
  #task: Task | undefined;
  #isChanged = false;

  /** @param init.directory the node's own, `.moltcomm` */
  constructor(components: SealingMemoryComponents, init: { readonly directory: string }) {
    this.#components = components;
    const { files, random, log: logger } = components;
    this.#file = new JsonStateFile<Saved>({ files, random, logger }, {
      path: sealingPath(init.directory),
      schema: schema(),
      bytesMax: SEALING_FILE_BYTES_MAX,
    });
  }

  /** Reads what was known. @throws `PERMISSION_DENIED`, `IO_ERROR`: without it messages could go out in plain that must not */
  async load(): Promise<void> {
    const saved = await this.#file.load();
    for (const { node_id: nodeId, announced_at: announcedAtMs, sealed_at: sealedAtMs } of saved?.nodes ?? []) {
      (sealedAtMs === null ? this.#announced : this.#sealed).set(nodeId, { announcedAtMs, sealedAtMs });
    }
  }

  start(): void {
    this.#task = this.#components.scheduler.add({
      name: "moltcomm_sealing",
      intervalMs: SEALING_SAVE_MS,
      firstDelayMs: SEALING_SAVE_MS,
      toleranceMs: SEALING_SAVE_MS / 2,
      timeoutMs: SAVE_TIMEOUT_MS,
      run: () => this.#save(),
    });
  }

  async stop(): Promise<void> {
    this.#task?.remove();
    await this.#saveOrReport();
  }

  get(nodeId: string): SealingNode | undefined {
    return this.#sealed.get(nodeId) ?? this.#announced.get(nodeId);
  }

  /** The node announced sealing: for the first time, or after plain messages to it had been allowed. */
  announced(nodeId: string): void {
    const announcedAtMs = this.#components.clock.wallMs();
    const { sealedAtMs = null } = this.get(nodeId) ?? {};
    this.#put(sealedAtMs === null ? this.#announced : this.#sealed, nodeId, { announcedAtMs, sealedAtMs });
    this.#task?.nudge({ withinMs: SEALING_SAVE_WITHIN_MS });
  }

  /** Whether it is on disk that something was sealed to the node. */
  isKept(nodeId: string): boolean {
    return this.#sealed.has(nodeId) && !this.#keeping.has(nodeId) && !this.#unsaved.has(nodeId);
  }

  /**
   * Puts on disk that something is sealed to the node. Never rejects.
   *
   * @returns whether it is there: a disk that refuses is reported, and tried again by the task and by the next message
   */
  keep(nodeId: string): Promise<boolean> {
    const under = this.#keeping.get(nodeId);
    if (under !== undefined) return under;
    const nowMs = this.#components.clock.wallMs();
    const { announcedAtMs = nowMs, sealedAtMs } = this.get(nodeId) ?? {};
    this.#announced.delete(nodeId);
    this.#put(this.#sealed, nodeId, { announcedAtMs, sealedAtMs: sealedAtMs ?? nowMs });
    const keeping = this.#saveOrReport().then((isSaved) => {
      this.#keeping.delete(nodeId);
      if (isSaved) this.#unsaved.delete(nodeId);
      else this.#unsaved.add(nodeId);
      return isSaved;
    });
    this.#keeping.set(nodeId, keeping);
    return keeping;
  }

  #put(nodes: Map<string, SealingNode>, nodeId: string, node: SealingNode): void {
    nodes.set(nodeId, node);
    this.#isChanged = true;
    const [longestKnown] = nodes.keys();
    if (nodes.size <= SEALING_NODES_MAX || longestKnown === undefined) return;
    nodes.delete(longestKnown);
    if (nodes === this.#sealed) this.#components.log.warn("sealing_forgotten", { node: longestKnown });
  }

  async #saveOrReport(): Promise<boolean> {
    const { log } = this.#components;
    try {
      await this.#save();
      log.resolve(PROBLEM, "sealing_saved");
      return true;
    } catch (thrown) {
      log.problem(PROBLEM, "error", "sealing_not_saved", { error: thrown });
      return false;
    }
  }

  async #save(): Promise<void> {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    const nodes: SavedNode[] = [];
    for (const [nodeId, { announcedAtMs, sealedAtMs }] of [...this.#announced, ...this.#sealed]) {
      nodes.push({ node_id: nodeId, announced_at: announcedAtMs, sealed_at: sealedAtMs });
    }
    try {
      await this.#file.save({ v: 1, nodes });
      for (const { node_id: nodeId } of nodes) this.#unsaved.delete(nodeId);
    } catch (thrown) {
      this.#isChanged = true;
      throw thrown;
    }
  }
}

/**
 * What the agent of a work directory remembers of sealing, for commands. Reads and nothing else; a file that cannot be understood is
 * the agent's to deal with.
 *
 * @param directory `.moltcomm`
 * @throws `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function readSealing(
  files: Pick<Files, "read">,
  directory: string,
): Promise<ReadonlyMap<string, SealingNode>> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(sealingPath(directory), SEALING_FILE_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY", "BODY_TOO_LARGE")) return new Map();
    throw thrown;
  }
  const checked = schema().safeParse(parseJson(bytes));
  if (!checked.success) return new Map();
  return new Map(
    checked.data.nodes.map((node) => [node.node_id, { announcedAtMs: node.announced_at, sealedAtMs: node.sealed_at }]),
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // As much as no file.
    return undefined;
  }
}
