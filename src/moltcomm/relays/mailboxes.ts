/**
 * Messages that a relay kept for us while we were away, and that are older than others may be. Source: MoltComm v1, section 11, reading 11.
 *
 * @module
 */
import type { Link } from "../link.ts";

/** Whether the relay at the far end is one whose identity we knew before, and says in its signed `agent` that it keeps a mailbox. */
export function hasMailbox({ agent = "", relay }: Pick<Link, "agent" | "relay">): boolean {
  const words = agent.split(" ");
  return relay?.isPinned === true && words.includes("relay") && words.includes("mailbox");
}
