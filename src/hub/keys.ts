/**
 * The keys of a hub's publishers, as its database keeps them: by hash.
 *
 * Keys that share a name are one publisher. So a key is exchanged without a gap: add another of the name, hand it out,
 * revoke the old.
 *
 * @module
 */
import { encodeBase64Url, name as nameSchema } from "../contract/mod.ts";
import { BarnacleError } from "../errors.ts";
import type { Clock, Crypto, Databases, Random, SqlDatabase } from "../runtime/port.ts";
import { inTransaction } from "../store/mod.ts";
import { openHubDatabase } from "./database.ts";

/** Who comes without a key, where that is allowed. */
export const ANONYMOUS = "anonymous";
/** The publisher in our own process. */
export const OWN_AGENT = "own agent";
/** Publishers who proved nothing but being on this host: what they published may be taken over by a key. */
export const UNPROVED: readonly string[] = [ANONYMOUS, OWN_AGENT];

const KEY_PREFIX = "bk_";
const KEY_BYTES = 32;
const ID_BYTES = 6;

/** A key as it can be shown. */
export interface KeyEntry {
  /** The beginning of its hash, hexadecimal; tells keys of one name apart. */
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** A key that opens. */
export interface ActiveKey {
  readonly name: string;
  readonly hash: Uint8Array;
}

/** What the table works with. */
export interface KeyTableComponents {
  readonly database: SqlDatabase;
  readonly crypto: Pick<Crypto, "sha256">;
  readonly random: Pick<Random, "bytes">;
  readonly clock: Pick<Clock, "wallMs">;
}

export class KeyTable {
  readonly #components: KeyTableComponents;

  constructor(components: KeyTableComponents) {
    this.#components = components;
  }

  /**
   * Makes a key.
   *
   * @returns its entry and, this once, the key itself
   * @throws `USAGE` when the name is none or is reserved
   */
  addKey(name: string): { readonly entry: KeyEntry; readonly key: string } {
    checkName(name);
    const { clock, crypto, database, random } = this.#components;
    const key = `${KEY_PREFIX}${encodeBase64Url(random.bytes(KEY_BYTES))}`;
    const hash = crypto.sha256(key);
    const entry = { id: hexOf(hash.subarray(0, ID_BYTES)), name, createdAtMs: clock.wallMs(), revokedAtMs: null };
    inTransaction(database, () => {
      const insert = database.prepare("INSERT INTO keys (id, name, hash, created_ms) VALUES (?, ?, ?, ?)");
      insert.run(entry.id, name, hash, entry.createdAtMs);
    });
    return { entry, key };
  }

  /** Every key there ever was, the oldest first. */
  listKeys(): KeyEntry[] {
    const rows = this.#components.database.prepare(
      "SELECT id, name, created_ms, revoked_ms FROM keys ORDER BY created_ms, id",
    ).all();
    return rows.map((row) => ({
      id: String(row["id"]),
      name: String(row["name"]),
      createdAtMs: Number(row["created_ms"]),
      revokedAtMs: row["revoked_ms"] === null ? null : Number(row["revoked_ms"]),
    }));
  }

  /**
   * Revokes the key with this id, or every key of this name. A running hub follows within seconds.
   *
   * @returns the keys that were revoked just now
   * @throws `NOT_FOUND` when no key that is still good has this id or name
   */
  revokeKey(idOrName: string): KeyEntry[] {
    const { clock, database } = this.#components;
    const good = this.listKeys().filter((entry) => entry.revokedAtMs === null);
    const byId = good.filter((entry) => entry.id === idOrName);
    const meant = byId.length > 0 ? byId : good.filter((entry) => entry.name === idOrName);
    if (meant.length === 0) {
      throw new BarnacleError({
        code: "NOT_FOUND",
        action: "Revoke a key",
        value: JSON.stringify(idOrName),
        wanted: "the id or name of a key that is not revoked",
        hint: "`barnacle hub keys list` shows them",
      });
    }
    const revokedAtMs = clock.wallMs();
    inTransaction(database, () => {
      const update = database.prepare("UPDATE keys SET revoked_ms = ? WHERE id = ?");
      for (const { id } of meant) update.run(revokedAtMs, id);
    });
    return meant.map((entry) => ({ ...entry, revokedAtMs }));
  }

  /** The keys that open, and whether there ever was any. */
  readKeys(): { readonly active: readonly ActiveKey[]; readonly isEmpty: boolean } {
    const rows = this.#components.database.prepare("SELECT name, hash, revoked_ms FROM keys").all();
    const active = rows.filter((row) => row["revoked_ms"] === null);
    return {
      active: active.map((row) => ({ name: String(row["name"]), hash: row["hash"] as Uint8Array })),
      isEmpty: rows.length === 0,
    };
  }
}

/** A key table with a database of its own, for commands beside a running hub or without one. */
export interface OpenKeyTable extends Pick<KeyTable, "addKey" | "listKeys" | "revokeKey"> {
  close(): void;
}

/**
 * Opens the keys of a hub, which may be running.
 *
 * @throws as `openHubDatabase`
 */
export async function openHubKeys(
  components: Omit<KeyTableComponents, "database"> & { readonly databases: Databases },
  init: { readonly databaseFile: string },
): Promise<OpenKeyTable> {
  const database = await openHubDatabase(components.databases, init.databaseFile);
  const table = new KeyTable({ ...components, database });
  return {
    addKey: (name) => table.addKey(name),
    listKeys: () => table.listKeys(),
    revokeKey: (idOrName) => table.revokeKey(idOrName),
    close: () => database.close(),
  };
}

function checkName(name: string): void {
  if (nameSchema.safeParse(name).success && name.isWellFormed() && !UNPROVED.includes(name)) return;
  throw new BarnacleError({
    code: "USAGE",
    action: "Add a key",
    value: JSON.stringify(name),
    wanted: `a name of 1 to 128 characters on one line, not ${UNPROVED.join(" or ")}`,
  });
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
