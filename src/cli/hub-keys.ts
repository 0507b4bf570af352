/**
 * The keys of the hub of a work directory, opened for one command.
 *
 * @module
 */
import type { LoadedConfig } from "../config/mod.ts";
import { isBarnacleError } from "../errors.ts";
import { openHubKeys } from "../hub/mod.ts";
import type { OpenKeyTable } from "../hub/mod.ts";
import { createLogger, Redactor } from "../log/mod.ts";
import type { Runtime } from "../runtime/port.ts";
import { WorkDirectory } from "../store/mod.ts";

/**
 * Does something with the keys; `undefined` instead when no hub ever ran there and none was made.
 *
 * @param options.create makes the state directory and the database where they are missing
 * @throws what opening the database and `use` throw
 */
export async function withHubKeys<Result>(
  runtime: Runtime,
  loaded: LoadedConfig,
  use: (keys: OpenKeyTable) => Result,
  options: { readonly create?: boolean } = {},
): Promise<Result | undefined> {
  const { databaseFile } = loaded.config.hub;
  if (options.create === true) await prepareDirectory(runtime, loaded);
  else if (!await isThere(runtime, databaseFile)) return undefined;
  const keys = await openHubKeys(runtime, { databaseFile });
  try {
    return use(keys);
  } finally {
    keys.close();
  }
}

async function prepareDirectory(runtime: Runtime, { config, directory }: LoadedConfig): Promise<void> {
  const { clock, files, process, random } = runtime;
  const logger = createLogger(
    { clock, output: process.standardError, redact: new Redactor() },
    { level: config.log.level, format: config.log.format === "json" ? "json" : "text" },
  );
  await new WorkDirectory({ files, random, logger }, { directory }).prepare();
}

async function isThere({ files }: Runtime, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return false;
    throw thrown;
  }
}
