/**
 * What relays have said to keep: it is in their databases, whatever happens to them, until it was handed over and the node it is for has
 * answered behind it; and it is handed over soon once that node is registered there. Source: MoltComm v1, section 11, reading 11.
 *
 * @module
 */
import { readFrame } from "../mail/frames.ts";
import type { SimHost } from "../mod.ts";
import type { RelayFleet } from "./relay-fleet.ts";

/** It begins at once, and waits only while others that do not read hold up everybody: half a minute. */
export const HANDED_WITHIN_MS = 60_000;
const DATABASE = "/work/.barnacle/relay-mailbox.sqlite";
const SHOWN_MAX = 3;

/** A message that a relay keeps. */
interface Kept {
  readonly relay: SimHost;
  readonly from: string;
  readonly to: string;
  readonly id: string;
  /** It was written to a connection of the node. */
  isHanded: boolean;
  /** Since when its node has been registered at the relay, and could have had it. */
  sinceMs: number | undefined;
}

export class Keeping {
  readonly #fleet: RelayFleet;
  readonly #kept = new Map<string, Kept>();
  /** Messages that were kept so far, and handed over. */
  keptCount = 0;
  handedCount = 0;

  constructor(fleet: RelayFleet) {
    this.#fleet = fleet;
  }

  /** Whether the store may let nothing go by itself: no box is full, and no clock says that it is too late. */
  get #isLasting(): boolean {
    const { mailbox, troubles } = this.#fleet.options;
    return mailbox !== undefined && mailbox.framesPerNode > 100 && !troubles.includes("jumpWall");
  }

  /** A relay told a sender that it keeps a message. */
  told(relay: SimHost, from: string, id: string): void {
    const to = this.#fleet.record.sent.get(id)?.to;
    if (to === undefined || !this.#isLasting) return;
    this.keptCount++;
    this.#kept.set(keyOf(relay, id), { relay, from, to, id, isHanded: false, sinceMs: undefined });
  }

  /** A message was written to a connection of the node that it is for. @returns what to call once that node answers behind it */
  handed(relay: SimHost, id: string): (() => void) | undefined {
    const key = keyOf(relay, id);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    if (!kept.isHanded) this.handedCount++;
    kept.isHanded = true;
    return () => void this.#kept.delete(key);
  }

  /** Looks whether what is kept is handed over; every second. */
  check(): void {
    const { nowMs, presence, record } = this.#fleet;
    for (const kept of this.#kept.values()) {
      const { relay, to, id } = kept;
      const own = this.#fleet.mailOfNode(to);
      const isThere = !kept.isHanded && own !== undefined && this.#fleet.honest.includes(relay) &&
        presence.isAt(own, relay) && presence.canMeet(own.host, relay) && !relay.disk.isLimited;
      if (!isThere) {
        kept.sinceMs = undefined;
        continue;
      }
      kept.sinceMs ??= nowMs;
      if (nowMs - kept.sinceMs < HANDED_WITHIN_MS) continue;
      kept.sinceMs = undefined;
      kept.isHanded = true;
      record.violate(
        "kept",
        nowMs,
        `${relay.name} keeps ${id} for ${own.name}, which is there, and does not hand it over`,
      );
    }
  }

  /** Looks whether a relay's database holds what it should. */
  async checkStore(relay: SimHost): Promise<void> {
    const wanted = [...this.#kept.values()].filter((kept) => kept.relay === relay);
    const file = relay.disk.tree.look(DATABASE);
    if (wanted.length === 0 || file === undefined || file.kind !== "file") return;
    const database = await relay.disk.databases.open(file);
    const rows = database.prepare("SELECT frame FROM frames").all();
    database.close();
    const there = new Set(rows.map(({ frame }) => {
      const message = readFrame(frame as Uint8Array);
      return `${message?.from} ${message?.id}`;
    }));
    const lost = wanted.filter(({ from, id }) => !there.has(`${from} ${id}`) && this.#kept.has(keyOf(relay, id)));
    if (lost.length === 0) return;
    const shown = lost.slice(0, SHOWN_MAX).map(({ id }) => id).join(", ");
    this.#fleet.record.violate("kept", this.#fleet.nowMs, `${relay.name} said to keep ${shown}, and does not`);
  }
}

function keyOf(relay: SimHost, id: string): string {
  return `${relay.name} ${id}`;
}
