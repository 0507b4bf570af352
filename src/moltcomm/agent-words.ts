/**
 * What a node says of itself in its `agent` beside the name of its software: words in a comment at its end, such as
 * `barnacle/0.1.0 (hpke1; hpke1s; inorder)`.
 *
 * `agent` is under the signature of `HELLO` and `HELLO_ACK`, so nobody on the way can take the words out; and to implementations that do
 * not know them they are part of a name. Source: MoltComm v1, section 11, reading 10.
 *
 * @module
 */
import { AGENT_CHARACTERS_MAX } from "./bounds.ts";

/**
 * The sender of mail keeps an order: after a failure it lets what is under way to the node settle, says `HELLO` to it, and begins with the
 * oldest message that was not delivered. A relay may then refuse what would come before one that did not get there.
 */
export const IN_ORDER_WORD = "inorder";

/** One word for the software, then what it can do: words separated by a semicolon and a space. Nothing before, between or after. */
const AGENT_REGEXP = /^[^\s()]+ \(([a-z0-9]+(?:; [a-z0-9]+)*)\)$/;

/** Adds words. @param agent one word, such as `barnacle/0.1.0`, or what this gave before */
export function withWords(agent: string, ...words: readonly string[]): string {
  const before = wordsOf(agent);
  const [software = agent] = before.length === 0 ? [agent] : agent.split(" ", 1);
  return `${software} (${[...before, ...words].join("; ")})`;
}

/** The words of an agent; anything but the exact form has none. */
export function wordsOf(agent: string | undefined): readonly string[] {
  if (agent === undefined || agent.length > AGENT_CHARACTERS_MAX) return [];
  return AGENT_REGEXP.exec(agent)?.[1]?.split("; ") ?? [];
}
