/**
 * The work directory: where an agent and a hub keep what must outlive them, under `.barnacle/`.
 *
 * @module
 */
import * as z from "zod/mini";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { NAME_CHARACTERS_MAX } from "../limits.ts";
import type { Logger } from "../log/mod.ts";
import type { FileLock, FileStat } from "../runtime/port.ts";
import { JsonStateFile } from "./json-state-file.ts";
import { joinPath } from "./path.ts";
import { removeLeftovers, replaceFile, type StorePorts } from "./replace-file.ts";
import { statIfThere } from "./stat-if-there.ts";

/** Where things are. All absolute when the work directory is. */
export interface WorkDirectoryPaths {
  /** The work directory itself. */
  readonly directory: string;
  /** `.barnacle`, mode 0o700. */
  readonly stateDirectory: string;
  /** `.barnacle/agent.json`: where the running agent listens, for the commands on this host. */
  readonly endpointFile: string;
  /** `.barnacle/instance.json`: this installation's own id. */
  readonly instanceFile: string;
  /** `.barnacle/hub.sqlite`: the hub's database, unless configured elsewhere. */
  readonly hubDatabaseFile: string;
}

const STATE_DIRECTORY = ".barnacle";
const LOCK_FILE = "lock";
const INSTANCE_FILE_BYTES_MAX = 4_096;
const OTHERS_PERMISSION_BITS = 0o077;

/** Where things are in a work directory; touches no file. */
export function workDirectoryPaths(directory: string): WorkDirectoryPaths {
  const stateDirectory = joinPath(directory, STATE_DIRECTORY);
  return {
    directory,
    stateDirectory,
    endpointFile: joinPath(stateDirectory, "agent.json"),
    instanceFile: joinPath(stateDirectory, "instance.json"),
    hubDatabaseFile: joinPath(stateDirectory, "hub.sqlite"),
  };
}

/** One work directory. Does nothing until `prepare`. */
export class WorkDirectory {
  readonly paths: WorkDirectoryPaths;
  readonly #ports: StorePorts;
  readonly #logger: Logger;

  constructor(components: StorePorts & { readonly logger: Logger }, init: { readonly directory: string }) {
    this.paths = workDirectoryPaths(init.directory);
    this.#ports = components;
    this.#logger = components.logger;
  }

  /**
   * Makes `.barnacle/` (mode 0o700) with its own `.gitignore`, where they are missing. Idempotent. A state directory
   * that others may enter is left as somebody made it, and reported.
   *
   * @throws `FILE_NOT_FOUND`, `NOT_A_DIRECTORY` when the work directory is none: a mistyped one must not come into
   *   being; `PERMISSION_DENIED`, `DISK_FULL`, `IO_ERROR`
   */
  async prepare(): Promise<void> {
    const { files } = this.#ports;
    const { directory, stateDirectory } = this.paths;
    await this.#requireDirectory(directory, "create it, or give another one with --dir");
    if (await statIfThere(files, stateDirectory) === undefined) {
      await files.makeDirectory(stateDirectory, { mode: 0o700 });
      await files.syncDirectory(directory);
    }
    const stat = await this.#requireDirectory(stateDirectory, "move what is there out of the way");
    if (stat.mode !== undefined && (stat.mode & OTHERS_PERMISSION_BITS) !== 0) {
      const mode = (stat.mode & 0o777).toString(8);
      this.#logger.warn("state_directory_open", {
        directory: stateDirectory,
        mode,
        message: `${stateDirectory} has mode ${mode}, so others can look into it; chmod 700 closes it`,
      });
    }
    await this.#writeGitIgnore(joinPath(stateDirectory, ".gitignore"));
  }

  /**
   * Takes the directory for one agent until the lock is released or the process ends. Wants `prepare` first. A hub has no part in it: it
   * locks its database, which may stand anywhere.
   *
   * @throws `LOCK_HELD` when another process (or this one) holds it
   */
  async lock(): Promise<FileLock> {
    try {
      return await this.#ports.files.lock(joinPath(this.paths.stateDirectory, LOCK_FILE));
    } catch (thrown) {
      throw isBarnacleError(thrown, "LOCK_HELD") ? lockHeldError(this.paths.directory, thrown) : thrown;
    }
  }

  /**
   * Leaves word of the running agent for the commands on this host, and clears away what a crash left behind. Only for whoever holds the
   * lock.
   *
   * @throws `PERMISSION_DENIED`, `DISK_FULL`, `IO_ERROR`
   */
  async writeEndpoint(text: string): Promise<void> {
    await removeLeftovers(this.#ports.files, this.paths.endpointFile);
    await replaceFile(this.#ports, this.paths.endpointFile, new TextEncoder().encode(text));
  }

  /**
   * This installation's own id: made at the first call, then the same after every restart. Only for whoever holds the
   * lock. One that is there may be taken back by a power cut until `sync`, because the first answer of an agent does not wait for the disk.
   *
   * @throws `PERMISSION_DENIED`, `DISK_FULL`, `IO_ERROR`
   */
  async instanceId(): Promise<string> {
    const file = new JsonStateFile({ ...this.#ports, logger: this.#logger }, {
      path: this.paths.instanceFile,
      schema: instanceSchema(),
      bytesMax: INSTANCE_FILE_BYTES_MAX,
    });
    const kept = await file.read();
    if (kept !== undefined) return kept.instance_id;
    const made = this.#ports.random.uuid();
    await file.save({ instance_id: made });
    return made;
  }

  /**
   * Makes durable what others left readable: nothing is told to other hosts before.
   *
   * @throws `PERMISSION_DENIED`, `IO_ERROR`
   */
  async sync(): Promise<void> {
    await this.#ports.files.syncDirectory(this.paths.stateDirectory);
  }

  async #requireDirectory(path: string, hint: string): Promise<FileStat> {
    const stat = await statIfThere(this.#ports.files, path);
    if (stat?.kind === "directory") return stat;
    throw new BarnacleError({
      code: stat === undefined ? "FILE_NOT_FOUND" : "NOT_A_DIRECTORY",
      action: `Use ${JSON.stringify(path)} as a directory`,
      value: stat === undefined ? "nothing there" : stat.kind === "file" ? "a file" : "neither file nor directory",
      wanted: "an existing directory",
      hint,
    });
  }

  async #writeGitIgnore(path: string): Promise<void> {
    if (await statIfThere(this.#ports.files, path) !== undefined) return;
    await replaceFile(this.#ports, path, new TextEncoder().encode("*\n"));
  }
}

function instanceSchema() {
  return z.strictObject({ instance_id: z.string().check(z.minLength(1), z.maxLength(NAME_CHARACTERS_MAX)) });
}

function lockHeldError(directory: string, cause: unknown): BarnacleError {
  return new BarnacleError({
    code: "LOCK_HELD",
    action: `Take the work directory ${JSON.stringify(directory)} for an agent`,
    value: "a lock that another process holds",
    wanted: "one agent per work directory",
    hint: "another agent runs on this directory: stop it, or give this one a directory of its own with --dir",
    cause,
  });
}
