/** Hunts: a row that stands in another instance's place, is lost when a slot grows, or is read from a slot that never had room for it. */
import { describe, expect, test } from "vitest";
import { COLUMNS } from "../../../../src/hub/history/columns.ts";
import { OpenSpan, SLOTS } from "../../../../src/hub/history/span.ts";

/** More than a slot has room for at first. */
const MANY = 1_000;
const ACTIVE_TASKS = 2;

/** The active tasks of each slot in which something was heard. */
function heardOf(open: OpenSpan, number: number): (number | undefined)[] {
  const cells = open.cellsOf(number);
  const rows = Array.from({ length: SLOTS }, (_, slot) => cells?.[slot * COLUMNS + ACTIVE_TASKS]);
  return rows.filter((cell) => cell !== 0).map((cell) => cell === undefined ? undefined : cell - 1);
}

describe("OpenSpan", () => {
  test("keeps each instance's rows apart when more are heard than a slot had room for", () => {
    const open = new OpenSpan(7);
    open.put(1, 0, { active_tasks: 5 });
    for (let number = 1; number <= MANY; number++) open.put(number, 1, { active_tasks: number });
    open.put(MANY, 3, { active_tasks: 6 });
    expect(heardOf(open, 1)).toEqual([5, 1]);
    for (let number = 2; number < MANY; number++) expect(heardOf(open, number)).toEqual([number]);
    expect(heardOf(open, MANY)).toEqual([MANY, 6]);
  });

  test("gives nothing of an instance in a slot that was over before it was heard first", () => {
    const open = new OpenSpan(7);
    open.put(1, 0, { active_tasks: 5 });
    for (let number = 2; number <= MANY; number++) open.put(number, 1, { active_tasks: number });
    expect([...open.rowOf(MANY, 0)].every((cell) => cell === 0)).toBe(true);
    expect([...open.rowOf(1, 2)].every((cell) => cell === 0)).toBe(true);
    expect(open.rowOf(MANY, 1)[ACTIVE_TASKS]).toBe(MANY + 1);
    expect(open.cellsOf(MANY + 1)).toBeUndefined();
  });

  test("takes back what was written, beside what is heard since", () => {
    const open = new OpenSpan(7);
    open.restore(9, 4, Array.from({ length: COLUMNS }, (_, column) => column + 1));
    open.put(9, 5, { active_tasks: 8 });
    expect([...open.rowOf(9, 4)]).toEqual(Array.from({ length: COLUMNS }, (_, column) => column + 1));
    expect(heardOf(open, 9)).toEqual([ACTIVE_TASKS, 8]);
  });
});
