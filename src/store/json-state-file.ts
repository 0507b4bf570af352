/**
 * A small state kept as one JSON file: checked on the way in and out, replaced whole, never a reason to crash.
 *
 * @module
 */
import type * as z from "zod/mini";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import { parentPath } from "./path.ts";
import { removeLeftovers, replaceFile, type StorePorts } from "./replace-file.ts";
import { statIfThere } from "./stat-if-there.ts";

/** What a state file is made of. */
export interface JsonStateFileInit<T> {
  readonly path: string;
  readonly schema: z.ZodMiniType<T>;
  /** Largest file that is read; a larger one counts as damaged. */
  readonly bytesMax: number;
  /** Permission bits. Default 0o600: state is nobody else's business. */
  readonly mode?: number;
}

/** Damaged files kept of each state file; beyond it the newest takes the place of the one before. */
const DAMAGED_FILES_MAX = 9;
const DEFAULT_MODE = 0o600;

/** One state in one file. Saves of one instance queue up; two instances on one path are a mistake. */
export class JsonStateFile<T> {
  readonly path: string;
  readonly #ports: StorePorts;
  readonly #logger: Logger;
  readonly #init: JsonStateFileInit<T>;
  #lastSave: Promise<void> = Promise.resolve();

  constructor(components: StorePorts & { readonly logger: Logger }, init: JsonStateFileInit<T>) {
    this.path = init.path;
    this.#ports = components;
    this.#logger = components.logger;
    this.#init = init;
  }

  /**
   * Reads the state.
   *
   * A file that is too large, no JSON or of the wrong shape is moved aside as `<name>.damaged-<n>` and reported as one
   * event. The directory is synced: whoever saved the state may have died before its name was durable, and a power cut after this would
   * bring the state before it back.
   *
   * @returns the state; `undefined` when there is no file, or a damaged one
   * @throws `PERMISSION_DENIED`, `IO_ERROR` when the file can be neither read nor moved aside, or not be made durable: its content may
   *  be good
   */
  async load(): Promise<T | undefined> {
    const state = await this.read();
    if (state !== undefined) await this.#ports.files.syncDirectory(parentPath(this.path));
    return state;
  }

  /**
   * As `load`, but the directory is not synced: whoever is in a hurry does that himself before anything relies on the state.
   *
   * @throws as `load`
   */
  async read(): Promise<T | undefined> {
    const { files } = this.#ports;
    let bytes: Uint8Array;
    try {
      bytes = await files.read(this.path, this.#init.bytesMax);
    } catch (thrown) {
      if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
      if (!isBarnacleError(thrown, "BODY_TOO_LARGE")) throw thrown;
      return await this.#setAside(`larger than ${this.#init.bytesMax} bytes`);
    }
    const parsed = parseJson(bytes);
    if ("damage" in parsed) return await this.#setAside(parsed.damage);
    const checked = this.#init.schema.safeParse(parsed.value);
    if (checked.success) return checked.data;
    return await this.#setAside(`wrong shape at ${describePaths(checked.error)}`);
  }

  /**
   * Replaces the state, durably, and removes what interrupted saves left behind.
   *
   * @throws `INTERNAL` when the state fits neither its schema nor `bytesMax`, so that it could not be loaded again;
   *  `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR` with the old state untouched
   */
  async save(state: T): Promise<void> {
    const checked = this.#init.schema.safeParse(state);
    if (!checked.success) throw this.#unsavable(`a wrong shape at ${describePaths(checked.error)}`, "its own schema");
    const bytes = new TextEncoder().encode(`${JSON.stringify(state, undefined, 2)}\n`);
    const { bytesMax } = this.#init;
    if (bytes.length > bytesMax) throw this.#unsavable(`${bytes.length} bytes`, `at most ${bytesMax} bytes`);
    const mode = this.#init.mode ?? DEFAULT_MODE;
    const replace = async () => {
      await removeLeftovers(this.#ports.files, this.path);
      await replaceFile(this.#ports, this.path, bytes, { mode });
    };
    const save = this.#lastSave.then(replace, replace);
    this.#lastSave = save;
    await save;
  }

  #unsavable(value: string, wanted: string): BarnacleError {
    return new BarnacleError({ code: "INTERNAL", action: `Save ${JSON.stringify(this.path)}`, value, wanted });
  }

  async #setAside(damage: string): Promise<undefined> {
    const { files } = this.#ports;
    const movedTo = await this.#freeDamagedPath();
    await files.rename(this.path, movedTo);
    this.#logger.warn("state_file_damaged", {
      file: this.path,
      moved_to: movedTo,
      damage,
      message: `${this.path} is damaged (${damage}); it was moved aside and the state starts anew`,
    });
    return undefined;
  }

  async #freeDamagedPath(): Promise<string> {
    for (let number = 1; number < DAMAGED_FILES_MAX; number++) {
      const path = `${this.path}.damaged-${number}`;
      if (await statIfThere(this.#ports.files, path) === undefined) return path;
    }
    return `${this.path}.damaged-${DAMAGED_FILES_MAX}`;
  }
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | { readonly damage: string } {
  try {
    return { value: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    // The parser's own words would quote the content, which may be private.
    return { damage: bytes.length === 0 ? "empty" : "no JSON" };
  }
}

function describePaths(error: z.core.$ZodError): string {
  return error.issues.slice(0, 3).map((issue) => issue.path.map(String).join(".") || "the whole").join(", ");
}
