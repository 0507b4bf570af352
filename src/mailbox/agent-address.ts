/**
 * How one of several agents under one identity is named: to people as `NAME/AGENT`, on the wire in the message's id.
 *
 * The id is signed, goes unchanged over relays and through journals, and whoever does not know the form sees an id like any other.
 *
 * @module
 */

/** A UUID, and behind a slash the agent that is meant, where one is named. Agents' ids are as OpenClaw writes them in paths. */
const MESSAGE_ID_REGEXP =
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:\/([a-z0-9][a-z0-9_-]{0,63}))?$/i;
const AGENT_ID_REGEXP = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Whether a line of the outbox may give a message this id. */
export function isMessageId(text: string): boolean {
  return MESSAGE_ID_REGEXP.test(text);
}

/** The agent that a message's id names; `undefined` where it names none. */
export function agentNamedBy(id: string): string | undefined {
  return MESSAGE_ID_REGEXP.exec(id)?.[1]?.toLowerCase();
}

/** The id of a message for one agent. @param id a UUID, or such an id already */
export function idForAgent(id: string, agent: string): string {
  return `${id.slice(0, UUID_CHARACTERS)}/${agent}`;
}

/** A recipient as it was written, apart from the agent: the name is empty where only an agent was named, of this host then. */
export function recipientOf(to: string): { readonly name: string; readonly agent?: string } {
  const at = to.lastIndexOf("/");
  const agent = to.slice(at + 1).toLowerCase();
  // Neither names nor node ids have a slash.
  return at === -1 || !AGENT_ID_REGEXP.test(agent) ? { name: to } : { name: to.slice(0, at).trim(), agent };
}

const UUID_CHARACTERS = 36;
