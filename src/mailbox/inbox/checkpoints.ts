/**
 * The inbox's state on disk: how far the file is known, which numbers may have been given, and the memory of delivered
 * messages up to there. Saved seldom and beside the path of the messages; what lies behind the last save is read from
 * the inbox itself at the start.
 *
 * Order: the lines are synced before they count, the memory of them is synced before the state that names both.
 *
 * @module
 */
import type { JsonStateFile } from "../../store/mod.ts";
import { Turns } from "../../turns.ts";
import type { Directories } from "./directories.ts";
import type { InboxFile } from "./inbox-file.ts";
import {
  AGE_SAVED_AFTER_MS,
  CHECKPOINT_AFTER_MS,
  CHECKPOINT_BYTES,
  CHECKPOINT_LINES,
  RESERVE_MAX,
  RESERVE_MIN,
  RESERVE_RENEWAL_MS,
} from "./limits.ts";
import type { DeliveredMemory } from "./memory/memory.ts";
import type { KnownPlace } from "./place.ts";
import { createStateFile, type InboxState, toHex } from "./state.ts";
import type { InboxComponents, InboxPaths } from "./types.ts";

/** What an earlier life left. */
export interface Loaded {
  readonly known: KnownPlace | undefined;
  /**
   * No number up to this one may be given again when the inbox is not the known one; `undefined` when the state is
   * lost.
   */
  readonly leastSeq: number | undefined;
  readonly segments: InboxState["segments"] | undefined;
}

/**
 * Time without us that still counts for the age of the memory: it lets a host that restarts all the time grow older.
 */
const AWAY_MS_MAX = 2 * AGE_SAVED_AFTER_MS;
/** A background save that failed is not tried again sooner. */
const RETRY_AFTER_MS = 1_000;
const PROBLEM = "inbox_state";
const NEVER = Number.NEGATIVE_INFINITY;

export class Checkpoints {
  readonly #components: InboxComponents;
  readonly #directories: Directories;
  readonly #paths: InboxPaths;
  readonly #file: InboxFile;
  readonly #memory: DeliveredMemory;
  readonly #stateFile: JsonStateFile<InboxState>;
  readonly #turns = new Turns();
  #inBackground: Promise<void> | undefined;
  #reservedSeq = 0;
  #block = RESERVE_MIN;
  #renewedAtMs = NEVER;
  #failedAtMs = NEVER;
  #saved = { seq: 0, offset: 0, ageMs: 0, atMs: NEVER };
  /** How often others had a hand in the file, and how often of that the saved state knows. */
  #changes = 0;
  #changesSaved = 0;
  #ageMs = 0;
  #agedAtMs: number;

  constructor(
    components: InboxComponents,
    parts: {
      readonly paths: InboxPaths;
      readonly file: InboxFile;
      readonly memory: DeliveredMemory;
      readonly directories: Directories;
    },
  ) {
    this.#components = components;
    this.#directories = parts.directories;
    this.#paths = parts.paths;
    this.#file = parts.file;
    this.#memory = parts.memory;
    this.#stateFile = createStateFile({ ...components, logger: components.log }, parts.paths.stateFile);
    this.#agedAtMs = components.clock.monotonicMs();
  }

  /** How old the memory is: time that this host was running. */
  get ageMs(): number {
    const nowMs = this.#components.clock.monotonicMs();
    this.#ageMs += Math.max(0, nowMs - this.#agedAtMs);
    this.#agedAtMs = nowMs;
    return this.#ageMs;
  }

  /** @throws `PERMISSION_DENIED`, `IO_ERROR` when the state can be neither read nor moved aside */
  async load(): Promise<Loaded> {
    const { clock, crypto } = this.#components;
    const state = await this.#stateFile.load();
    this.#agedAtMs = clock.monotonicMs();
    if (state === undefined) return { known: undefined, leastSeq: undefined, segments: undefined };
    this.#ageMs = state.age_ms + Math.min(Math.max(0, clock.wallMs() - state.saved_at_ms), AWAY_MS_MAX);
    this.#reservedSeq = state.reserved_seq;
    this.#saved = { seq: state.seq, offset: state.offset, ageMs: state.age_ms, atMs: clock.monotonicMs() };
    const known: KnownPlace = {
      offset: state.offset,
      seq: state.seq,
      floorSeq: state.floor_seq,
      proves: (bytes) => toHex(crypto.sha256(bytes)) === state.proof,
    };
    return { known, leastSeq: Math.max(state.reserved_seq, state.seq), segments: state.segments };
  }

  /**
   * Resolves once the next `count` numbers may be given. Renews the reservation in the background when half of it is
   * used.
   *
   * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR` when they may not
   */
  async reserve(count: number): Promise<void> {
    const left = this.#reservedSeq - this.#file.place.seq - count;
    if (left >= this.#block / 2) return;
    if (left >= 0) return this.saveSoon(count);
    await this.#inBackground;
    if (this.#reservedSeq - this.#file.place.seq < count) await this.save({ reserve: count });
  }

  /**
   * Resolves once a new file may be made. A state that was saved before the first line of the old one would take the new one for it, and
   * the numbers would begin anew.
   *
   * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR` when it may not
   */
  async beforeNewFile(): Promise<void> {
    if (this.#saved.offset === 0 && this.#saved.seq < this.#file.place.seq) await this.save();
  }

  /** Whether enough has happened since the last save. */
  get isDue(): boolean {
    const { seq, offset } = this.#file.place;
    const saved = this.#saved;
    if (seq - saved.seq >= CHECKPOINT_LINES || offset - saved.offset >= CHECKPOINT_BYTES) return true;
    if (this.#isOutdated || offset < saved.offset || this.#memory.forgotten.length > 0) return true;
    const hasChanged = seq !== saved.seq || this.#memory.hasUnsaved;
    const forMs = this.#components.clock.monotonicMs() - saved.atMs;
    if (hasChanged) return forMs >= CHECKPOINT_AFTER_MS;
    return this.#memory.size > 0 && this.ageMs - saved.ageMs >= AGE_SAVED_AFTER_MS;
  }

  /** Saves in the background, once at a time. A failure is reported, and tried again later. */
  saveSoon(reserve?: number): void {
    if (this.#inBackground !== undefined) return;
    if (this.#components.clock.monotonicMs() - this.#failedAtMs < RETRY_AFTER_MS) return;
    this.#inBackground = this.save(reserve === undefined ? {} : { reserve })
      // `save` has reported it; whoever needs it saved will try, and fail, himself.
      .catch(() => undefined)
      .then(() => {
        this.#inBackground = undefined;
        // What was under way may have been taken before.
        if (this.#isOutdated) this.saveSoon();
      });
  }

  /** Others had a hand in the file: nothing but the memory may know of lines that went with it. Saves at once, and again until it is. */
  changed(): void {
    this.#changes++;
    this.saveSoon();
  }

  /** The saved state says nothing of the file that is there now, or of lines that went with another. */
  get #isOutdated(): boolean {
    return this.#changesSaved < this.#changes;
  }

  /**
   * Saves now.
   *
   * @param options.reserve how many numbers are about to be given
   * @param options.isExact reserves none: for an end, or before the file is moved. Wants no message on its way
   * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR`
   */
  async save(options: { readonly reserve?: number; readonly isExact?: boolean } = {}): Promise<void> {
    const { clock, log } = this.#components;
    try {
      await this.#turns.take(() => this.#save(options));
    } catch (error) {
      this.#failedAtMs = clock.monotonicMs();
      const message = "The state of the inbox could not be saved; messages are taken as long as numbers are reserved";
      log.problem(PROBLEM, "error", "inbox_state_unsaved", { error, message });
      throw error;
    }
    this.#failedAtMs = NEVER;
    log.resolve(PROBLEM, "inbox_state_saved");
  }

  async #save({ reserve, isExact = false }: { readonly reserve?: number; readonly isExact?: boolean }): Promise<void> {
    const { clock, crypto } = this.#components;
    // All of this is taken at one moment; what comes later is the next save's.
    const changes = this.#changes;
    const { offset, seq, floorSeq, proof } = this.#file.place;
    const forgotten = this.#memory.forgotten;
    const ageMs = this.ageMs;
    // Without a file nothing is reserved: a file that is missing at the start would be one that was deleted.
    const reservesNone = isExact || !this.#file.exists;
    // Lowered before the state is written: should writing it fail half-way, it may have been written.
    if (reservesNone) this.#reservedSeq = seq;
    else if (reserve !== undefined) this.#block = Math.max(this.#nextBlock(), 2 * reserve);
    const reservedSeq = reservesNone ? seq : Math.max(this.#reservedSeq, seq + this.#block);
    await this.#directories.ensure(this.#paths.state);
    const segments = await this.#memory.save();
    await this.#stateFile.save({
      version: 1,
      offset,
      seq,
      floor_seq: floorSeq,
      proof: toHex(crypto.sha256(proof)),
      reserved_seq: reservedSeq,
      age_ms: ageMs,
      saved_at_ms: clock.wallMs(),
      segments,
    });
    if (!reservesNone) this.#reservedSeq = reservedSeq;
    this.#saved = { seq, offset, ageMs, atMs: clock.monotonicMs() };
    this.#changesSaved = changes;
    await this.#memory.remove(forgotten);
  }

  #nextBlock(): number {
    const nowMs = this.#components.clock.monotonicMs();
    const isSoon = nowMs - this.#renewedAtMs < RESERVE_RENEWAL_MS;
    this.#renewedAtMs = nowMs;
    return isSoon ? Math.min(this.#block * 4, RESERVE_MAX) : Math.max(this.#block / 4, RESERVE_MIN);
  }
}
