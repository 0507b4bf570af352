/** The port's `Databases` for a simulated process. @module */
import { BarnacleError } from "../../../src/errors.ts";
import type { Databases, SqlDatabase, SqlStatement } from "../../../src/runtime/port.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";
import type { Resource, SimProcess } from "../process/sim-process.ts";
import { DATABASE_HEADER } from "./databases.ts";
import type { FileInode } from "./inode.ts";
import { normalizePath, type Place } from "./tree.ts";

const PRIVATE_PATHS = [":memory:", ""];

export function createDatabasesPort(process: SimProcess): Databases {
  const { disk } = process.host;
  return {
    open: async (path) => {
      const action = `Open the database ${path}`;
      const normalized = normalizePath(path, process.host.workingDirectoryOf(process.options));
      const isPrivate = PRIVATE_PATHS.includes(path);
      const file = await disk.operate(process, { kind: "name", path: normalized, action }, () => {
        return isPrivate ? looseFile(process) : findFile(process, normalized, action);
      });
      const database = new ProcessDatabase(process, file, await disk.databases.open(file));
      process.own(database);
      return database;
    },
  };
}

function looseFile(process: SimProcess): FileInode {
  const file = process.host.disk.tree.createLoose();
  file.write(0, DATABASE_HEADER);
  return file;
}

/** The file that stands for the database, made with SQLite's header if need be; SQLite syncs both, so they are safe. */
function findFile(process: SimProcess, path: string, action: string): FileInode {
  const { disk } = process.host;
  const place = placeOf(process, path, action);
  if (place.inode?.kind === "directory") throw failure("DATABASE_ERROR", action, undefined, "a directory");
  const file = place.inode ?? disk.tree.createFile(place, process, { mode: 0o644, atMs: disk.nowMs, action });
  if (file.lengthBytes === 0) file.write(0, DATABASE_HEADER);
  file.sync();
  disk.tree.journal.syncDirectory(place.directory);
  return file;
}

/** SQLite says of a file it cannot reach only that it cannot open it. */
function placeOf(process: SimProcess, path: string, action: string): Place {
  try {
    return process.host.disk.tree.place(path, process, action);
  } catch (error) {
    throw failure("DATABASE_ERROR", action, error, "a path that cannot be reached");
  }
}

/**
 * A connection that dies with its process. A file which is no database shows at the first statement, as with SQLite.
 */
class ProcessDatabase implements SqlDatabase, Resource {
  readonly keepsAlive = false;
  readonly #process: SimProcess;
  readonly #file: FileInode;
  readonly #database: SqlDatabase;

  constructor(process: SimProcess, file: FileInode, database: SqlDatabase) {
    this.#process = process;
    this.#file = file;
    this.#database = database;
    if (!process.isRunning) database.close();
  }

  exec(sql: string): void {
    this.#check();
    this.#database.exec(sql);
  }

  prepare(sql: string): SqlStatement {
    this.#check();
    const statement = this.#database.prepare(sql);
    return {
      run: (...values) => {
        this.#check();
        statement.run(...values);
      },
      get: (...values) => statement.get(...values),
      all: (...values) => statement.all(...values),
    };
  }

  close(): void {
    this.#process.disown(this);
    this.#database.close();
  }

  drop(): void {
    this.#database.close();
  }

  #check(): void {
    const header = this.#file.read(0, DATABASE_HEADER.length);
    if (!header.every((byte, index) => byte === DATABASE_HEADER[index])) {
      throw new BarnacleError({ code: "DATABASE_ERROR", action: "Use a database", value: "a file that is none" });
    }
    const { disk } = this.#process.host;
    if (disk.isLimited) disk.databases.limitPages(this.#file);
  }
}
