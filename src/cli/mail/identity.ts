/**
 * The identity of a work directory, for commands that may be the first to need it.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { createLogger, Redactor } from "../../log/mod.ts";
import { type IdentityKeeper } from "../../mailbox/commands.ts";
import { ensureMailDirectory } from "../../mailbox/mod.ts";
import { type Identity, loadIdentity, loadOrCreateIdentity } from "../../moltcomm/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { WorkDirectory } from "../../store/mod.ts";

/** The identity, and whether it was made just now. */
export interface HostIdentity {
  readonly identity: Identity;
  readonly isNew: boolean;
}

/** The work directory in which the identity lies: the daemon's own for an agent that shares it. */
export function identityDirectory({ carriedBy, directory }: LoadedConfig): string {
  return carriedBy?.identity === "shared" ? carriedBy.directory : directory;
}

/**
 * Loads the identity, or makes it.
 *
 * @throws `LOCK_HELD` when there is none and an agent runs here that makes none; `PERMISSION_DENIED`, `SECRET_UNREADABLE`
 */
export async function hostIdentity(runtime: Runtime, loaded: LoadedConfig): Promise<HostIdentity> {
  const place = { ...loaded, directory: identityDirectory(loaded) };
  const existing = await loadIdentity(runtime, place);
  if (existing !== undefined) return { identity: existing, isNew: false };
  return await withDirectoryLock(runtime, place, async () => {
    // Somebody else may have made it before the lock was ours.
    const isNew = await loadIdentity(runtime, place) === undefined;
    await ensureMailDirectory(runtime, place.directory);
    return { identity: await loadOrCreateIdentity(runtime, place), isNew };
  });
}

/** The node id, where it can be told without asking for anything; `undefined` where there is none or it is not ours to read. */
export async function ownNodeId(runtime: Runtime, loaded: LoadedConfig): Promise<string | undefined> {
  try {
    return (await loadIdentity(runtime, { directory: identityDirectory(loaded) }))?.nodeId;
  } catch (thrown) {
    if (isBarnacleError(thrown, "PERMISSION_DENIED", "SECRET_UNREADABLE")) return undefined;
    throw thrown;
  }
}

/** The identity as a preparation needs it. */
export function identityKeeper(runtime: Runtime, loaded: LoadedConfig): IdentityKeeper {
  return {
    current: async () => (await loadIdentity(runtime, { directory: identityDirectory(loaded) }))?.nodeId,
    make: async () => (await hostIdentity(runtime, loaded)).identity.nodeId,
  };
}

/**
 * Does something while no agent can run in the work directory.
 *
 * @throws `LOCK_HELD` when one runs, and what `act` throws
 */
export async function withDirectoryLock<Result>(
  runtime: Runtime,
  loaded: LoadedConfig,
  act: () => Promise<Result>,
): Promise<Result> {
  const workDirectory = await ensureStateDirectory(runtime, loaded);
  const lock = await workDirectory.lock();
  try {
    return await act();
  } finally {
    await lock.release();
  }
}

/** Makes `.barnacle` of the work directory where it is missing. @throws `FILE_NOT_FOUND`, `PERMISSION_DENIED`, `DISK_FULL` */
export async function ensureStateDirectory(runtime: Runtime, loaded: LoadedConfig): Promise<WorkDirectory> {
  const { clock, process } = runtime;
  const { log } = loaded.config;
  const logger = createLogger(
    { clock, output: process.standardError, redact: new Redactor() },
    { level: log.level, format: log.format === "json" ? "json" : "text" },
  );
  const workDirectory = new WorkDirectory({ ...runtime, logger }, { directory: loaded.directory });
  await workDirectory.prepare();
  return workDirectory;
}
