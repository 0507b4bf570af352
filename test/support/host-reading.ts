/** What a quiet host's counters say, for tests that look at one thing of it. @module */
import type { HostReading } from "../../src/runtime/port.ts";

/** Half of the memory and of the disk are in use. */
export const QUIET_HOST: HostReading = {
  processor: { busy: 1, total: 2 },
  memory: { totalBytes: 100, availableBytes: 50 },
  swap: { totalBytes: 0, usedBytes: 0 },
  disk: { usedBytes: 1, availableBytes: 1 },
  load: [0, 0, 0],
  uptimeSeconds: 60,
  cgroup: undefined,
  problems: [],
};
