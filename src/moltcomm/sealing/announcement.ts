/**
 * How a node says that it takes sealed messages: a comment at the end of `agent`, such as `barnacle/0.1.0 (hpke1; hpke1s)`.
 *
 * `agent` is under the signature of `HELLO` and `HELLO_ACK`, so nobody on the way can take the words out; and to implementations that do
 * not know them they are part of a name. Source: MoltComm v1, section 11, reading 10.
 *
 * @module
 */
import { AGENT_CHARACTERS_MAX } from "../bounds.ts";

/** What stands for sealing, in announcements and before sealed texts. */
export const SEALING_TOKEN = "hpke1";
/** What stands for series of messages beside it: many under one ephemeral key. */
const SERIES_TOKEN = "hpke1s";

/** One word for the software, then what it can do: words separated by a semicolon and a space. Nothing before, between or after. */
const AGENT_REGEXP = /^[^\s()]+ \(([a-z0-9]+(?:; [a-z0-9]+)*)\)$/;

/** The name of our own software with the announcement. @param agent one word, such as `barnacle/0.1.0` */
export function announceSealing(agent: string): string {
  return `${agent} (${SEALING_TOKEN}; ${SERIES_TOKEN})`;
}

/** Whether the node that signed this `agent` takes sealed messages. Anything but the exact form says nothing. */
export function announcesSealing(agent: string | undefined): boolean {
  return tokensOf(agent).includes(SEALING_TOKEN);
}

/** Whether it takes series, too. */
export function announcesSeries(agent: string | undefined): boolean {
  const tokens = tokensOf(agent);
  return tokens.includes(SEALING_TOKEN) && tokens.includes(SERIES_TOKEN);
}

function tokensOf(agent: string | undefined): readonly string[] {
  if (agent === undefined || agent.length > AGENT_CHARACTERS_MAX) return [];
  return AGENT_REGEXP.exec(agent)?.[1]?.split("; ") ?? [];
}
