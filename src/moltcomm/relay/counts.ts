/**
 * What the relay counts. The counts are plain numbers; the registry reads them when it is rendered.
 *
 * @module
 */
import type { Metrics } from "../../metrics/mod.ts";

/** Why a frame was not handed on, or not answered. */
export type RefusalReason =
  /** Not one JSON object with a sender and a type. */
  | "bad_frame"
  | "bad_signature"
  | "bad_time"
  | "replay"
  | "unsupported"
  | "rate"
  /** `to` has no connection here. */
  | "unreachable"
  /** Neither the sender nor the recipient is a member. */
  | "not_a_member"
  /** `from` is not the node that registered on the connection. */
  | "foreign_sender"
  | "to_itself"
  /** The recipient reads too slowly. */
  | "recipient_slow"
  /** It would come before an earlier message that did not get there. */
  | "out_of_order"
  /** All recipients together have too much to read. */
  | "queues_full"
  /** The oldest frame of a mailbox, which gave way to a newer one. */
  | "mailbox_full"
  | "mailbox_too_large"
  /** More waits to be written to the mailbox than may. */
  | "mailbox_busy"
  /** The mailbox cannot be written. */
  | "mailbox_broken";

/** Why a connection was closed by us. */
export type RelayCloseReason =
  | "connections_max"
  | "address_connections_max"
  | "no_hello"
  | "hello_rate"
  | "frame_timeout"
  | "frame_too_large"
  | "partial_bytes_max"
  | "not_reading"
  | "silent"
  | "replaced"
  | "fault"
  | "stopped";

/** Why a connection was not read for a while. */
export type PauseReason = "rate" | "slow_recipient";

/** What became of a `HELLO` that was for us. */
export type RegistrationOutcome = "registered" | "renewed" | "replaced" | "answered" | "refused";

const NAMES = {
  refusals: ["frames_refused", "Frames not handed on, by reason.", "reason"],
  closed: ["closed_connections", "Connections closed by the relay, by reason.", "reason"],
  pauses: ["pauses", "Times a connection was not read for a while, by reason.", "reason"],
  registrations: ["registrations", "HELLO messages to the relay, by what became of them.", "outcome"],
} as const;

/** Counts since the start. */
export class Counts {
  forwardedFrames = 0;
  forwardedBytes = 0;
  receivedFrames = 0;
  receivedBytes = 0;
  /** Frames that took a full parse. */
  unusualFrames = 0;
  /** Frames put into the mailbox, handed over from it, and never handed over in time. */
  keptFrames = 0;
  handedOverFrames = 0;
  expiredFrames = 0;
  /** Answers of the relay's own. */
  answers = 0;
  readonly refusals = new Map<RefusalReason, number>();
  readonly closed = new Map<RelayCloseReason, number>();
  readonly pauses = new Map<PauseReason, number>();
  readonly registrations = new Map<RegistrationOutcome, number>();

  /** Adds one under a key of one of the maps. */
  static add<Key extends string>(counts: Map<Key, number>, key: Key): void {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  /** @param gauges what is so now, by name and help */
  register(metrics: Metrics, gauges: Readonly<Record<string, readonly [help: string, read: () => number]>>): void {
    const counter = (name: string, help: string, read: () => number) =>
      metrics.observed(`barnacle_relay_${name}_total`, "counter", help, read);
    counter("forwarded_frames", "Frames handed on.", () => this.forwardedFrames);
    counter("forwarded_bytes", "Bytes of frames handed on.", () => this.forwardedBytes);
    counter("received_frames", "Frames read.", () => this.receivedFrames);
    counter("received_bytes", "Bytes read.", () => this.receivedBytes);
    counter("unusual_frames", "Frames whose envelope took a full parse.", () => this.unusualFrames);
    counter("mailbox_kept_frames", "Frames put into the mailbox.", () => this.keptFrames);
    counter("mailbox_handed_over_frames", "Frames handed over from the mailbox.", () => this.handedOverFrames);
    counter("mailbox_expired_frames", "Frames that nobody came for in time.", () => this.expiredFrames);
    counter("answers", "Messages of the relay's own.", () => this.answers);
    for (const key of Object.keys(NAMES) as (keyof typeof NAMES)[]) {
      const [name, help, label] = NAMES[key];
      metrics.observed(
        `barnacle_relay_${name}_total`,
        "counter",
        help,
        () => [...this[key]].map(([value, count]) => ({ labels: { [label]: value }, value: count })),
      );
    }
    for (const [name, [help, read]] of Object.entries(gauges)) {
      metrics.observed(`barnacle_relay_${name}`, "gauge", help, read);
    }
  }
}
