/** Hunts: a figure beyond 0 to 100, or out of thin air. */
import { expect, test } from "vitest";
import { figuresOf, NO_FIGURES } from "../../../src/monitor/telemetry/figures.ts";
import type { HostReading } from "../../../src/runtime/port.ts";
import { QUIET_HOST } from "../../support/host-reading.ts";

const READING: HostReading = {
  ...QUIET_HOST,
  processor: { busy: 150, total: 300 },
  memory: { totalBytes: 1_000, availableBytes: 250 },
  disk: { usedBytes: 90, availableBytes: 10 },
  load: [0.5, 0.25, 0],
  uptimeSeconds: 12.9,
};
const BEFORE = { busy: 100, total: 200 };

test("figuresOf tells shares in percent, and whole seconds", () => {
  expect(figuresOf(READING, BEFORE, NO_FIGURES)).toEqual({
    cpu_pct: 50,
    mem_pct: 75,
    disk_pct: 90,
    swap_pct: 0,
    load_avg: [0.5, 0.25, 0],
    uptime_seconds: 12,
  });
});

test("figuresOf keeps the last share when the processor's times stand still or go back", () => {
  const last = { ...NO_FIGURES, cpu_pct: 33 };
  for (const processor of [BEFORE, { busy: 1, total: 2 }]) {
    expect(figuresOf({ ...READING, processor }, BEFORE, last).cpu_pct).toBe(33);
  }
});

test("figuresOf stays within 0 and 100 when counters do not agree", () => {
  const strange: HostReading = {
    ...READING,
    processor: { busy: 500, total: 210 },
    memory: { totalBytes: 100, availableBytes: 200 },
    swap: { totalBytes: 10, usedBytes: 11 },
  };
  expect(figuresOf(strange, BEFORE, NO_FIGURES)).toMatchObject({ cpu_pct: 100, mem_pct: 0, swap_pct: 100 });
});
