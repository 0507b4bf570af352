/**
 * What the node counts. The counts are plain numbers; the registry reads them when it is rendered.
 *
 * @module
 */
import type { Labels, Metrics } from "../metrics/mod.ts";
import type { MessageType } from "./wire/types.ts";

/** A type of message, or `OTHER` for a frame that is none. */
type CountedType = MessageType | "OTHER";
type Counts = Record<CountedType, number>;

/** Why a connection was closed by us. */
export type CloseReason =
  | "connections_max"
  | "address_connections_max"
  | "no_handshake"
  | "frame_timeout"
  | "frame_too_large"
  | "read_ahead_max"
  | "answers_not_taken"
  | "silent"
  | "unused"
  | "superseded"
  | "wrong_identity"
  | "own_identity"
  | "fault"
  | "stopped";

/** What a handshake came to. */
export type HandshakeOutcome = "accepted" | "answered" | "refused" | "failed";

function noCounts(): Counts {
  return {
    HELLO: 0,
    HELLO_ACK: 0,
    PING: 0,
    PONG: 0,
    PEERS: 0,
    PEERS_RES: 0,
    DIRECT: 0,
    ACK: 0,
    ERROR: 0,
    OTHER: 0,
  };
}

/** Counts since the start. */
export class Traffic {
  readonly framesIn: Counts = noCounts();
  readonly framesOut: Counts = noCounts();
  /** Messages refused, by protocol code, whether or not the sender was told. */
  readonly refused = new Map<string, number>();
  /** Answers that nobody had asked for, or that were not the asked one's, by type. */
  readonly strayAnswers = new Map<string, number>();
  readonly closed = new Map<CloseReason, number>();
  readonly handshakes = new Map<HandshakeOutcome, number>();

  /** Adds one under a key of one of the maps. */
  static count<Key extends string>(counts: Map<Key, number>, key: Key): void {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  register(metrics: Metrics): void {
    const counter = (name: string, help: string, read: () => readonly { labels: Labels; value: number }[]) =>
      metrics.observed(`barnacle_moltcomm_${name}_total`, "counter", help, read);
    counter("frames", "Frames read and written, by type.", () => [
      ...Object.entries(this.framesIn).map(([type, value]) => ({ labels: { direction: "in", type }, value })),
      ...Object.entries(this.framesOut).map(([type, value]) => ({ labels: { direction: "out", type }, value })),
    ]);
    counter("refusals", "Messages refused, by protocol code.", () => samples(this.refused, "code"));
    counter(
      "stray_answers",
      "Answers that nobody had asked for, or not from whom was asked.",
      () => samples(this.strayAnswers, "type"),
    );
    counter("closed_connections", "Connections closed by us, by reason.", () => samples(this.closed, "reason"));
    counter("handshakes", "Handshakes, by outcome.", () => samples(this.handshakes, "outcome"));
  }
}

function samples(counts: ReadonlyMap<string, number>, label: string): { labels: Labels; value: number }[] {
  return [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }));
}
