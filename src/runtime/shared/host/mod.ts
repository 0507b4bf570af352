/**
 * The host's counters, for Node, Bun and Deno. What reads them is loaded at the first reading: a host without a Monitor has no use for it.
 *
 * @module
 */
import type { Host } from "../../port.ts";

/** The host this process runs on. */
export function createHost(): Host {
  let reader: Promise<Host> | undefined;
  return { read: async (options) => await (await (reader ??= loadReader())).read(options) };
}

async function loadReader(): Promise<Host> {
  const { hostFiles, hostSystem } = await import("./sources.ts");
  if (process.platform === "linux") return (await import("./linux.ts")).createLinuxHost(hostFiles());
  const { createGeneralHost, memoryOfMacos, memoryOfWindows } = await import("./general.ts");
  return createGeneralHost(hostSystem(), process.platform === "darwin" ? memoryOfMacos() : memoryOfWindows());
}
