/**
 * The outbox as an agent edits it. Source: mailbox contract, "Outbox".
 *
 * What was taken is remembered by content (see `Image`), not by place: a file that was truncated, replaced, reordered or rewritten whole
 * is read again from its beginning, and new is what stands in it more often than it was taken. What was read is remembered by digests
 * (see `Prefix`), so that an appended line costs the reading of the end. What vanished is forgotten once the file has stood still without
 * it for `SETTLE_MS`; from then on the same content is a new message.
 *
 * Invariants:
 * - O1: A line counts as taken only after `accept` has resolved for it.
 * - O2: Nothing more is handed over while what was taken could not be noted: only one chunk is ever in doubt.
 * - O3: A line in doubt is handed over with the same key again. Keys are of an epoch; an epoch ends, durably and with nothing in
 *   doubt, before the same content can mean another message.
 *
 * @module
 */
import { toBarnacleError } from "../../errors.ts";
import type { FileHandle, FileStat, FileWatcher } from "../../runtime/port.ts";
import { joinPath } from "../../store/mod.ts";
import { CHANGED_AGAIN_MS, FAILED_AGAIN_MS, RESTARTS_MAX, SETTLE_MS, TAIL_REST_MS } from "./limits.ts";
import { checkPrefix, isSameStat, statOutbox } from "./reading.ts";
import { RejectedFile } from "./rejected-file.ts";
import { type Change, Rest } from "./rest.ts";
import { StateFile } from "./state-file.ts";
import type { Memory } from "./state-record.ts";
import { type StepOptions, type StepOutcome, Taker } from "./taker.ts";
import type { Accept, LookOptions, LookResult, OutboxComponents, OutboxInit, OutboxView } from "./types.ts";

const READ_PROBLEM = "outbox:read";
const LOAD_PROBLEM = "outbox:load";

interface LookPlan extends Omit<StepOptions, "finality"> {
  /** The look before read everything. */
  readonly wasAtEnd: boolean;
}

interface Watch {
  readonly onChange: () => void;
  watcher: FileWatcher;
}

/** See the module's description. Does nothing until `look`. */
export class OutboxFile {
  readonly path: string;
  readonly #components: OutboxComponents;
  readonly #state: StateFile;
  readonly #rejected: RejectedFile;
  readonly #taker: Taker;
  readonly #rest: Rest;
  readonly #hasAccepted: () => boolean;
  readonly #watches = new Set<Watch>();
  #memory: Memory | undefined;
  /** The state does not say what was taken. */
  #isUnsaved = false;
  /** Something may have been accepted of which the memory knows nothing: before this process began, or when `accept` rejected. */
  #isInDoubt = true;
  #outcome: StepOutcome | undefined;
  #failing: string | undefined;
  #lastLook: Promise<unknown> = Promise.resolve();

  constructor(components: OutboxComponents, init: OutboxInit) {
    const { directory } = init;
    const { crypto, metrics } = components;
    this.#hasAccepted = () => init.hasAccepted?.() ?? true;
    this.path = joinPath(directory, "outbox.ndjson");
    this.#components = components;
    this.#state = new StateFile(components, { directory, digest: (bytes) => crypto.sha256(bytes) });
    this.#rejected = new RejectedFile(components, { directory });
    this.#taker = new Taker(components, init, { state: this.#state, rejected: this.#rejected });
    this.#rest = new Rest(components.clock);
    metrics.observed(
      "barnacle_mail_outbox_lines",
      "gauge",
      "Lines of the outbox file that were dealt with.",
      () => this.view.lines,
    );
  }

  get view(): OutboxView {
    return { lines: this.#memory?.image.standingTotal ?? 0, failing: this.#failing };
  }

  /**
   * Looks at the file and hands what is new to `accept`, in the order of the file and in several calls where it is much. Looks do not
   * overlap: a second one waits for the first. Files that cannot be read are reported, and looked at again later.
   *
   * @throws only what `accept` rejected with
   */
  look(accept: Accept, options: LookOptions = {}): Promise<LookResult> {
    const look = this.#lastLook.then(() => this.#look(accept, options.takeMax ?? Number.POSITIVE_INFINITY));
    // The next look does not care how this one ended; who asked for it does.
    this.#lastLook = look.catch(() => undefined);
    return look;
  }

  /** Calls `onChange` soon after the file may have changed, as far as the platform tells. @returns a function that ends it */
  watch(onChange: () => void): () => void {
    const watch = { onChange, watcher: this.#components.files.watch(this.path, onChange) };
    this.#watches.add(watch);
    return () => {
      watch.watcher.close();
      this.#watches.delete(watch);
    };
  }

  /** Makes durable what was noted, and lets go of the state file. A look afterwards opens it again. */
  async close(): Promise<void> {
    await this.#lastLook;
    if (this.#state.syncInMs !== undefined) this.#isUnsaved ||= !await this.#taker.sync();
    await this.#state.close();
  }

  async #look(accept: Accept, takeMax: number): Promise<LookResult> {
    const takenBefore = this.#taker.takenCount;
    const wasAtEnd = this.#outcome === "end";
    // Until this look has come to its end, and it may fail, nothing is known to be at its end.
    this.#outcome = undefined;
    const memory = await this.#prepare();
    const outcome = memory && await this.#goThrough(memory, { accept, takeMax, wasAtEnd });
    this.#outcome = outcome;
    const lookAgainInMs = memory === undefined || outcome === undefined || this.#isUnsaved
      ? FAILED_AGAIN_MS
      : await this.#settle(memory, outcome);
    return { lookAgainInMs, taken: this.#taker.takenCount - takenBefore, hasMore: outcome === "takeMax" };
  }

  /** The memory, once what must be written down is. */
  async #prepare(): Promise<Memory | undefined> {
    const memory = this.#memory ?? await this.#load();
    if (memory === undefined) return undefined;
    if (this.#isUnsaved) this.#isUnsaved = !await this.#taker.save(memory);
    else if (this.#state.syncInMs === 0) this.#isUnsaved = !await this.#taker.sync();
    if (this.#rejected.hasWaiting && !this.#isUnsaved) this.#isUnsaved = !await this.#taker.tellOwed(memory);
    this.#failing = this.#isUnsaved ? `what was taken cannot be written to ${this.#state.path}` : undefined;
    return this.#isUnsaved ? undefined : memory;
  }

  async #load(): Promise<Memory | undefined> {
    const { log } = this.#components;
    try {
      this.#memory = await this.#state.load();
      await this.#rejected.recover(this.#memory.rejectedBytes);
      // Where no key is known, none can come again, and there is nothing to write before the first message.
      this.#isInDoubt = this.#rejected.knowsKeys || this.#hasAccepted();
      log.resolve(LOAD_PROBLEM, "outbox_state_read");
    } catch (thrown) {
      const error = toBarnacleError(thrown, "Read what was taken from the outbox");
      this.#failing = error.message;
      log.problem(LOAD_PROBLEM, "error", "outbox_state_unreadable", { error });
    }
    return this.#memory;
  }

  /** @returns `undefined` when the file cannot be read */
  async #goThrough(memory: Memory, plan: LookPlan): Promise<StepOutcome | undefined> {
    const { files, log } = this.#components;
    let refusal: { readonly thrown: unknown } | undefined;
    const accept: Accept = (messages) =>
      plan.accept(messages).catch((thrown: unknown) => {
        refusal = { thrown };
        throw thrown;
      });
    try {
      const stat = await statOutbox(files, this.path);
      const change = this.#noteChange(stat);
      const outcome = await this.#goThroughFile(memory, change, { ...plan, accept });
      log.resolve(READ_PROBLEM, "outbox_readable");
      return outcome;
    } catch (thrown) {
      if (refusal !== undefined) {
        this.#isInDoubt = true;
        throw refusal.thrown;
      }
      const error = toBarnacleError(thrown, "Read the outbox");
      this.#failing = error.message;
      log.problem(READ_PROBLEM, "error", "outbox_unreadable", { file: this.path, error });
      return undefined;
    }
  }

  #noteChange(stat: FileStat | undefined): Change {
    const fileIdBefore = this.#rest.stat?.fileId;
    const change = this.#rest.note(stat);
    // With the file its directory may be another, which a watch on the old one does not tell.
    if (stat?.fileId !== fileIdBefore) {
      for (const watch of this.#watches) {
        watch.watcher.close();
        watch.watcher = this.#components.files.watch(this.path, watch.onChange);
      }
    }
    return change;
  }

  async #goThroughFile(memory: Memory, change: Change, plan: LookPlan): Promise<StepOutcome> {
    const { clock, files } = this.#components;
    const rest = this.#rest;
    const startedAtMs = clock.monotonicMs();
    if (rest.stat === undefined || rest.stat.sizeBytes === 0) {
      startOver(memory);
      rest.checked(startedAtMs);
      return "end";
    }
    if (change === "same" && plan.wasAtEnd && !rest.isCheckDue) return "end";
    const handle = await files.open(this.path, "read");
    try {
      const isStill = isSameStat(rest.stat, await handle.stat());
      if (!isStill) rest.disturbed();
      const isCompared = await this.#compare(handle, memory, isStill ? change : "other");
      const outcome = await this.#takeAll(handle, memory, plan);
      if (isCompared) rest.checked(startedAtMs);
      return outcome;
    } finally {
      await handle.close();
    }
  }

  /** Compares what was read with what is there, where that is due. @returns whether all of the file will have been compared or read */
  async #compare(handle: FileHandle, memory: Memory, change: Change): Promise<boolean> {
    const { prefix } = memory;
    if (prefix.endBytes === 0) return true;
    if (!this.#rest.wantsCheck(change, prefix.endBytes)) return false;
    if (await checkPrefix(handle, prefix)) return true;
    startOver(memory);
    if (change === "same") this.#rest.disturbed();
    return true;
  }

  async #takeAll(handle: FileHandle, memory: Memory, { accept, takeMax }: LookPlan): Promise<StepOutcome> {
    const takenBefore = this.#taker.takenCount;
    for (let restarts = 0;;) {
      const left = takeMax - (this.#taker.takenCount - takenBefore);
      const { finality } = this.#rest;
      const outcome = await this.#taker.step(handle, memory, { accept, takeMax: left, finality });
      if (outcome === "unsaved") this.#isUnsaved = true;
      if (outcome === "changed") {
        startOver(memory);
        this.#rest.disturbed();
        restarts++;
      }
      if (outcome !== "more" && (outcome !== "changed" || restarts > RESTARTS_MAX)) return outcome;
    }
  }

  /** Ends the epoch when it is time. @returns when to look again */
  async #settle(memory: Memory, outcome: StepOutcome): Promise<number | undefined> {
    const { image } = memory;
    // What is owed keeps its keys, and so its epoch.
    const isOwed = outcome === "end" && memory.owed.size === 0 &&
      (this.#isInDoubt || image.seenTotal < image.standingTotal);
    if (isOwed && this.#rest.isSettled) {
      await this.#beginEpoch(memory);
      if (this.#isUnsaved) return FAILED_AGAIN_MS;
    }
    const { checkInMs } = this.#rest;
    const times = [checkInMs, this.#state.syncInMs];
    if (isOwed && !this.#rest.isSettled) times.push(Math.max(this.#rest.untilRested(SETTLE_MS), checkInMs ?? 0));
    if (outcome === "waiting") {
      times.push(this.#rest.untilRested(this.#rest.finality === "growing" ? TAIL_REST_MS : SETTLE_MS));
    }
    if (outcome === "changed") times.push(CHANGED_AGAIN_MS);
    if (this.#rejected.hasWaiting || outcome === "linesMax") times.push(FAILED_AGAIN_MS);
    const known = times.filter((time) => time !== undefined);
    return known.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...known)));
  }

  /** From here on what vanished can be written again as a new message, and no key of before comes again. */
  async #beginEpoch(memory: Memory): Promise<void> {
    const epoch = Math.max(memory.epoch + 1, Math.floor(this.#components.clock.wallMs()));
    const rejectedBytes = this.#rejected.sizeBytes;
    const next = { ...memory, image: memory.image.settled(), epoch, rejectedBytes };
    this.#isUnsaved = !await this.#taker.save(next);
    if (this.#isUnsaved) return;
    this.#memory = next;
    this.#isInDoubt = false;
    this.#rejected.beginEpoch();
  }
}

/** The file is to be read from its beginning. */
function startOver({ image, prefix }: Memory): void {
  if (prefix.endBytes === 0 && image.seenTotal === 0) return;
  image.unseeAll();
  prefix.reset();
}
