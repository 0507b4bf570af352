import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { mailDirectoryPath, readContacts } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { escapeText } from "../terminal.ts";

/** What is known here of those who write. */
export interface KnownSenders {
  /** What this host calls them, by node id. */
  readonly names: ReadonlyMap<string, string>;
  /** Their own identity, where several agents share it: what comes from it another of them wrote. */
  readonly ownNodeId: string | undefined;
}

/** What an inbox's readers are told of senders. As {@link contactNames}. */
export async function knownSenders(runtime: Runtime, loaded: LoadedConfig): Promise<KnownSenders> {
  const names = await contactNames(runtime, loaded.directory);
  if (!sharesIdentity(loaded)) return { names, ownNodeId: undefined };
  const { ownNodeId } = await import("./identity.ts");
  return { names, ownNodeId: await ownNodeId(runtime, loaded) };
}

function sharesIdentity({ carriedBy, config }: LoadedConfig): boolean {
  if (carriedBy !== undefined) return carriedBy.identity === "shared";
  return config.agents.others.some(({ identity }) => identity === "shared");
}

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
