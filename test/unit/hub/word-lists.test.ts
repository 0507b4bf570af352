/** Hunts: lists that pile up when instances change theirs, a word that leads to a list that lacks it, numbers mixed up in reuse. */
import { describe, expect, test } from "vitest";
import type { Instance } from "../../../src/hub/instance.ts";
import { SearchIndex } from "../../../src/hub/search-index.ts";
import { WordLists } from "../../../src/hub/word-lists.ts";
import { SeededRandom } from "../../sim/random.ts";

function idsWith(lists: WordLists, ...words: string[]): number[] {
  return [...lists.maskOf(words)].flatMap((bit, id) => bit === 1 ? [id] : []);
}

describe("WordLists", () => {
  test("gives equal lists one number and finds lists by all of several words", () => {
    const lists = new WordLists();
    const [both, one, none] = [lists.acquire(["a", "b"]), lists.acquire(["a"]), lists.acquire([])];
    expect(lists.acquire(["a", "b"])).toBe(both);
    expect(idsWith(lists, "a")).toEqual([both, one]);
    expect(idsWith(lists, "a", "b")).toEqual([both]);
    expect(idsWith(lists, "a", "c")).toEqual([]);
    expect(none).not.toBe(one);
  });

  test("exchange keeps the number of an equal list, and gives back one that nobody has any more", () => {
    const lists = new WordLists();
    const first = lists.acquire(["a", "b"]);
    expect(lists.exchange(first, ["a", "b"])).toBe(first);
    const second = lists.exchange(first, ["b", "a"]);
    expect(second).not.toBe(first);
    expect(idsWith(lists, "a")).toEqual([second]);
    expect(idsWith(lists, "a", "b")).toEqual([second]);
    lists.release(second);
    expect(idsWith(lists, "a")).toEqual([]);
  });

  test("exchange leaves a list to its other users", () => {
    const lists = new WordLists();
    const shared = lists.acquire(["a"]);
    expect(lists.acquire(["a"])).toBe(shared);
    const other = lists.exchange(shared, ["a", "b"]);
    expect(idsWith(lists, "a").sort()).toEqual([shared, other].sort());
    expect(lists.exchange(other, ["a"])).toBe(shared);
    expect(idsWith(lists, "b")).toEqual([]);
  });

  test("agrees with a plain search after any history, and reuses numbers", () => {
    const lists = new WordLists();
    const random = new SeededRandom(11);
    const held: { readonly id: number; readonly words: readonly string[] }[] = [];
    for (let step = 0; step < 3_000; step++) {
      if (held.length > 20 || (held.length > 0 && random.chance(0.4))) {
        const [gone] = held.splice(random.integer(0, held.length - 1), 1);
        lists.release(gone?.id ?? -1);
      } else {
        const words = ["a", "b", "c", "d", "e"].filter(() => random.chance(0.4));
        held.push({ id: lists.acquire(words), words });
      }
      const wanted = random.pick(["a", "b", "c"]);
      const expected = new Set(
        held.filter(({ words }) => words.includes(wanted) && words.includes("d")).map(({ id }) => id),
      );
      expect(idsWith(lists, wanted, "d")).toEqual([...expected].sort((left, right) => left - right));
    }
    expect(lists.idEnd).toBeLessThanOrEqual(21);
  });
});

describe("SearchIndex", () => {
  test("gives back the lists that an instance no longer has", () => {
    const index = new SearchIndex();
    const instance = {
      row: 1,
      heardAtMs: 1,
      expiresInMs: 1,
      sequence: 1,
      free: 0,
      status: "healthy",
      availability: "busy",
    };
    for (let round = 0; round < 1_000; round++) {
      index.set(instance as Instance, { capabilities: [`c${round}`], tags: [`t${round}`] });
    }
    expect(index.wordListCount).toBeLessThanOrEqual(4);
    index.clear(1);
    expect(index.rowsHeardUntil(Infinity)).toEqual([]);
  });
});
