/**
 * Messages that a relay keeps for recipients that are away.
 *
 * Such an attempt has failed, as with any error of a relay, and the sender keeps the message. The recipient's `ACK` comes when nobody
 * waits for it any more, hours later perhaps. It settles nothing, since no attempt is open; but it is the recipient's own word that it is
 * back, so what waits for it is tried at once, and what it has taken already it answers as repeated. Source: MoltComm v1, section 11,
 * readings 4 and 11.
 *
 * @module
 */
import { KEPT_REMEMBERED_MAX } from "./bounds.ts";

/** See the module's description. */
export class KeptMessages {
  /** Recipients by message, the oldest first. */
  readonly #recipients = new Map<string, string>();

  /** A relay says that it keeps this message. */
  add(id: string, to: string): void {
    this.#recipients.set(id, to);
    const [oldest] = this.#recipients.keys();
    if (this.#recipients.size > KEPT_REMEMBERED_MAX && oldest !== undefined) this.#recipients.delete(oldest);
  }

  /** Whether such a message is for this node. */
  isFor(id: string, nodeId: string): boolean {
    return this.#recipients.get(id) === nodeId;
  }

  /** The recipient has it, or another attempt is made. */
  remove(id: string): void {
    this.#recipients.delete(id);
  }
}
