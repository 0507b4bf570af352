/**
 * The inbox: one line for each delivered message, durable before it is acknowledged, and none twice. Source: the
 * mailbox contract, "Inbox" and "Cursor"; MoltComm v1, section 11, readings 1 to 3.
 *
 * @module
 */
import { toBarnacleError } from "../../errors.ts";
import { parentPath, statIfThere } from "../../store/mod.ts";
import { Turns } from "../../turns.ts";
import type { DeliveryOutcome, IncomingMessage } from "../types.ts";
import { freeArchivePath, lastArchivedSeq } from "./archive.ts";
import { Backlog } from "./backlog.ts";
import { Checkpoints } from "./checkpoints.ts";
import { countUnread } from "./count-unread.ts";
import { CursorFile } from "./cursor-file.ts";
import { Directories } from "./directories.ts";
import type { Appended } from "./file-listener.ts";
import { InboxFile } from "./inbox-file.ts";
import { Intake, keyOf } from "./intake.ts";
import {
  ADOPT_ANEW_BYTES,
  ADOPT_BYTES,
  ARCHIVE_ABOVE_BYTES,
  ARCHIVE_AFTER_IDLE_MS,
  PREPARE_AFTER_MS,
} from "./limits.ts";
import { DeliveredMemory } from "./memory/memory.ts";
import { inboxPaths } from "./paths.ts";
import { createFileListener } from "./reports.ts";
import type { ArchiveResult, InboxComponents, InboxInit, InboxPaths, InboxView } from "./types.ts";

/** A cursor above this is no memory of anything. */
const CURSOR_TRUSTED_MAX = 1_000_000_000_000;
const STORAGE_PROBLEM = "inbox_storage";
const MEMORY_PROBLEM = "inbox_memory";

export class Inbox {
  readonly #components: InboxComponents;
  readonly #init: InboxInit;
  readonly #paths: InboxPaths;
  readonly #directories: Directories;
  readonly #file: InboxFile;
  readonly #memory: DeliveredMemory;
  readonly #checkpoints: Checkpoints;
  readonly #cursorFile: CursorFile;
  readonly #backlog = new Backlog();
  readonly #intake: Intake;
  /** Whatever touches the inbox file. */
  readonly #turns = new Turns();
  #isPrepared = false;
  #preparing: Promise<void> | undefined;
  #preparedAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #trouble: string | undefined;
  #wantsRecount = false;
  /** Lines found in the file are learnt up to here. */
  #learnMax = Number.POSITIVE_INFINITY;
  /** When the cursor moved, which it does after every message before all is read, or somebody changed the file. */
  #movedAtMs = 0;

  constructor(components: InboxComponents, init: InboxInit) {
    this.#components = components;
    this.#init = init;
    this.#paths = inboxPaths(init.directory);
    const { files, clock, log, crypto } = components;
    const directories = new Directories(files, parentPath(init.directory));
    this.#directories = directories;
    const onChanged = (): void => this.#noticeChange();
    const listener = createFileListener(log, this.#paths.inbox, {
      onFound: ({ from, id }) => {
        if (this.#memory.size < this.#learnMax) this.#memory.add(crypto.sha256(keyOf(from, id)));
      },
      onChanged,
    });
    const reserve = (count: number): Promise<void> => this.#checkpoints.reserve(count);
    const beforeNewFile = (): Promise<void> => this.#checkpoints.beforeNewFile();
    this.#file = new InboxFile({ files, clock, directories, listener }, {
      directory: init.directory,
      path: this.#paths.inbox,
      reserve,
      beforeNewFile,
    });
    this.#memory = new DeliveredMemory({ files, log, directories }, {
      directory: this.#paths.remembered,
      rememberForMs: init.rememberForMs,
    });
    this.#checkpoints = new Checkpoints(components, {
      paths: this.#paths,
      file: this.#file,
      memory: this.#memory,
      directories,
    });
    this.#cursorFile = new CursorFile(components, this.#paths.cursor);
    this.#intake = new Intake({ ...components, memory: this.#memory, backlog: this.#backlog }, {
      ...init,
      store: (rests, onStored) => this.#turns.take(() => this.#store(rests, onStored)),
      lookAtCursor: () => this.#cursorFile.isFresh ? undefined : this.#lookAtCursor(),
      onMemoryFull: () => this.#reportMemoryFull(),
    });
    this.#observe();
  }

  get view(): InboxView {
    return {
      lastSeq: this.#file.place.seq,
      cursor: this.#backlog.cursor,
      unread: this.#backlog.unread,
      remembered: this.#memory.size,
      failing: this.#trouble ?? (this.#isMemoryFull ? this.#memoryFullText : undefined),
    };
  }

  /**
   * Finds the place where the inbox goes on. A disk that does not let it shows in `view.failing`, and is tried again at
   * each message and each {@link refresh}.
   */
  async open(): Promise<void> {
    await this.#prepareOnce();
  }

  /** Whether the memory of delivered messages is there. */
  get isReady(): boolean {
    return this.#isPrepared;
  }

  /** Whether a message was delivered, or is on its way to be. */
  knows({ from, id }: Pick<IncomingMessage, "from" | "id">): boolean {
    return this.#intake.knows(keyOf(from, id));
  }

  /** How far back the memory of delivered messages is whole, in milliseconds; 0 while that is not known. */
  get reachMs(): number {
    return this.#isPrepared ? this.#memory.reachMs(this.#checkpoints.ageMs) : 0;
  }

  /** Takes a message; calls may overlap. Settles once its line is durable, or nothing of it is kept. Never rejects. */
  deliver(message: IncomingMessage): Promise<DeliveryOutcome> {
    if (this.#isClosed) return Promise.resolve(this.#intake.refuse("stopping", "stopping"));
    if (this.#isPrepared) return this.#intake.deliver(message);
    return this.#prepareOnce().then(() =>
      this.#isPrepared ? this.#intake.deliver(message) : this.#intake.refuse("storage")
    );
  }

  /**
   * Looks after the inbox: the cursor, a file that was deleted or replaced, the memory's age, the state on disk, a disk
   * that works again, and an archive that is due. To be called every few seconds. Never rejects: what is wrong is in
   * the log and in `view`.
   */
  async refresh(): Promise<void> {
    if (this.#isClosed) return;
    if (!this.#isPrepared) return await this.#prepareOnce();
    await this.#turns.take(() => this.#refresh());
  }

  /** Unread messages of the senders that count, as far as is known. */
  unreadOf(isCounted: (from: string) => boolean): number {
    return this.#backlog.ofAll(isCounted);
  }

  /**
   * Moves the file aside whole, under `.moltcomm/archive/`, if everything in it has been read; the next message begins
   * a new one with the next number. Never rejects.
   */
  async archive(): Promise<ArchiveResult> {
    if (!this.#isPrepared) await this.#prepareOnce();
    return await this.#turns.take(() => this.#archive());
  }

  /** Takes no more messages, lets those on their way settle, and saves the state. Idempotent. Never rejects. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#preparing;
    await this.#intake.drained();
    await this.#turns.take(async () => {
      // What fails has been reported; the next start then reads more of the inbox.
      if (this.#isPrepared) await this.#checkpoints.save({ isExact: true }).catch(() => undefined);
      await this.#file.close();
    });
  }

  #prepareOnce(): Promise<void> {
    const sinceMs = this.#components.clock.monotonicMs() - this.#preparedAtMs;
    if (this.#isPrepared || this.#isClosed || sinceMs < PREPARE_AFTER_MS) return this.#preparing ?? Promise.resolve();
    this.#preparing ??= this.#turns.take(() => this.#prepare()).then(() => void (this.#preparing = undefined));
    return this.#preparing;
  }

  async #prepare(): Promise<void> {
    const { clock, log } = this.#components;
    const startedMs = clock.monotonicMs();
    try {
      const { known, leastSeq, segments } = await this.#checkpoints.load();
      await this.#memory.load(segments, this.#checkpoints.ageMs);
      // Lines behind a known place are few, and each counts. Of an inbox that is all we have left, the old ones must
      // not fill the memory.
      this.#learnMax = known === undefined ? this.#init.rememberedMax / 2 : Number.POSITIVE_INFINITY;
      await this.#file.recover(known, {
        leastSeq: leastSeq ?? await this.#guessLastSeq(),
        adoptBytes: known === undefined ? ADOPT_ANEW_BYTES : ADOPT_BYTES,
      });
      if (known === undefined && this.#file.place.seq > 0) this.#memory.lostBefore(this.#checkpoints.ageMs);
      await this.#cursorFile.read(this.#file.place.seq);
      await this.#recount();
    } catch (thrown) {
      this.#preparedAtMs = clock.monotonicMs();
      return this.#fail(thrown);
    }
    this.#isPrepared = true;
    this.#movedAtMs = clock.monotonicMs();
    this.#recover();
    const { lastSeq, unread, remembered } = this.view;
    const durationMs = clock.monotonicMs() - startedMs;
    log.info("inbox_opened", {
      node: this.#init.nodeId,
      last_seq: lastSeq,
      unread,
      remembered,
      duration_ms: durationMs,
    });
  }

  /** Where our own state is lost: the highest number that anything else here speaks of. */
  async #guessLastSeq(): Promise<number> {
    const { files } = this.#components;
    const archived = await lastArchivedSeq(files, this.#paths.archive);
    const hadLife = archived !== undefined || await statIfThere(files, this.#paths.inbox) !== undefined ||
      await statIfThere(files, this.#paths.remembered) !== undefined;
    // A cursor alone proves nothing; but where messages were, the agent would not see numbers that it takes for read.
    const cursor = hadLife ? await this.#cursorFile.read(Number.MAX_SAFE_INTEGER) : 0;
    return Math.max(archived ?? 0, cursor <= CURSOR_TRUSTED_MAX ? cursor : 0);
  }

  async #store(rests: readonly string[], onStored: (index: number) => void): Promise<Appended> {
    const appended = await this.#file.append(rests, onStored);
    if (appended.error === undefined) {
      this.#recover();
      if (this.#checkpoints.isDue) this.#checkpoints.saveSoon();
    } else this.#fail(appended.error);
    return appended;
  }

  async #refresh(): Promise<void> {
    try {
      await this.#directories.requireWorkDirectory();
      await this.#file.look();
      // Saving is the proof that the disk takes something again.
      if (this.#trouble !== undefined) await this.#checkpoints.save();
      this.#recover();
    } catch (thrown) {
      this.#fail(thrown);
    }
    await this.#lookAtCursor();
    this.#memory.advance(this.#checkpoints.ageMs);
    if (!this.#isMemoryFull) this.#components.log.resolve(MEMORY_PROBLEM, "inbox_memory_has_room");
    if (this.#wantsRecount) await this.#recount().catch((thrown: unknown) => this.#fail(thrown));
    if (this.#checkpoints.isDue) this.#checkpoints.saveSoon();
    if (this.#isArchiveDue) await this.#archive();
  }

  async #lookAtCursor(): Promise<void> {
    const before = this.#backlog.cursor;
    const cursor = await this.#cursorFile.read(this.#file.place.seq);
    if (cursor === before) return;
    this.#movedAtMs = this.#components.clock.monotonicMs();
    if (!this.#backlog.moveCursor(cursor)) this.#wantsRecount = true;
  }

  async #recount(): Promise<void> {
    const { seq, floorSeq } = this.#file.place;
    const cursor = Math.min(this.#cursorFile.value, seq);
    const linesMax = this.#init.unreadMax;
    const counted = await this.#file.read((handle, sizeBytes) => countUnread(handle, { sizeBytes, cursor, linesMax }));
    this.#backlog.recount(counted?.lines ?? [], { cursor, floor: floorSeq, countedAbove: counted?.countedAbove ?? 0 });
    this.#wantsRecount = false;
  }

  get #isArchiveDue(): boolean {
    if (!this.#init.archive || this.#file.place.offset <= ARCHIVE_ABOVE_BYTES || !this.#isAllRead) return false;
    return this.#components.clock.monotonicMs() - this.#movedAtMs >= ARCHIVE_AFTER_IDLE_MS;
  }

  get #isAllRead(): boolean {
    return this.#backlog.total === 0 && !this.#wantsRecount && this.#cursorFile.isSane &&
      this.#cursorFile.value === this.#file.place.seq;
  }

  async #archive(): Promise<ArchiveResult> {
    const { files, log } = this.#components;
    try {
      if (!this.#isPrepared) return { outcome: "kept", reason: "failing", detail: this.#trouble ?? "not open" };
      await this.#file.look();
      await this.#lookAtCursor();
      const { seq: lastSeq, floorSeq, offset } = this.#file.place;
      if (offset === 0 || lastSeq === floorSeq) {
        return { outcome: "kept", reason: "empty", detail: "no message is in it" };
      }
      if (this.#wantsRecount) await this.#recount();
      if (!this.#isAllRead) return { outcome: "kept", reason: "unread", detail: `${this.#backlog.total} are unread` };
      // Until the next state is saved, a missing inbox means that this number was the last.
      await this.#checkpoints.save({ isExact: true });
      await this.#directories.ensure(this.#paths.archive);
      const firstSeq = floorSeq + 1;
      const file = await freeArchivePath(files, this.#paths.archive, { firstSeq, lastSeq });
      await this.#file.moveTo(file, this.#paths.archive);
      await this.#recount();
      log.info("inbox_archived", { file, first_seq: firstSeq, last_seq: lastSeq });
      return { outcome: "archived", file, firstSeq, lastSeq };
    } catch (thrown) {
      this.#fail(thrown);
      return { outcome: "kept", reason: "failing", detail: this.#trouble ?? "" };
    }
  }

  #noticeChange(): void {
    this.#wantsRecount = true;
    this.#movedAtMs = this.#components.clock.monotonicMs();
    // The lines since the last save may have gone with the file: the memory of them must not.
    if (this.#isPrepared) this.#checkpoints.changed();
  }

  #fail(thrown: unknown): void {
    const error = toBarnacleError(thrown, "Store messages in the inbox");
    this.#trouble = `The inbox cannot take messages: ${error.message} (${error.code})`;
    const message = "Messages cannot be stored now and are refused; their senders keep them and try again";
    this.#components.log.problem(STORAGE_PROBLEM, "error", "inbox_failing", { error, message });
  }

  #recover(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#components.log.resolve(STORAGE_PROBLEM, "inbox_works_again");
  }

  get #isMemoryFull(): boolean {
    return this.#memory.size >= this.#init.rememberedMax;
  }

  get #memoryFullText(): string {
    return `The memory of delivered messages is full (${this.#init.rememberedMax}): no message can be taken until the oldest are ` +
      "forgotten; mailbox.rememberedMax allows more";
  }

  #reportMemoryFull(): void {
    const message = this.#memoryFullText;
    this.#components.log.problem(MEMORY_PROBLEM, "error", "inbox_memory_full", { message });
  }

  #observe(): void {
    const { metrics } = this.#components;
    const gauge = (name: string, help: string, read: () => number): void => metrics.observed(name, "gauge", help, read);
    gauge("barnacle_mail_unread", "Messages in the inbox above the cursor.", () => this.#backlog.unread);
    gauge("barnacle_mail_remembered", "Delivered messages remembered.", () => this.#memory.size);
    gauge(
      "barnacle_mail_inbox_failing",
      "1 while no message can be taken.",
      () => this.view.failing === undefined ? 0 : 1,
    );
  }
}
