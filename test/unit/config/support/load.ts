import { type ConfigSources, loadConfig, type LoadedConfig } from "../../../../src/config/mod.ts";
import { BarnacleError } from "../../../../src/errors.ts";
import { MemoryFiles } from "../../store/support/memory-files.ts";

/** What a test gives; by default no file, no flag and an empty environment in `/work`. */
export interface LoadInput extends Partial<ConfigSources> {
  readonly contents?: Readonly<Record<string, string>>;
}

/** Loads a configuration from files in memory. The process runs in `/home`. */
export async function load({ contents = {}, ...sources }: LoadInput = {}): Promise<LoadedConfig> {
  const ports = { files: new MemoryFiles(contents), process: { workingDirectory: () => "/home" } };
  return await loadConfig(ports, { directory: "/work", flags: {}, environment: {}, ...sources });
}

/** Loads `/work/barnacle.json` with this text. */
export async function loadText(text: string, input: LoadInput = {}): Promise<LoadedConfig> {
  return await load({ ...input, contents: { "/work/barnacle.json": text, ...input.contents } });
}

/** The error that loading ends with. */
export async function errorOf(loading: Promise<LoadedConfig>): Promise<BarnacleError> {
  try {
    await loading;
  } catch (thrown) {
    if (thrown instanceof BarnacleError) return thrown;
    throw thrown;
  }
  throw new Error("loading did not fail");
}

/** Everything that an error shows, wherever it is printed. */
export function everythingShownBy(error: BarnacleError): string {
  const { message, stack, problems, value, wanted, hint, action } = error;
  return JSON.stringify({ message, stack, problems, value, wanted, hint, action });
}
