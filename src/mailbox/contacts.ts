/**
 * The contacts as the running agent knows them.
 *
 * @module
 */
import { isNodeId } from "../contract/mod.ts";
import { toBarnacleError } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Files, FileWatcher } from "../runtime/port.ts";
import { statIfThere } from "../store/mod.ts";
import { type Contact, contactsPath, nameKey, readContacts } from "./contact-file.ts";

/** What the contacts need of the platform. */
export interface ContactsComponents {
  readonly files: Pick<Files, "read" | "stat" | "watch">;
  readonly log: Logger;
}

const PROBLEM = "contacts";
const NO_ADDRESSES: readonly string[] = [];

/**
 * The contacts, kept in memory and read again when their file changes. While the file is broken the last good version counts; before the
 * first good one there are none. Nothing happens until `refresh`.
 */
export class Contacts {
  readonly #components: ContactsComponents;
  readonly #directory: string;
  #all: readonly Contact[] = [];
  #byName = new Map<string, Contact>();
  #byId = new Map<string, Contact>();
  /** What the file looked like when it was last read, whatever came of it. */
  #seen: string | undefined;

  /** @param init.directory `.moltcomm` */
  constructor(components: ContactsComponents, init: { readonly directory: string }) {
    this.#components = components;
    this.#directory = init.directory;
  }

  /** Every contact, in the order of the file. */
  get all(): readonly Contact[] {
    return this.#all;
  }

  /**
   * Reads the file if it changed since the last time; to be called at the start, on a change that `watch` reports, and now and then.
   * Never rejects: a file that cannot be read or is broken is reported, and changes nothing.
   *
   * @returns whether the contacts may have changed
   */
  async refresh(): Promise<boolean> {
    const { files, log } = this.#components;
    try {
      const look = await this.#look();
      if (look === this.#seen) return false;
      this.#seen = look;
      this.#take(await readContacts(files, this.#directory));
      log.resolve(PROBLEM, "contacts_read", { count: this.#all.length });
      return true;
    } catch (thrown) {
      const error = toBarnacleError(thrown, "Read the contacts");
      // A broken file is read again when somebody mends it; a disk that failed, at the next look.
      if (error.code !== "CONFIG_INVALID") this.#seen = undefined;
      log.problem(PROBLEM, "error", "contacts_unreadable", { error, kept: this.#all.length });
      return false;
    }
  }

  /** Calls `onChange` soon after the file may have changed. */
  watch(onChange: () => void): FileWatcher {
    return this.#components.files.watch(contactsPath(this.#directory), onChange);
  }

  /** The node id that a name stands for, in any case; a node id stands for itself. */
  resolve(nameOrId: string): string | undefined {
    return isNodeId(nameOrId) ? nameOrId : this.#byName.get(nameKey(nameOrId.trim()))?.node_id;
  }

  /** What this host calls a node. */
  nameOf(nodeId: string): string | undefined {
    return this.#byId.get(nodeId)?.name;
  }

  /** Where the node is reached, by what this host was told of it. */
  addressesOf(nodeId: string): readonly string[] {
    return this.#byId.get(nodeId)?.addresses ?? NO_ADDRESSES;
  }

  /** Whether the node's messages are turned away. */
  isBlocked(nodeId: string): boolean {
    return this.#byId.get(nodeId)?.blocked === true;
  }

  /** When plain messages to the node were allowed, Unix milliseconds; `undefined` where they are not. */
  unsealedAtMs(nodeId: string): number | undefined {
    return this.#byId.get(nodeId)?.unsealed_ts;
  }

  /** Whether the node is a contact that is not blocked. */
  isKnown(nodeId: string): boolean {
    return this.#byId.get(nodeId)?.blocked === false;
  }

  async #look(): Promise<string> {
    const stat = await statIfThere(this.#components.files, contactsPath(this.#directory));
    return stat === undefined ? "none" : `${stat.fileId} ${stat.sizeBytes} ${stat.modifiedAtMs}`;
  }

  #take(contacts: readonly Contact[]): void {
    this.#all = contacts;
    this.#byName = new Map(contacts.map((contact) => [nameKey(contact.name), contact]));
    this.#byId = new Map(contacts.map((contact) => [contact.node_id, contact]));
  }
}
