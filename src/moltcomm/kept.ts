/**
 * Messages that a relay keeps for recipients that are away.
 *
 * Such an attempt has failed, as with any error of a relay, and the sender keeps the message. The recipient's answer comes when nobody
 * waits for it any more, hours later perhaps: its `ACK` settles the message as any other would, and whatever it answers shows that it
 * is back. The relay itself may say that it has let the message go. Source: MoltComm v1, section 11, readings 4 and 11.
 *
 * @module
 */
import { KEPT_REMEMBERED_MAX } from "./bounds.ts";
import type { Link } from "./link.ts";
import type { Keeper, KeptNews } from "./types.ts";
import type { Message } from "./wire/types.ts";

interface Kept {
  readonly to: string;
  readonly keeper: Keeper;
}

/** See the module's description. */
export class KeptMessages {
  /** By message, the oldest first. */
  readonly #kept = new Map<string, Kept>();

  /** A relay says that it keeps this message. */
  add(id: string, kept: Kept): void {
    this.#kept.set(id, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_REMEMBERED_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** What an answer to a question that is not open says of a message that is kept, if it says anything. Its signature is to be checked. */
  newsIn(link: Link, answer: Message): KeptNews | undefined {
    if (answer.t !== "ACK" && answer.t !== "ERROR") return undefined;
    const { body: { ref: id }, from } = answer;
    const kept = id === undefined ? undefined : this.#kept.get(id);
    if (id === undefined || kept === undefined) return undefined;
    const { keeper, to } = kept;
    if (from === to) {
      const isTaken = answer.t === "ACK" || answer.body.code === "REPLAY";
      return { id, to, what: isTaken ? "delivered" : "refused" };
    }
    const isKeepers = answer.t === "ERROR" && from === keeper.nodeId && link.relay?.keeper === keeper;
    // It may have kept an earlier attempt, too, whose time was over when it said so.
    return isKeepers && answer.body.code !== "KEPT" ? { id, to, what: "dropped" } : undefined;
  }

  /** It is settled, or let go of, or another attempt is made. */
  remove(id: string): void {
    this.#kept.delete(id);
  }
}
