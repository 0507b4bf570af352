/**
 * Putting a message into the outbox.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import { BarnacleError } from "../../errors.ts";
import { ensureMailDirectory, idForAgent, mailDirectoryPath } from "../../mailbox/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { usageError } from "../failure.ts";
import { ownNodeId } from "./identity.ts";
import { appendToOutbox } from "./outbox-line.ts";
import { readRecipient, type Recipient, takeUpInvited } from "./recipient.ts";

/**
 * Whom a contact's name, a node id or an invitation means, unless it is this host; another agent under its identity may be meant.
 *
 * @throws `USAGE` for this host itself, and as `readRecipient`
 */
export async function checkedRecipient(runtime: Runtime, loaded: LoadedConfig, to: string): Promise<Recipient> {
  const recipient = await readRecipient(runtime, loaded, to);
  if (recipient.nodeId === await ownNodeId(runtime, loaded) && !isAnotherAgent(loaded, recipient.agent)) {
    throw usageError("Send", "this host itself", "another node");
  }
  return recipient;
}

/** Whether an agent of this host is called so that shares an identity with the sender. */
function isAnotherAgent({ carriedBy, config: { agents } }: LoadedConfig, agent: string | undefined): boolean {
  if (agent === undefined || agent === (carriedBy?.agentId ?? agents.id)) return false;
  return agent === agents.id || agents.others.some(({ id, identity }) => id === agent && identity === "shared");
}

/**
 * Appends a message to the outbox, durably; whom an invitation names becomes a contact.
 *
 * @returns the message's id, and the name of the contact that was added
 * @throws `USAGE` for an empty text or one that is no Unicode, `BODY_TOO_LARGE`; `DISK_FULL`, `PERMISSION_DENIED`
 */
export async function queueMessage(
  runtime: Runtime,
  loaded: LoadedConfig,
  recipient: Recipient,
  text: string,
): Promise<{ readonly id: string; readonly added: string | undefined }> {
  const msg = checkedMessage(text, loaded.config.mailbox.messageBytesMax);
  const { agent, invitation, nodeId } = recipient;
  const added = invitation === undefined ? undefined : await takeUpInvited(runtime, loaded, invitation);
  const uuid = runtime.random.uuid();
  const [id, to] = agent === undefined ? [uuid, nodeId] : [idForAgent(uuid, agent), `${nodeId}/${agent}`];
  await ensureMailDirectory(runtime, loaded.directory);
  const line = { to, msg, created_ts: runtime.clock.wallMs(), id };
  await appendToOutbox(runtime.files, mailDirectoryPath(loaded.directory), line);
  return { id, added };
}

function checkedMessage(msg: string, bytesMax: number): string {
  if (msg === "") throw usageError("Send", "nothing", "a message, as an argument or on standard input");
  if (!msg.isWellFormed()) throw usageError("Send", "a text with half a character in it", "well-formed Unicode");
  const { length } = new TextEncoder().encode(msg);
  if (length > bytesMax) throw messageTooLarge(`${length} bytes`, bytesMax);
  return msg;
}

/** The refusal of a message that is too long. */
export function messageTooLarge(value: string, bytesMax: number): BarnacleError {
  return new BarnacleError({
    code: "BODY_TOO_LARGE",
    action: "Send",
    value,
    wanted: `at most ${bytesMax} bytes`,
    hint: "split it, or raise mailbox.messageBytesMax on both sides",
  });
}
