/** Hunts: writes that overtake each other, a failed one that stops those behind it. */
import { expect, test } from "vitest";
import { Turns } from "../../src/turns.ts";

test("Turns starts each piece of work when the one before has settled, in order", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const { promise: first, resolve } = Promise.withResolvers<void>();
  const done = Promise.all([
    turns.take(() => first.then(() => seen.push("first"))),
    turns.take(() => Promise.resolve(seen.push("second"))),
  ]);
  await Promise.resolve();
  expect(seen).toEqual([]);
  resolve();
  await done;
  expect(seen).toEqual(["first", "second"]);
});

test("Turns goes on after a failure, which only its own giver sees", async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error("mine")));
  const next = turns.take(() => Promise.resolve("fine"));
  await expect(failed).rejects.toThrow("mine");
  expect(await next).toBe("fine");
});
