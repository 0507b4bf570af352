import { COMMIT, TARGET, VERSION } from "../../version.ts";
import type { VersionFlags } from "../commands/version.ts";
import type { Invocation } from "../context.ts";
import { formatPairs } from "../table.ts";

export default async function version(this: Invocation, flags: VersionFlags): Promise<void> {
  const { runtime, licences } = this.cli;
  const { standardOutput } = runtime.process;
  if (!flags.verbose) {
    standardOutput.write(`${VERSION}\n`);
    return;
  }
  const { os, architecture } = runtime.process.hostFacts();
  const fromSources = "none: run from sources";
  standardOutput.write(formatPairs([
    ["version", VERSION],
    ["commit", COMMIT ?? fromSources],
    ["target", TARGET ?? fromSources],
    ["runtime", `${runtime.name} ${runtime.version}`],
    ["host", `${os} ${architecture}`],
  ], { colour: false, widthMax: undefined }));
  const text = await licences();
  standardOutput.write(`\n${text ?? "Licences: each package in node_modules carries its own."}\n`);
}
