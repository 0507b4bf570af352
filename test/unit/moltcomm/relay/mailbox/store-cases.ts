/** What every store of kept frames does: one suite, run over each of them. @module */
import { afterEach, describe, expect, test } from "vitest";
import type { FrameStore, KeepOutcome, MailboxLimits } from "../../../../../src/moltcomm/relay/mailbox/mod.ts";
import { encodeFrame } from "../../../../../src/moltcomm/wire/mod.ts";
import { MAILBOX_LIMITS } from "../support.ts";

/** A place where frames are kept. */
export interface StorePlace {
  /** Opens it as one relay does; several may where the store is shared. */
  open(limits: MailboxLimits): Promise<FrameStore>;
  clear(): Promise<void>;
}

export interface StoreCasesInit {
  make(): Promise<StorePlace>;
  readonly timeoutMs: number;
}

/** A node id for each number, of the form that they have. */
export function nodeId(number: number): string {
  return `ed25519:${String(number).padStart(43, "A")}`;
}

const [ANNA, BERT, CARL] = [nodeId(1), nodeId(2), nodeId(3)];
const ALL = { frames: 10_000, bytes: 64 * 1_048_576 };

export function frameOf(from: string, id: string, text: string): Uint8Array {
  return encodeFrame(JSON.stringify({ v: 1, t: "DIRECT", id, from, to: ANNA, body: { msg: text } }));
}

/** Gives a store a frame. */
export function put(store: FrameStore, to: string, text: string, more: { from?: string; id?: string } = {}) {
  const { from = CARL, id = text } = more;
  return store.keep({ to, from, id, bytes: frameOf(from, id, text) }, false);
}

export function textOf(bytes: Uint8Array): string {
  return (JSON.parse(new TextDecoder().decode(bytes.subarray(4))) as { body: { msg: string } }).body.msg;
}

/** The texts that a store has for a node. */
export async function texts(store: FrameStore, to: string, after = 0, most = ALL): Promise<string[]> {
  return (await store.read(to, after, most)).map(({ bytes }) => textOf(bytes));
}

function gaveWay(outcome: KeepOutcome): string[] {
  return outcome.isKept ? outcome.gaveWay.map(textOf) : [outcome.reason];
}

export function defineStoreCases(name: string, { make, timeoutMs }: StoreCasesInit): void {
  const timeout = { timeout: timeoutMs };
  let place: StorePlace | undefined;
  const stores: FrameStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop();
    await place?.clear();
    place = undefined;
  });

  async function open(limits: Partial<MailboxLimits> = {}): Promise<FrameStore> {
    place ??= await make();
    const store = await place.open({ ...MAILBOX_LIMITS, ...limits });
    stores.push(store);
    return store;
  }

  /** A store with boxes for two nodes. */
  async function openWithBoxes(limits: Partial<MailboxLimits> = {}): Promise<FrameStore> {
    const store = await open(limits);
    for (const node of [ANNA, BERT]) expect(await store.admit(node, true)).toBe(true);
    return store;
  }

  describe(name, () => {
    test("keeps frames in the order in which they were given, without waiting for each", timeout, async () => {
      const store = await openWithBoxes();
      const words = Array.from({ length: 300 }, (_, index) => `m${index}`);
      const outcomes = words.map((word) => put(store, ANNA, word));
      expect(new Set((await Promise.all(outcomes)).map(({ isKept }) => isKept))).toEqual(new Set([true]));
      expect(await texts(store, ANNA)).toEqual(words);
      expect(await texts(store, BERT)).toEqual([]);
    });

    test("gives frames back byte for byte", timeout, async () => {
      const store = await openWithBoxes();
      const bytes = new Uint8Array(70_000).map((_, index) => index % 251);
      await store.keep({ to: ANNA, from: CARL, id: "any", bytes }, false);
      const [kept] = await store.read(ANNA, 0, ALL);
      expect(new Uint8Array(kept?.bytes ?? [])).toEqual(bytes);
    });

    test("reads in batches of so many frames and bytes, but of one frame at least", timeout, async () => {
      const store = await openWithBoxes();
      for (const word of ["a", "b", "c", "d".repeat(5_000), "e"]) await put(store, ANNA, word);
      const first = await store.read(ANNA, 0, { frames: 2, bytes: 100_000 });
      expect(first.map(({ bytes }) => textOf(bytes))).toEqual(["a", "b"]);
      const second = await store.read(ANNA, first.at(-1)?.place ?? 0, { frames: 10, bytes: 1_000 });
      expect(second.map(({ bytes }) => textOf(bytes))).toEqual(["c"]);
      const third = await store.read(ANNA, second.at(-1)?.place ?? 0, { frames: 10, bytes: 1_000 });
      expect(third.map(({ bytes }) => textOf(bytes))).toEqual(["d".repeat(5_000)]);
      expect(await texts(store, ANNA, third.at(-1)?.place)).toEqual(["e"]);
    });

    test("lets frames go up to a place, and none of another node", timeout, async () => {
      const store = await openWithBoxes();
      for (const word of ["a", "b", "c"]) await put(store, ANNA, word);
      await put(store, BERT, "theirs");
      const [, second] = await store.read(ANNA, 0, ALL);
      await store.remove(ANNA, second?.place ?? 0);
      expect(await texts(store, ANNA)).toEqual(["c"]);
      expect(await texts(store, BERT)).toEqual(["theirs"]);
      await put(store, ANNA, "d");
      expect(await texts(store, ANNA, second?.place)).toEqual(["c", "d"]);
    });

    test("keeps nothing for a node without a box, unless it may get one", timeout, async () => {
      const store = await open();
      expect(await put(store, ANNA, "a")).toEqual({ isKept: false, reason: "unreachable" });
      expect(await store.admit(ANNA, false)).toBe(false);
      expect(await put(store, ANNA, "b")).toEqual({ isKept: false, reason: "unreachable" });
      expect(await store.admit(ANNA, true)).toBe(true);
      expect(await store.admit(ANNA, false)).toBe(true);
      await put(store, ANNA, "c");
      await store.keep({ to: BERT, from: CARL, id: "d", bytes: frameOf(CARL, "d", "d") }, true);
      expect([await texts(store, ANNA), await texts(store, BERT)]).toEqual([["c"], ["d"]]);
    });

    test("gives boxes to so many nodes", timeout, async () => {
      const store = await open({ nodesMax: 2 });
      for (let number = 1; number < 5; number++) {
        await store.admit(nodeId(number), true);
        await put(store, nodeId(number), "x");
      }
      expect(await texts(store, nodeId(2))).toEqual(["x"]);
      expect(await texts(store, nodeId(3))).toEqual([]);
      expect(await store.admit(nodeId(1), true)).toBe(true);
    });

    test("replaces a frame with the same sender and id, and no other", timeout, async () => {
      const store = await openWithBoxes();
      for (let round = 0; round < 5; round++) await put(store, ANNA, `round ${round}`, { id: "same" });
      await put(store, ANNA, "another sender", { id: "same", from: BERT });
      await put(store, BERT, "another node", { id: "same" });
      expect((await texts(store, ANNA)).sort()).toEqual(["another sender", "round 4"]);
      expect(await texts(store, BERT)).toEqual(["another node"]);
    });

    test("lets the oldest of a full box give way, by frames", timeout, async () => {
      const store = await openWithBoxes({ framesPerNode: 3 });
      await put(store, BERT, "theirs");
      const outcomes = [];
      for (const word of ["a", "b", "c", "d", "e"]) outcomes.push(gaveWay(await put(store, ANNA, word)));
      expect(outcomes).toEqual([[], [], [], ["a"], ["b"]]);
      expect(await texts(store, ANNA)).toEqual(["c", "d", "e"]);
      expect(await texts(store, BERT)).toEqual(["theirs"]);
      // Room again, once some are handed over.
      const [first] = await store.read(ANNA, 0, ALL);
      await store.remove(ANNA, first?.place ?? 0);
      expect(gaveWay(await put(store, ANNA, "f"))).toEqual([]);
    });

    test("lets the oldest of a full box give way, by bytes", timeout, async () => {
      const store = await openWithBoxes({ bytesPerNode: 6_000 });
      const words = ["a", "b", "c"].map((letter) => letter.repeat(1_700));
      for (const word of words) expect(gaveWay(await put(store, ANNA, word, { id: word[0] ?? "" }))).toEqual([]);
      expect(gaveWay(await put(store, ANNA, "d".repeat(3_000), { id: "d" }))).toEqual(words.slice(0, 2));
      expect(gaveWay(await put(store, ANNA, "e".repeat(9_000), { id: "e" }))).toEqual(["mailbox_too_large"]);
      expect((await texts(store, ANNA)).map((text) => text[0])).toEqual(["c", "d"]);
    });

    test("lets the oldest of all give way when there is too much in all", timeout, async () => {
      const store = await openWithBoxes({ framesMax: 3 });
      await put(store, BERT, "a");
      await put(store, ANNA, "b");
      await put(store, BERT, "c");
      expect(gaveWay(await put(store, ANNA, "d"))).toEqual(["a"]);
      expect([await texts(store, ANNA), await texts(store, BERT)]).toEqual([["b", "d"], ["c"]]);
    });

    test("has everything again after it was closed, and counts it", timeout, async () => {
      const store = await openWithBoxes();
      for (const word of ["a", "b", "c"]) await put(store, ANNA, word);
      await put(store, BERT, "d");
      await store.stop();
      await store.stop();
      const again = await open();
      expect(await texts(again, ANNA)).toEqual(["a", "b", "c"]);
      expect(await again.admit(BERT, false)).toBe(true);
      await put(again, ANNA, "e");
      expect(await texts(again, ANNA)).toEqual(["a", "b", "c", "e"]);
      await again.sweep();
      expect(again.view).toMatchObject({ frames: 5, nodes: 2 });
      expect(again.view.bytes).toBeGreaterThan(5 * 100);
    });

    test("fails where it is used after its end, and loses nothing by it", timeout, async () => {
      const store = await openWithBoxes();
      await put(store, ANNA, "a");
      await store.stop();
      await expect(store.read(ANNA, 0, ALL)).rejects.toThrow();
      expect(store.isWorking).toBe(false);
      expect(await texts(await open(), ANNA)).toEqual(["a"]);
    });
  });
}
