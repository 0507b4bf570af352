/**
 * Messages that a relay kept for us while we were away, and that are older than others may be. Source: MoltComm v1, section 11, reading 11.
 *
 * @module
 */
import type { Link } from "../link.ts";

/** Whether the relay at the far end says in its signed `agent` that it keeps a mailbox. */
export function saysMailbox({ agent = "" }: Pick<Link, "agent">): boolean {
  const words = agent.split(" ");
  return words.includes("relay") && words.includes("mailbox");
}

/** Whether it is also one whose identity we knew before. */
export function hasMailbox(link: Pick<Link, "agent" | "relay">): boolean {
  return link.relay?.isPinned === true && saysMailbox(link);
}
