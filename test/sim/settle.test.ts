/** Hunts: a simulated step that runs before the promises of the last one have, and timers out of order. */
import { describe, expect, test } from "vitest";
import { SimClock } from "./clock.ts";
import { EventQueue } from "./event-queue.ts";
import { SeededRandom } from "./random.ts";
import { runSteps } from "./settle.ts";

describe("runSteps", () => {
  test("lets every promise settle between two steps, however deep, streams included", async () => {
    const log: string[] = [];
    const work = async (name: string): Promise<void> => {
      for (let depth = 0; depth < 50; depth++) await Promise.resolve();
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await Promise.resolve();
          controller.enqueue(new TextEncoder().encode(name));
          controller.close();
        },
      });
      log.push(await new Response(stream).text());
    };
    let step = 0;
    const running: Promise<void>[] = [];
    await runSteps(() => {
      log.push(`step ${step}`);
      running.push(work(`work ${step}`));
      return ++step < 200;
    });
    await Promise.all(running);
    expect(log).toEqual(Array.from({ length: 200 }, (_none, index) => [`step ${index}`, `work ${index}`]).flat());
  });

  test("rejects with what a step throws, and takes no further one", async () => {
    let steps = 0;
    const failing = runSteps(() => {
      steps++;
      throw new RangeError("no further");
    });
    expect(await failing.catch((thrown: unknown) => thrown)).toBeInstanceOf(RangeError);
    expect(steps).toBe(1);
  });
});

describe("EventQueue", () => {
  test("gives events by due time, ties by making, without the cancelled ones", () => {
    const random = new SeededRandom(3);
    const queue = new EventQueue();
    const wanted: [number, number][] = [];
    const got: [number, number][] = [];
    const events = Array.from({ length: 2_000 }, (_none, index) => {
      const dueMs = random.integer(0, 50);
      return { index, dueMs, event: queue.add(dueMs, () => got.push([dueMs, index])) };
    });
    for (const { index, dueMs, event } of events) {
      if (random.chance(0.7)) {
        queue.cancel(event);
        queue.cancel(event);
      } else wanted.push([dueMs, index]);
    }
    wanted.sort(([dueMs, index], [otherMs, other]) => dueMs - otherMs || index - other);
    expect(queue.size).toBe(wanted.length);
    for (let act = queue.take(); act !== undefined; act = queue.take()) act();
    expect(got).toEqual(wanted);
    expect(queue.nextDueMs).toBe(undefined);
  });

  test("counts an event that was taken as gone, also when it is cancelled afterwards", () => {
    const queue = new EventQueue();
    const taken = queue.add(1, () => undefined);
    queue.take();
    queue.cancel(taken);
    queue.add(2, () => undefined);
    expect(queue.size).toBe(1);
  });
});

describe("SimClock", () => {
  test("advance fires timers in order, those made on the way included, and stops at the time wanted", async () => {
    const clock = new SimClock();
    const fired: string[] = [];
    clock.setTimer(20, () => fired.push("late"));
    clock.setTimer(10, () => {
      fired.push("first");
      void Promise.resolve().then(() => clock.setTimer(5, () => fired.push(`made at ${clock.monotonicMs()}`)));
    });
    clock.setTimer(10, () => fired.push("second"));
    const gone = clock.setTimer(15, () => fired.push("cancelled"));
    clock.setTimer(12, () => gone.cancel());
    await clock.advance(15);
    expect(fired).toEqual(["first", "second", "made at 15"]);
    expect(clock.pendingCount).toBe(1);
    expect(clock.nextDueMs).toBe(20);
  });
});
