/** Hunts: a failing part that is noticed late, and looks at the health of a host on which nothing happens. */
import { expect, test } from "vitest";
import { makeStatusBench, MINUTE_MS, SECOND_MS } from "./support.ts";

test("a part that fails is noticed as soon as anything wakes the loop, and at the latest after 30 s", async () => {
  const bench = makeStatusBench();
  let ok = true;
  bench.service.addCheck("inbox", () => ({ ok }));
  bench.scheduler.add({ name: "other", intervalMs: 7_000, timeoutMs: SECOND_MS, run: () => Promise.resolve() });
  await bench.start();
  await bench.clock.advance(8 * SECOND_MS);
  ok = false;
  await bench.clock.advance(8 * SECOND_MS);
  expect(bench.receiver.last.document.health.status).toBe("degraded");
});

test("a host without work, and nothing failing, is looked at twice a minute", async () => {
  const bench = makeStatusBench();
  await bench.start();
  const runs = () => bench.sample('barnacle_task_runs_total{task="health",outcome="succeeded"}');
  const before = runs();
  await bench.clock.advance(10 * MINUTE_MS);
  expect(runs() - before).toBeLessThan(45);
  bench.service.accept({ reporter: "w", active_tasks: 0, holds_for_seconds: 3_600 });
  const atWork = runs();
  await bench.clock.advance(10 * MINUTE_MS);
  expect(runs() - atWork).toBeGreaterThan(115);
});
