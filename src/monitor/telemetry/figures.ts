/**
 * From counters to the figures of the heartbeat. Source: the Monitor's contract, "The heartbeat".
 *
 * @module
 */
import type { HostTelemetry } from "../../contract/mod.ts";
import type { HostReading } from "../../runtime/port.ts";

/** The figures that come from the counters. */
export type Figures = Omit<HostTelemetry, "nginx_installed" | "nginx_sites">;

/** What stands before anything could be measured. */
export const NO_FIGURES: Figures = {
  cpu_pct: 0,
  mem_pct: 0,
  disk_pct: 0,
  swap_pct: 0,
  load_avg: [0, 0, 0],
  uptime_seconds: 0,
};

/**
 * The figures of a reading; one whose part could not be read keeps its last value.
 *
 * @param before the processor's times at the reading before
 */
export function figuresOf(reading: HostReading, before: HostReading["processor"], last: Figures): Figures {
  const { processor, memory, swap, disk, load, uptimeSeconds } = reading;
  return {
    cpu_pct: busyShare(processor, before) ?? last.cpu_pct,
    mem_pct: memory === undefined ? last.mem_pct : percentage(1 - memory.availableBytes / memory.totalBytes),
    disk_pct: disk === undefined ? last.disk_pct : percentage(disk.usedBytes / (disk.usedBytes + disk.availableBytes)),
    swap_pct: swap === undefined
      ? last.swap_pct
      : percentage(swap.totalBytes === 0 ? 0 : swap.usedBytes / swap.totalBytes),
    load_avg: load === undefined ? last.load_avg : [...load],
    uptime_seconds: uptimeSeconds === undefined ? last.uptime_seconds : Math.floor(uptimeSeconds),
  };
}

/** Counters may go back when a processor is taken away, or a virtual machine moves: then there is no share to tell. */
function busyShare(now: HostReading["processor"], before: HostReading["processor"]): number | undefined {
  if (now === undefined || before === undefined || now.total <= before.total) return undefined;
  return percentage((now.busy - before.busy) / (now.total - before.total));
}

/** 0 to 100 with one decimal. */
export function percentage(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 1_000) / 10;
}
