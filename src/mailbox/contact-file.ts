/**
 * The contacts of a host as a file, `.moltcomm/contacts.json`: read by the daemon, changed by the commands and now and then by hand.
 *
 *     {"contacts": [{"name": "alice", "node_id": "ed25519:…", "addresses": ["tcp://203.0.113.10:9001"], "blocked": false,
 *       "added_ts": 1700000000000}]}
 *
 * Only `name` and `node_id` are required. Members that we do not know stay where they are.
 *
 * @module
 */
import * as z from "zod/mini";
import { describeIssues, formatIssue, isNodeId, PEER_ADDRESS_WANTED, readPeerAddress } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import type { Clock, FileLock, Files } from "../runtime/port.ts";
import { joinPath, replaceFile, type StorePorts } from "../store/mod.ts";

/** Somebody this host knows by a name of its own choice. */
export interface Contact {
  readonly name: string;
  readonly node_id: string;
  /** Where the node is reached, besides what its own records say. */
  readonly addresses: readonly string[];
  /** Its messages are turned away. */
  readonly blocked: boolean;
  /** When plain messages to a node that once took sealed ones were allowed, Unix milliseconds. */
  readonly unsealed_ts?: number | undefined;
  /** Unix milliseconds; absent in a line written by hand. */
  readonly added_ts?: number | undefined;
}

/** The lock of whoever changes the contacts. */
export const CONTACTS_LOCK_FILE = "contacts.lock";

/** What a contact's name looks like, for messages. */
export const CONTACT_NAME_WANTED =
  "1 to 64 letters, digits, spaces and . _ @ ' -, beginning and ending with a letter or digit";

/** Contacts at most: they are kept in memory, and people or their scripts choose them one by one. */
export const CONTACTS_MAX = 10_000;
/** Addresses of one contact at most: as many as an invitation holds. */
export const CONTACT_ADDRESSES_MAX = 64;
const CONTACTS_BYTES_MAX = 16 * 1024 * 1024;
const NAME_REGEXP = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._@'-]{0,62}[\p{L}\p{M}\p{N}])?$/u;

const LOCK_PATIENCE_MS = 3_000;
const LOCK_RETRY_MS = 25;

/** Where the contacts of a mail directory are. */
export function contactsPath(mailDirectory: string): string {
  return joinPath(mailDirectory, "contacts.json");
}

/** Whether a contact may be called so: nothing that a node id, an invitation or a flag could be taken for. */
export function isContactName(name: string): boolean {
  return NAME_REGEXP.test(name);
}

/** What two names share that stand for one contact: case and form of the letters make no difference. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

function schema() {
  const address = z.string().check(
    z.refine<string>((value) => (readPeerAddress(value)?.port ?? 0) > 0, { error: PEER_ADDRESS_WANTED }),
  );
  const contact = z.looseObject({
    name: z.string().check(z.refine<string>(isContactName, { error: CONTACT_NAME_WANTED })),
    node_id: z.string().check(z.refine<string>(isNodeId, { error: "a MoltComm node id such as ed25519:…" })),
    addresses: z._default(z.array(address).check(z.maxLength(CONTACT_ADDRESSES_MAX)), []),
    blocked: z._default(z.boolean(), false),
    unsealed_ts: z.optional(z.int()),
    added_ts: z.optional(z.int()),
  });
  return z.looseObject({ contacts: z.array(contact).check(z.maxLength(CONTACTS_MAX)) });
}

/**
 * Reads the contacts; none when there is no file.
 *
 * @throws `CONFIG_INVALID` with the place at fault when the file is broken; and the errors of `Files`
 */
export async function readContacts(files: Pick<Files, "read">, mailDirectory: string): Promise<readonly Contact[]> {
  const path = contactsPath(mailDirectory);
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path, CONTACTS_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) return [];
    throw thrown;
  }
  const value = parse(path, bytes);
  const checked = schema().safeParse(value);
  if (!checked.success) throw broken(path, describeIssues(checked.error, value).map(formatIssue));
  const twice = firstTwice(checked.data.contacts);
  if (twice !== undefined) throw broken(path, [`contacts: got ${twice} twice, wanted it once`]);
  return checked.data.contacts;
}

/**
 * Changes the contacts, durably, one change at a time on this host.
 *
 * @param mailDirectory an existing directory
 * @param edit gets the contacts as they are, returns them as they are to be (the same array for no change) and its own result
 * @throws as {@link readContacts}; `LOCK_HELD` when others keep changing them for 3 s; `CONFIG_INVALID` when there are too many; what
 *   `edit` throws, with nothing changed
 */
export async function editContacts<Result>(
  ports: StorePorts & { readonly clock: Clock },
  mailDirectory: string,
  edit: (contacts: readonly Contact[]) => { readonly contacts: readonly Contact[]; readonly result: Result },
): Promise<Result> {
  const lock = await lockPatiently(ports, joinPath(mailDirectory, CONTACTS_LOCK_FILE));
  try {
    const before = await readContacts(ports.files, mailDirectory);
    const { contacts, result } = edit(before);
    if (contacts !== before) await writeContacts(ports, mailDirectory, contacts);
    return result;
  } finally {
    await lock.release();
  }
}

async function writeContacts(ports: StorePorts, mailDirectory: string, contacts: readonly Contact[]): Promise<void> {
  const path = contactsPath(mailDirectory);
  const value = { contacts };
  const checked = schema().safeParse(value);
  if (!checked.success) throw broken(path, describeIssues(checked.error, value).map(formatIssue));
  await replaceFile(ports, path, new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`), { mode: 0o600 });
}

async function lockPatiently(
  { files, clock }: { readonly files: Files; readonly clock: Clock },
  path: string,
): Promise<FileLock> {
  const untilMs = clock.monotonicMs() + LOCK_PATIENCE_MS;
  for (;;) {
    try {
      return await files.lock(path);
    } catch (thrown) {
      if (!isBarnacleError(thrown, "LOCK_HELD")) throw thrown;
      if (clock.monotonicMs() >= untilMs) throw stillHeld(path, thrown);
    }
    await new Promise<void>((resolve) => void clock.setTimer(LOCK_RETRY_MS, resolve));
  }
}

function stillHeld(path: string, cause: unknown): BarnacleError {
  return new BarnacleError({
    code: "LOCK_HELD",
    action: `Change the contacts beside "${path}"`,
    value: `another command at it for more than ${LOCK_PATIENCE_MS / 1_000} s`,
    hint: "try again; if it stays so, look for a barnacle contacts command that hangs",
    retryable: true,
    cause,
  });
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (thrown) {
    throw broken(
      path,
      [`the whole: got ${bytes.length === 0 ? "an empty file" : "no JSON"}, wanted {"contacts": […]}`],
      thrown,
    );
  }
}

function firstTwice(contacts: readonly Contact[]): string | undefined {
  const seen = new Set<string>();
  for (const { name, node_id } of contacts) {
    for (const [key, shown] of [[nameKey(name), JSON.stringify(name)], [node_id, node_id]] as const) {
      if (seen.has(key)) return shown;
      seen.add(key);
    }
  }
  return undefined;
}

function broken(path: string, problems: readonly string[], cause?: unknown): BarnacleError {
  return new BarnacleError({
    code: "CONFIG_INVALID",
    action: `Read the contacts "${path}"`,
    problems,
    hint: "mend the file; until then a running agent goes by its last good version",
    ...(cause === undefined ? {} : { cause }),
  });
}
