/**
 * The embedded database, `node:sqlite`, which all three runtimes carry. Loaded on the first `open`.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { BarnacleError, type ErrorCode } from "../../errors.ts";
import type { Databases, SqlDatabase, SqlStatement, SqlValue } from "../port.ts";
import { promiseOf } from "./promise-of.ts";

/** SQLite's primary result codes that mean something to callers. Source: https://sqlite.org/rescode.html */
const RESULT_CODES: Readonly<Record<number, ErrorCode>> = {
  3: "PERMISSION_DENIED",
  5: "LOCK_HELD",
  6: "LOCK_HELD",
  8: "PERMISSION_DENIED",
  13: "DISK_FULL",
};
const PRIMARY_CODE_MASK = 0xff;

/**
 * What `sqlite3_errstr` gives for the codes above: constants of SQLite's interface. Deno 2.9 passes on nothing else, so
 * here, and nowhere else, equality with a constant text stands in for the missing number.
 */
const RESULT_TEXTS: ReadonlyMap<string, number> = new Map([
  ["access permission denied", 3],
  ["database is locked", 5],
  ["database table is locked", 6],
  ["attempt to write a readonly database", 8],
  ["database or disk is full", 13],
]);

const HINTS: Partial<Record<ErrorCode, string>> = {
  LOCK_HELD: "Another process has the database open; stop it, or use another directory",
  DISK_FULL: "Free space on this filesystem",
  PERMISSION_DENIED: "Check who owns the database's file and its directory",
};

function toDatabaseError(thrown: unknown, action: string): BarnacleError {
  if (thrown instanceof BarnacleError) return thrown;
  const { errcode } = thrown as { readonly errcode?: unknown };
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const result = typeof errcode === "number" ? errcode & PRIMARY_CODE_MASK : RESULT_TEXTS.get(text);
  const code = (result === undefined ? undefined : RESULT_CODES[result]) ?? "DATABASE_ERROR";
  const hint = HINTS[code];
  return new BarnacleError({
    code,
    action,
    value: text,
    cause: thrown,
    retryable: code === "LOCK_HELD",
    ...(hint === undefined ? {} : { hint }),
  });
}

function attempt<T>(action: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toDatabaseError(error, action);
  }
}

class Statement implements SqlStatement {
  readonly #statement: StatementSync;

  constructor(statement: StatementSync) {
    this.#statement = statement;
  }

  run(...values: SqlValue[]): void {
    attempt("Change the database", () => this.#statement.run(...values));
  }

  get(...values: SqlValue[]): Record<string, SqlValue> | undefined {
    // Bun gives null where Node and Deno give undefined.
    return attempt("Query the database", () => this.#statement.get(...values) ?? undefined);
  }

  all(...values: SqlValue[]): Record<string, SqlValue>[] {
    return attempt("Query the database", () => this.#statement.all(...values));
  }
}

class Database implements SqlDatabase {
  #database: DatabaseSync | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  exec(sql: string): void {
    attempt("Change the database", () => this.#openDatabase().exec(sql));
  }

  prepare(sql: string): SqlStatement {
    return attempt("Prepare a database statement", () => new Statement(this.#openDatabase().prepare(sql)));
  }

  close(): void {
    const database = this.#database;
    this.#database = undefined;
    if (database !== undefined) attempt("Close the database", () => database.close());
  }

  #openDatabase(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    throw new BarnacleError({ code: "DATABASE_ERROR", action: "Use a database", value: "a closed one" });
  }
}

/** Embedded databases. Waiting for another's lock is the caller's choice: `PRAGMA busy_timeout`. */
export function createDatabases(): Databases {
  return {
    open: (path) => promiseOf(() => attempt(`Open the database ${path}`, () => new Database(load(path)))),
  };
}

function load(path: string): DatabaseSync {
  const { DatabaseSync: Constructor } = process.getBuiltinModule("node:sqlite");
  return new Constructor(path);
}
