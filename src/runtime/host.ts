/**
 * The part of the port that measures the host; it is reached by `port.ts`.
 *
 * @module
 */

/** What is measured of a host, and may fail by itself. */
export type HostPart = "processor" | "memory" | "swap" | "disk" | "load" | "uptime" | "cgroup";

/** The limits of this process's control group; a limit that is not set is `undefined`. */
export interface ControlGroup {
  /** Such as 1.5. */
  readonly processorCountMax: number | undefined;
  readonly memoryBytesMax: number | undefined;
  /** Without what the kernel would give back first; `undefined` without a limit. */
  readonly memoryUsedBytes: number | undefined;
}

/** The host's counters at one moment. A part that could not be read is `undefined`, and among the problems. */
export interface HostReading {
  /** Time of all processors together since some moment, in some unit: two readings give a share. */
  readonly processor: { readonly busy: number; readonly total: number } | undefined;
  /** What could be had without swapping is available. */
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number } | undefined;
  /** `totalBytes` is 0 without swap. */
  readonly swap: { readonly totalBytes: number; readonly usedBytes: number } | undefined;
  /** Of one file system; `availableBytes` without what is kept for the superuser. */
  readonly disk: { readonly usedBytes: number; readonly availableBytes: number } | undefined;
  /** Over 1, 5 and 15 minutes; zeros where the platform knows none. */
  readonly load: readonly [number, number, number] | undefined;
  /** Since the host booted. */
  readonly uptimeSeconds: number | undefined;
  /** Where there is none, all of it is `undefined`. */
  readonly cgroup: ControlGroup | undefined;
  readonly problems: readonly { readonly part: HostPart; readonly message: string }[];
}

/** The host as a machine: what a Monitor measures. */
export interface Host {
  /**
   * Reads the counters; never rejects for a part that cannot be read.
   *
   * @param options.rootFs where the host's root file system is: its use is `disk`, and its `proc`, if it is there, is read in place of
   *   our own
   * @param options.signal what has not answered when it is aborted is a problem, and so is what still has not at the next reading
   */
  read(options: { readonly rootFs: string; readonly signal?: AbortSignal }): Promise<HostReading>;
}
