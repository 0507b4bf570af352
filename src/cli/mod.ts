/**
 * The command line: a file per command, no logic that a library caller would miss.
 *
 * @module
 */
export type { CliContext, EndpointFile, HostParts, RunningHost } from "./context.ts";
export { runCommandLine } from "./run-command-line.ts";
