import type { Command, RouteMap } from "@stricli/core";
import type { Invocation } from "./context.ts";

type Target = Command<Invocation> | RouteMap<Invocation>;

/**
 * Follows the words from group to group as far as they name commands.
 *
 * @returns the words that were followed, and what they lead to
 */
export function followRoutes(
  root: Target,
  words: readonly string[],
): { readonly path: readonly string[]; readonly target: Target } {
  let target = root;
  let length = 0;
  for (const word of words) {
    const next: Target | undefined = "getAllEntries" in target ? target.getRoutingTargetForInput(word) : undefined;
    if (next === undefined) break;
    target = next;
    length++;
  }
  return { path: words.slice(0, length), target };
}
