/**
 * What the inbox knows of itself across restarts: `.moltcomm/state/inbox.json`.
 *
 * @module
 */
import * as z from "zod/mini";
import type { Logger } from "../../log/mod.ts";
import { JsonStateFile, type StorePorts } from "../../store/mod.ts";
import { STATE_BYTES_MAX } from "./limits.ts";

const SEGMENTS_MAX = 256;

/** The state as it is saved. */
export interface InboxState {
  readonly version: 1;
  /** Up to this byte of the inbox everything is known; what stands behind it is read at the start. */
  readonly offset: number;
  /** The number of the last line before `offset`. */
  readonly seq: number;
  /** The number before the inbox's first line. */
  readonly floor_seq: number;
  /** SHA-256 of up to 256 bytes before `offset`, in hexadecimal: they tell whether the file is still the same. */
  readonly proof: string;
  /** No number above this one has been given to a message. */
  readonly reserved_seq: number;
  /** How long the memory of delivered messages has been growing, in time that this host was running. */
  readonly age_ms: number;
  /** When this was saved, Unix milliseconds. */
  readonly saved_at_ms: number;
  readonly segments: readonly { readonly number: number; readonly opened_age_ms: number; readonly bytes: number }[];
}

function schema(): z.ZodMiniType<InboxState> {
  const count = () => z.int().check(z.nonnegative());
  const milliseconds = () => z.number().check(z.nonnegative());
  return z.strictObject({
    version: z.literal(1),
    offset: count(),
    seq: count(),
    floor_seq: count(),
    proof: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    reserved_seq: count(),
    age_ms: milliseconds(),
    saved_at_ms: z.number(),
    segments: z.array(z.strictObject({ number: count(), opened_age_ms: milliseconds(), bytes: count() }))
      .check(z.maxLength(SEGMENTS_MAX)),
  });
}

/** The state file. */
export function createStateFile(
  ports: StorePorts & { readonly logger: Logger },
  path: string,
): JsonStateFile<InboxState> {
  return new JsonStateFile(ports, { path, schema: schema(), bytesMax: STATE_BYTES_MAX });
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
