/**
 * What a relay says of itself and of us in its signed `agent`: whether it kept messages for us while we were away, which are older than
 * others may be, and whether we are on its list. Source: MoltComm v1, section 11, reading 11.
 *
 * @module
 */
import type { Link } from "../link.ts";

/** Whether the relay at the far end says in its signed `agent` that it keeps a mailbox. */
export function saysMailbox(link: Pick<Link, "agent">): boolean {
  return says(link, "mailbox");
}

/** Whether it says that this node is not on its list. */
export function saysGuest(link: Pick<Link, "agent">): boolean {
  return says(link, "guest");
}

function says({ agent = "" }: Pick<Link, "agent">, word: string): boolean {
  const words = agent.split(" ");
  return words.includes("relay") && words.includes(word);
}

/** Whether it is also one whose identity we knew before. */
export function hasMailbox(link: Pick<Link, "agent" | "relay">): boolean {
  return link.relay?.isPinned === true && saysMailbox(link);
}
