/**
 * What was of use lately, by node.
 *
 * @module
 */
import { BOXES_CACHED_MAX } from "./bounds.ts";

/** Puts an entry last, and forgets the first ones where there are too many. */
export function remember<Value>(entries: Map<string, Value>, key: string, value: Value): void {
  entries.delete(key);
  entries.set(key, value);
  if (entries.size <= BOXES_CACHED_MAX) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}
