/**
 * Who is registered on which connection. Source: MoltComm v1, section 8.
 *
 * @module
 */
import type { Random } from "../../runtime/port.ts";
import type { Registration, RelayLink } from "./relay-link.ts";

/** See the module's description. */
export class Roster {
  readonly #random: Pick<Random, "unit">;
  readonly #byNode = new Map<string, RelayLink>();
  readonly #all: RelayLink[] = [];

  constructor(components: { readonly random: Pick<Random, "unit"> }) {
    this.#random = components.random;
  }

  get size(): number {
    return this.#all.length;
  }

  get all(): readonly RelayLink[] {
    return this.#all;
  }

  get(nodeId: string): RelayLink | undefined {
    return this.#byNode.get(nodeId);
  }

  /** Binds a link to a node, or tells anew what is known of the node. The caller has taken an older link of the node out. */
  add(link: RelayLink, registration: Registration): void {
    link.registration = registration;
    if (link.rosterIndex >= 0) return;
    link.rosterIndex = this.#all.length;
    this.#all.push(link);
    this.#byNode.set(registration.nodeId, link);
  }

  /** Takes a link out; one that is not in it is fine. */
  remove(link: RelayLink): void {
    const { registration, rosterIndex } = link;
    if (registration === undefined) return;
    this.#byNode.delete(registration.nodeId);
    link.registration = undefined;
    link.rosterIndex = -1;
    const last = this.#all.pop();
    if (last === undefined || last === link) return;
    this.#all[rosterIndex] = last;
    last.rosterIndex = rosterIndex;
  }

  /** Up to `count` different links that pass, at random. */
  choose(count: number, passes: (link: RelayLink) => boolean): RelayLink[] {
    const chosen = new Set<RelayLink>();
    const triesMax = 3 * count;
    for (let tries = 0; tries < triesMax && chosen.size < Math.min(count, this.size); tries++) {
      const link = this.#all[Math.floor(this.#random.unit() * this.#all.length)];
      if (link !== undefined && passes(link)) chosen.add(link);
    }
    return [...chosen];
  }
}
