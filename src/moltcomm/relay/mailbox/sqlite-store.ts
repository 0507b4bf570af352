/**
 * Frames kept in the embedded database.
 *
 * What is to be written waits a little for more and is written in one transaction with one sync. The bounds of a box are counted in its
 * row, those of all in memory, so nothing here grows with what is kept.
 *
 * @module
 */
import { BarnacleError } from "../../../errors.ts";
import type { Clock, Crypto, Databases, SqlDatabase, SqlStatement, Timer } from "../../../runtime/port.ts";
import { inTransaction } from "../../../store/mod.ts";
import {
  BOX_KEPT_MS,
  COMMIT_BYTES,
  COMMIT_WAIT_MS,
  HOURS_TO_MS,
  KEEPING_BYTES_MAX,
  SEEN_STEP_MS,
  SWEEP_FRAMES,
} from "./bounds.ts";
import { openMailboxDatabase } from "./sqlite-schema.ts";
import type { FrameStore, FrameStoreView, KeepOutcome, KeptFrame, MailboxLimits, NewFrame, NotKept } from "./types.ts";

/** What the store works with. */
export interface SqliteStoreComponents {
  readonly clock: Clock;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly databases: Databases;
}

/** Where it keeps, and how much. */
export interface SqliteStoreInit {
  readonly path: string;
  readonly limits: MailboxLimits;
}

/** A box as one transaction sees it. */
interface Box {
  readonly box: number;
  frames: number;
  bytes: number;
}

/** Something to be written. */
interface Work {
  readonly nodeId: string;
  readonly bytes: number;
  write(): void;
  /** It is durable. */
  done(): void;
  failed(thrown: unknown): void;
}

const SQL = {
  boxOf: "SELECT box, frames, bytes, seen_ms FROM boxes WHERE node_id = ?",
  addBox: "INSERT INTO boxes (node_id, seen_ms, frames, bytes) VALUES (?, ?, 0, 0)",
  see: "UPDATE boxes SET seen_ms = ? WHERE box = ?",
  count: "UPDATE boxes SET frames = frames + ?, bytes = bytes + ? WHERE box = ?",
  totals: "SELECT count(*) AS nodes, coalesce(sum(frames), 0) AS frames, coalesce(sum(bytes), 0) AS bytes FROM boxes",
  lastPlace: "SELECT coalesce(max(place), 0) AS place FROM frames",
  same: "SELECT place, kept_ms, length(frame) AS bytes FROM frames WHERE box = ? AND message = ?",
  oldestOfBox: "SELECT place, box, frame FROM frames WHERE box = ? ORDER BY place LIMIT 1",
  oldest: "SELECT place, box, frame FROM frames ORDER BY place LIMIT 1",
  add: "INSERT INTO frames (place, box, message, kept_ms, frame) VALUES (?, ?, ?, ?, ?)",
  drop: "DELETE FROM frames WHERE place = ?",
  lengths:
    "SELECT place, length(frame) AS bytes FROM frames WHERE box = ? AND place > ? AND kept_ms > ? ORDER BY place LIMIT ?",
  read: "SELECT place, frame FROM frames WHERE box = ? AND place > ? AND place <= ? AND kept_ms > ? ORDER BY place",
  sumUpTo:
    "SELECT count(*) AS frames, coalesce(sum(length(frame)), 0) AS bytes FROM frames WHERE box = ? AND place <= ?",
  dropUpTo: "DELETE FROM frames WHERE box = ? AND place <= ?",
  first: "SELECT place, box, length(frame) AS bytes, kept_ms FROM frames ORDER BY place LIMIT ?",
  forget: "DELETE FROM boxes WHERE frames = 0 AND seen_ms < ?",
} as const;

/** See the module's description. */
export class SqliteStore implements FrameStore {
  readonly #components: SqliteStoreComponents;
  readonly #init: SqliteStoreInit;
  readonly #keepMs: number;
  readonly #statements = new Map<keyof typeof SQL, SqlStatement>();
  #database: SqlDatabase | undefined;
  #works: Work[] = [];
  #waitingBytes = 0;
  #timer: Timer | undefined;
  #waitMs: number = COMMIT_WAIT_MS.least;
  #lastPlace = 0;
  #totals = { nodes: 0, frames: 0, bytes: 0 };
  #isWorking = false;

  constructor(components: SqliteStoreComponents, init: SqliteStoreInit) {
    this.#components = components;
    this.#init = init;
    this.#keepMs = init.limits.keepHours * HOURS_TO_MS;
  }

  get isWorking(): boolean {
    return this.#isWorking;
  }

  get view(): FrameStoreView {
    return this.#totals;
  }

  async start(): Promise<void> {
    this.#database = await openMailboxDatabase(this.#components.databases, this.#init.path);
    this.#recount();
    this.#isWorking = true;
  }

  stop(): Promise<void> {
    if (this.#database === undefined) return Promise.resolve();
    this.#flush();
    this.#statements.clear();
    this.#database.close();
    this.#database = undefined;
    this.#isWorking = false;
    return Promise.resolve();
  }

  admit(nodeId: string, mayBeNew: boolean): Promise<boolean> {
    return promiseOf(() => {
      const nowMs = this.#components.clock.wallMs();
      this.#flushOf(nodeId);
      const known = this.#get("boxOf", nodeId);
      if (known !== undefined) {
        if (Math.abs(nowMs - Number(known["seen_ms"])) >= SEEN_STEP_MS) {
          this.#later(nodeId, () => this.#run("see", nowMs, Number(known["box"])));
        }
        return true;
      }
      if (!mayBeNew || this.#totals.nodes >= this.#init.limits.nodesMax) return false;
      this.#later(nodeId, () => this.#addBox(nodeId));
      return true;
    });
  }

  whyNot(bytes: number): NotKept | undefined {
    const { bytesPerNode, bytesMax } = this.#init.limits;
    if (bytes > Math.min(bytesPerNode, bytesMax)) return "mailbox_too_large";
    return this.#waitingBytes + bytes > KEEPING_BYTES_MAX ? "mailbox_busy" : undefined;
  }

  keep(frame: NewFrame, mayBeNew: boolean): Promise<KeepOutcome> {
    const { length } = frame.bytes;
    const reason = this.whyNot(length);
    if (reason !== undefined) return Promise.resolve({ isKept: false, reason });
    return new Promise((resolve, reject) => {
      let outcome: KeepOutcome = { isKept: false, reason: "unreachable" };
      this.#add({
        nodeId: frame.to,
        bytes: length,
        write: () => outcome = this.#write(frame, mayBeNew),
        done: () => resolve(outcome),
        failed: reject,
      });
    });
  }

  read(nodeId: string, after: number, most: { frames: number; bytes: number }): Promise<KeptFrame[]> {
    return promiseOf(() => {
      this.#flushOf(nodeId);
      const box = this.#boxOf(nodeId);
      if (box === undefined || box.frames === 0) return [];
      const keptAfterMs = this.#components.clock.wallMs() - this.#keepMs;
      let [upTo, bytes] = [0, 0];
      // The lengths first: they are read without the frames, which may be long.
      for (const row of this.#all("lengths", box.box, after, keptAfterMs, most.frames)) {
        bytes += Number(row["bytes"]);
        if (bytes > most.bytes && upTo > 0) break;
        upTo = Number(row["place"]);
      }
      if (upTo === 0) return [];
      return this.#all("read", box.box, after, upTo, keptAfterMs).map((row) => ({
        place: Number(row["place"]),
        bytes: row["frame"] as Uint8Array,
      }));
    });
  }

  remove(nodeId: string, upTo: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const write = () => {
        const box = this.#boxOf(nodeId);
        if (box === undefined) return;
        const gone = this.#get("sumUpTo", box.box, upTo);
        this.#run("dropUpTo", box.box, upTo);
        this.#count(box.box, -Number(gone?.["frames"]), -Number(gone?.["bytes"]));
      };
      this.#add({ nodeId, bytes: 0, write, done: resolve, failed: reject });
    });
  }

  sweep(): Promise<number> {
    return promiseOf(() => {
      const nowMs = this.#components.clock.wallMs();
      let gone = 0;
      this.#flush();
      this.#transact(() => {
        // A frame that replaces another keeps its place and its time, so the oldest come first.
        for (const row of this.#all("first", SWEEP_FRAMES)) {
          if (Number(row["kept_ms"]) > nowMs - this.#keepMs) break;
          this.#run("drop", Number(row["place"]));
          this.#count(Number(row["box"]), -1, -Number(row["bytes"]));
          gone++;
        }
        if (gone < SWEEP_FRAMES) this.#run("forget", nowMs - BOX_KEPT_MS);
      });
      this.#totals.nodes = Number(this.#get("totals")?.["nodes"]);
      return gone;
    });
  }

  /** Nobody else keeps anything here, and a failure is over with the next write. */
  onNews(): void {
    return;
  }

  #addBox(nodeId: string): void {
    if (this.#get("boxOf", nodeId) !== undefined || this.#totals.nodes >= this.#init.limits.nodesMax) return;
    this.#run("addBox", nodeId, this.#components.clock.wallMs());
    this.#totals.nodes++;
  }

  #write(frame: NewFrame, mayBeNew: boolean): KeepOutcome {
    const { bytes, from, id, to } = frame;
    if (mayBeNew) this.#addBox(to);
    const box = this.#boxOf(to);
    if (box === undefined) return { isKept: false, reason: "unreachable" };
    const message = this.#components.crypto.sha256(`${from}\0${id}`).subarray(0, 16);
    const { place, keptMs } = this.#replaced(box, message) ??
      { place: ++this.#lastPlace, keptMs: this.#components.clock.wallMs() };
    const gaveWay = this.#makeRoom(box, bytes.length);
    this.#run("add", place, box.box, message, keptMs, bytes);
    box.frames++;
    box.bytes += bytes.length;
    this.#count(box.box, 1, bytes.length);
    return { isKept: true, gaveWay };
  }

  /** Lets an earlier attempt at the same message go, whose place the new one takes: its order, and its age. */
  #replaced(box: Box, message: Uint8Array): { readonly place: number; readonly keptMs: number } | undefined {
    const same = this.#get("same", box.box, message);
    if (same === undefined) return undefined;
    const [place, keptMs] = [Number(same["place"]), Number(same["kept_ms"])];
    this.#drop(box, place, Number(same["bytes"]));
    return keptMs > this.#components.clock.wallMs() - this.#keepMs ? { place, keptMs } : undefined;
  }

  /** Lets the oldest go until there is room for one more. */
  #makeRoom(box: Box, bytes: number): Uint8Array[] {
    const { bytesMax, bytesPerNode, framesMax, framesPerNode } = this.#init.limits;
    const gaveWay: Uint8Array[] = [];
    for (;;) {
      const isBoxFull = box.frames >= framesPerNode || box.bytes + bytes > bytesPerNode;
      const isAllFull = this.#totals.frames >= framesMax || this.#totals.bytes + bytes > bytesMax;
      if (!isBoxFull && !isAllFull) return gaveWay;
      const oldest = isBoxFull ? this.#get("oldestOfBox", box.box) : this.#get("oldest");
      // The counts would be wrong: better too much than a loop without an end.
      if (oldest === undefined) return gaveWay;
      const frame = oldest["frame"] as Uint8Array;
      const isOwn = Number(oldest["box"]) === box.box;
      this.#drop(
        isOwn ? box : { box: Number(oldest["box"]), frames: 0, bytes: 0 },
        Number(oldest["place"]),
        frame.length,
      );
      gaveWay.push(frame);
    }
  }

  #drop(box: Box, place: number, bytes: number): void {
    this.#run("drop", place);
    this.#count(box.box, -1, -bytes);
    box.frames--;
    box.bytes -= bytes;
  }

  #count(box: number, frames: number, bytes: number): void {
    this.#run("count", frames, bytes, box);
    this.#totals.frames += frames;
    this.#totals.bytes += bytes;
  }

  #boxOf(nodeId: string): Box | undefined {
    const row = this.#get("boxOf", nodeId);
    if (row === undefined) return undefined;
    return { box: Number(row["box"]), frames: Number(row["frames"]), bytes: Number(row["bytes"]) };
  }

  /** Notes what nobody waits for; when it cannot be written it is as if the node had not been here. */
  #later(nodeId: string, write: () => void): void {
    this.#add({ nodeId, bytes: 0, write, done: () => undefined, failed: () => undefined });
  }

  #add(work: Work): void {
    this.#works.push(work);
    this.#waitingBytes += work.bytes;
    if (this.#waitingBytes >= COMMIT_BYTES) return this.#flush();
    this.#timer ??= this.#components.clock.setTimer(this.#waitMs, () => this.#flush());
  }

  /** Writes what concerns a node before it is read. */
  #flushOf(nodeId: string): void {
    if (this.#works.some((work) => work.nodeId === nodeId)) this.#flush();
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const works = this.#works;
    if (works.length === 0) return;
    this.#works = [];
    this.#waitingBytes = 0;
    const { clock } = this.#components;
    const startedMs = clock.monotonicMs();
    try {
      this.#transact(() => works.forEach((work) => work.write()));
    } catch (thrown) {
      works.forEach((work) => work.failed(thrown));
      return;
    }
    const tookMs = clock.monotonicMs() - startedMs;
    const waitMs = COMMIT_WAIT_MS.ofLastWrite * tookMs;
    this.#waitMs = Math.min(COMMIT_WAIT_MS.most, Math.max(COMMIT_WAIT_MS.least, waitMs));
    works.forEach((work) => work.done());
  }

  #transact(write: () => void): void {
    const database = this.#openDatabase();
    const before = { ...this.#totals };
    try {
      inTransaction(database, write);
      this.#isWorking = true;
    } catch (thrown) {
      this.#totals = before;
      this.#isWorking = false;
      throw thrown;
    }
  }

  #recount(): void {
    const totals = this.#get("totals");
    this.#totals = {
      nodes: Number(totals?.["nodes"]),
      frames: Number(totals?.["frames"]),
      bytes: Number(totals?.["bytes"]),
    };
    this.#lastPlace = Number(this.#get("lastPlace")?.["place"]);
  }

  #openDatabase(): SqlDatabase {
    if (this.#database !== undefined) return this.#database;
    throw new BarnacleError({ code: "DATABASE_ERROR", action: "Use the relay's mailbox", value: "a closed one" });
  }

  #statement(name: keyof typeof SQL): SqlStatement {
    let statement = this.#statements.get(name);
    if (statement === undefined) this.#statements.set(name, statement = this.#openDatabase().prepare(SQL[name]));
    return statement;
  }

  #get(name: keyof typeof SQL, ...values: Parameters<SqlStatement["get"]>): ReturnType<SqlStatement["get"]> {
    return this.#statement(name).get(...values);
  }

  #all(name: keyof typeof SQL, ...values: Parameters<SqlStatement["all"]>): ReturnType<SqlStatement["all"]> {
    return this.#statement(name).all(...values);
  }

  #run(name: keyof typeof SQL, ...values: Parameters<SqlStatement["run"]>): void {
    this.#statement(name).run(...values);
  }
}

/** What `work` gives or throws, as a promise. */
function promiseOf<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
