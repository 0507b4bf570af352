import { isBarnacleError } from "../../errors.ts";
import { mailDirectoryPath, readContacts } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { escapeText } from "../terminal.ts";

/**
 * What this host calls the nodes it knows, by node id. Where the contacts are broken that is said, and node ids are shown: mail is read all
 * the same.
 */
export async function contactNames(runtime: Runtime, directory: string): Promise<ReadonlyMap<string, string>> {
  try {
    const contacts = await readContacts(runtime.files, mailDirectoryPath(directory));
    return new Map(contacts.map(({ node_id, name }) => [node_id, name]));
  } catch (thrown) {
    if (!isBarnacleError(thrown, "CONFIG_INVALID")) throw thrown;
    runtime.process.standardError.write(`note: ${thrown.message.split("\n").map(escapeText).join("\n")}\n`);
    return new Map();
  }
}
