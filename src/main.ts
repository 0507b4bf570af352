/**
 * The door: one runtime is chosen by import condition, one command is run, its exit code ends the process.
 *
 * @module
 */
import { createRuntime } from "#runtime";
import { runCommandLine } from "./cli/mod.ts";

const runtime = createRuntime();
const exitCode = await runCommandLine({
  runtime,
  startHost: async (loaded, parts) => (await import("./agent.ts")).startHost(runtime, loaded, parts),
  plugin: async () => await (await import("./openclaw-plugin.ts")).loadPlugin(),
  licences: async () => (await import("./licences.ts")).LICENCES,
});
runtime.process.exit(exitCode);
