/**
 * How a node says that it takes sealed messages: by words in its signed `agent`. Source: MoltComm v1, section 11, reading 10.
 *
 * @module
 */
import { withWords, wordsOf } from "../agent-words.ts";

/** What stands for sealing, in announcements and before sealed texts. */
export const SEALING_TOKEN = "hpke1";
/** What stands for series of messages beside it: many under one ephemeral key. */
const SERIES_TOKEN = "hpke1s";

/** The name of our own software with the announcement. @param agent one word, such as `barnacle/0.1.0` */
export function announceSealing(agent: string): string {
  return withWords(agent, SEALING_TOKEN, SERIES_TOKEN);
}

/** Whether the node that signed this `agent` takes sealed messages. Anything but the exact form says nothing. */
export function announcesSealing(agent: string | undefined): boolean {
  return wordsOf(agent).includes(SEALING_TOKEN);
}

/** Whether it takes series, too. */
export function announcesSeries(agent: string | undefined): boolean {
  const words = wordsOf(agent);
  return words.includes(SEALING_TOKEN) && words.includes(SERIES_TOKEN);
}
