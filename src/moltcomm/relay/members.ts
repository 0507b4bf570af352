/**
 * Who may be reached over a relay that is not open to everybody: node ids, one a line, from the configuration and from a file that the
 * operator edits or `relay invite` appends to. A running relay takes a change within seconds.
 *
 * @module
 */
import { isNodeId } from "../../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Logger } from "../../log/mod.ts";
import type { Files, Random } from "../../runtime/port.ts";
import type { Scheduler, Task } from "../../scheduler/mod.ts";
import { replaceFile, statIfThere } from "../../store/mod.ts";
import { MEMBERS_FILE_BYTES_MAX, MEMBERS_LOOK_MS, MEMBERS_MAX } from "./bounds.ts";
import type { Members } from "./types.ts";

/** What the list works with. */
export interface MemberListComponents {
  readonly files: Files;
  readonly log: Logger;
  readonly scheduler: Pick<Scheduler, "add">;
}

/** Where the list comes from. */
export interface MemberListInit {
  /** Members that the configuration names. */
  readonly nodeIds: readonly string[];
  /** The file; it may be missing. */
  readonly file: string;
}

const HEADER =
  "# Members of this relay: a node id a line, then a name if you like. A running relay takes changes in 5 s.\n";
const LOOK_TIMEOUT_MS = 5_000;
const PROBLEM = "relay_members";
/** Root invites, and a relay with a user of its own reads. The directory is closed to others. */
const NEW_MODE = 0o644;

/** See the module's description. */
export class MemberList implements Members {
  readonly #components: MemberListComponents;
  readonly #init: MemberListInit;
  #nodeIds: ReadonlySet<string>;
  #seen = "";
  #listener: () => void = () => undefined;
  #task: Task | undefined;

  constructor(components: MemberListComponents, init: MemberListInit) {
    this.#components = components;
    this.#init = init;
    this.#nodeIds = new Set(init.nodeIds);
  }

  get size(): number {
    return this.#nodeIds.size;
  }

  has(nodeId: string): boolean {
    return this.#nodeIds.has(nodeId);
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  /** Reads the file, and looks at it now and then from now on. @throws the errors of `Files`, but not for a file that is missing */
  async start(): Promise<void> {
    await this.look();
    this.#task = this.#components.scheduler.add({
      name: "relay_members",
      intervalMs: MEMBERS_LOOK_MS,
      firstDelayMs: MEMBERS_LOOK_MS,
      toleranceMs: MEMBERS_LOOK_MS / 5,
      timeoutMs: LOOK_TIMEOUT_MS,
      run: () => this.look(),
    });
  }

  stop(): void {
    this.#task?.remove();
  }

  /** Reads the file if it has changed. */
  async look(): Promise<void> {
    const { files, log } = this.#components;
    const found = await stampOf(files, this.#init.file);
    if (found === this.#seen) return;
    const text = found === "" ? "" : await readText(files, this.#init.file);
    const { nodeIds, wrongLines } = parse(text);
    this.#seen = found;
    this.#nodeIds = new Set([...this.#init.nodeIds, ...nodeIds]);
    if (wrongLines.length > 0) {
      const message = "These lines of the relay's list of members hold no node id, and are left out";
      log.problem(PROBLEM, "warn", "relay_members_wrong", { message, file: this.#init.file, lines: wrongLines });
    } else log.resolve(PROBLEM, "relay_members_right");
    this.#listener();
  }
}

/**
 * Adds a node to the file, once. Making the directory is the caller's.
 *
 * @param init.name for people; line ends in it become spaces
 * @returns whether it is new
 * @throws `BODY_TOO_LARGE` when the list is full; the errors of `Files`
 */
export async function addMember(
  components: { readonly files: Files; readonly random: Random },
  init: { readonly file: string; readonly nodeId: string; readonly name?: string | undefined },
): Promise<boolean> {
  const { file, nodeId, name } = init;
  const { files } = components;
  const before = await stampOf(files, file) === "" ? HEADER : await readText(files, file);
  const { nodeIds } = parse(before);
  if (nodeIds.includes(nodeId)) return false;
  if (nodeIds.length >= MEMBERS_MAX) {
    throw new BarnacleError({
      code: "BODY_TOO_LARGE",
      action: `Add a member to ${file}`,
      value: `${nodeIds.length} members`,
      wanted: `at most ${MEMBERS_MAX}`,
    });
  }
  const end = before === "" || before.endsWith("\n") ? "" : "\n";
  const line = `${nodeId} ${(name ?? "").replace(/\p{Cc}+/gu, " ")}`.trim();
  const mode = (await statIfThere(files, file))?.mode ?? NEW_MODE;
  await replaceFile(components, file, new TextEncoder().encode(`${before}${end}${line}\n`), { mode });
  return true;
}

async function stampOf(files: Files, path: string): Promise<string> {
  try {
    const { sizeBytes, modifiedAtMs, fileId } = await files.stat(path);
    return `${fileId} ${modifiedAtMs} ${sizeBytes}`;
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return "";
    throw thrown;
  }
}

async function readText(files: Files, path: string): Promise<string> {
  return new TextDecoder().decode(await files.read(path, MEMBERS_FILE_BYTES_MAX));
}

function parse(text: string): { readonly nodeIds: string[]; readonly wrongLines: number[] } {
  const nodeIds: string[] = [];
  const wrongLines: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [word = ""] = line.trim().split(/\s+/);
    if (word === "" || word.startsWith("#")) continue;
    if (isNodeId(word) && nodeIds.length < MEMBERS_MAX) nodeIds.push(word);
    else wrongLines.push(index + 1);
  }
  return { nodeIds, wrongLines: wrongLines.slice(0, 10) };
}
