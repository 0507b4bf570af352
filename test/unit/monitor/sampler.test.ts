/** Hunts: a share of the processor over a moment, or over the wrong one; a sample that a part of the host holds up or spoils. */
import { expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { Sampler } from "../../../src/monitor/telemetry/sampler.ts";
import type { HostReading } from "../../../src/runtime/port.ts";
import { QUIET_HOST } from "../../support/host-reading.ts";
import { makeBench } from "../scheduler/support.ts";

const READING: HostReading = { ...QUIET_HOST, processor: { busy: 0, total: 0 } };
const missing = (path: string) =>
  Promise.reject(new BarnacleError({ code: "FILE_NOT_FOUND", action: `Look at ${path}` }));

function makeSampler() {
  const bench = makeBench();
  const seen = { reads: 0, reading: READING, nginx: missing };
  const host = {
    read: () => {
      seen.reads++;
      return Promise.resolve(seen.reading);
    },
  };
  const files = { stat: (path: string) => seen.nginx(path), list: (path: string) => seen.nginx(path) };
  const sampler = new Sampler({ ...bench, host, files }, { identifier: "vps.t1", rootFs: "/" });
  const spend = (busy: number, total: number) => seen.reading = { ...seen.reading, processor: { busy, total } };
  return { ...bench, sampler, seen, spend };
}

test("the sampler has nothing to tell after one look, and never looks twice within a second", async () => {
  const { clock, sampler, seen, spend } = makeSampler();
  expect(await sampler.sample()).toBe(false);
  await clock.advance(999);
  expect(await sampler.sample()).toBe(false);
  expect(seen.reads).toBe(1);
  await clock.advance(1);
  spend(30, 100);
  expect(await sampler.sample()).toBe(true);
  expect(sampler.newest?.telemetry.cpu_pct).toBe(30);
  await clock.advance(500);
  spend(1_000, 1_000);
  expect(await sampler.sample()).toBe(true);
  expect(sampler.newest?.telemetry.cpu_pct).toBe(30);
});

test("the share after a look that failed is that since the last one that did not", async () => {
  const { clock, sampler, seen, spend } = makeSampler();
  await sampler.sample();
  await clock.advance(30_000);
  seen.reading = { ...READING, processor: undefined, problems: [{ part: "processor", message: "no /proc/stat" }] };
  expect(await sampler.sample()).toBe(true);
  expect(sampler.newest?.answer.problems).toEqual(["processor: no /proc/stat"]);
  await clock.advance(30_000);
  seen.reading = READING;
  spend(10, 200);
  await sampler.sample();
  expect(sampler.newest?.telemetry.cpu_pct).toBe(5);
  expect(sampler.newest?.answer).not.toHaveProperty("problems");
});

test("an nginx that cannot be looked at is named, counted and costs nothing else", async () => {
  const { clock, log, sample, sampler, seen } = makeSampler();
  await sampler.sample();
  await clock.advance(30_000);
  seen.nginx = () => Promise.reject(new BarnacleError({ code: "PERMISSION_DENIED", action: "Look at nginx" }));
  expect(await sampler.sample()).toBe(true);
  expect(sampler.newest?.telemetry).toMatchObject({ mem_pct: 50, nginx_installed: false, nginx_sites: [] });
  expect(sampler.newest?.answer.problems).toEqual(["nginx: Look at nginx: PERMISSION_DENIED"]);
  expect(sample('barnacle_monitor_telemetry_problems_total{part="nginx"}')).toBe(1);
  seen.nginx = missing;
  await clock.advance(30_000);
  await sampler.sample();
  expect(log.named("telemetry_complete")).toHaveLength(1);
});
