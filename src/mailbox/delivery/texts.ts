/** Which texts to read back next for one recipient. @module */
import { LOAD_BYTES_MAX, LOAD_MESSAGES_MAX } from "./limits.ts";
import type { PendingMessage } from "./pending-message.ts";

/** The messages from `first` on whose texts are not in memory, as many as are read at once; at least that one. */
export function textsFrom(first: PendingMessage): PendingMessage[] {
  const wanted: PendingMessage[] = [];
  let bytes = 0;
  for (let message: PendingMessage | undefined = first; message !== undefined; message = message.next) {
    bytes += message.sizeBytes;
    const isEnough = wanted.length >= LOAD_MESSAGES_MAX || bytes > LOAD_BYTES_MAX;
    if (message.hasText || (isEnough && wanted.length > 0)) break;
    wanted.push(message);
  }
  return wanted;
}
