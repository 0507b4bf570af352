/** A message from its acceptance to the end of its history. @module */
import type { Keeper, OutgoingMessage } from "../types.ts";

/** A message offered to the journal. What the outbox hands over has this shape. */
export interface OfferedMessage {
  /** The recipient's node id. */
  readonly to: string;
  readonly msg: string;
  /** The id that its line gave it; without one it gets one. */
  readonly id: string | undefined;
  /** Which agent of the recipient the id that it gets is to name. */
  readonly agent?: string | undefined;
  /** The outbox line it stood on, counted from 1. */
  readonly line: number;
  /** Names this offer: the same key offered again is the same message. */
  readonly key: string;
}

/** Made for each accepted message; 100,000 of them wait at once, so it is one flat object that lists link directly. */
export class PendingMessage implements OutgoingMessage {
  to: string;
  readonly id: string;
  readonly key: string;
  readonly line: number;
  /** Whether the id needs no escapes, since we made it. */
  readonly #isIdPlain: boolean;
  /** Whether the id came with the line, so that it may be offered again. */
  readonly isIdGiven: boolean;
  /** Unix milliseconds. */
  readonly acceptedAtMs: number;
  /** Monotonic milliseconds: since when this process has known it. */
  readonly knownSinceMs: number;
  /** The text; empty while it is only in the journal. */
  msg = "";
  hasText = false;
  /** Where its `accepted` line stands in the journal, newline included. */
  offset = 0;
  sizeBytes = 0;
  attempts = 0;
  /** Unix milliseconds of the last attempt that was recorded. */
  sentAtMs = 0;
  /** Refusals in a row, by the recipient itself, that say it cannot take this message. */
  refusals = 0;
  lastError: string | undefined = undefined;
  /** The relay that keeps it for its recipient, as far as is known, and since when, in Unix milliseconds. */
  keeper: Keeper | undefined = undefined;
  keptAtMs = 0;
  /** Monotonic milliseconds: since when the wall clock has said that its time is over; -1 while it does not. */
  overdueSinceMs = -1;
  /** Its last line, once it is delivered or failed. */
  settledLine = "";
  hasFailed = false;
  previous: PendingMessage | undefined = undefined;
  next: PendingMessage | undefined = undefined;

  constructor(
    offer: OfferedMessage,
    fixed: { readonly id: string; readonly isOwn?: boolean; readonly wallMs: number; readonly monotonicMs: number },
  ) {
    this.to = offer.to;
    this.id = fixed.id;
    this.#isIdPlain = fixed.isOwn === true;
    this.key = offer.key;
    this.line = offer.line;
    this.isIdGiven = offer.id !== undefined;
    this.acceptedAtMs = fixed.wallMs;
    this.knownSinceMs = fixed.monotonicMs;
  }

  /** The id as JSON writes it. */
  get quotedId(): string {
    return this.#isIdPlain ? `"${this.id}"` : JSON.stringify(this.id);
  }
}
