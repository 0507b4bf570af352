/**
 * The mailbox's fixed bounds, each with its reason. What an operator may want to change is in the configuration (`MailboxLimits`).
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;

/** What is read and handed over at once: enough for each read and write to cost little beside its frames. */
export const BATCH = { frames: 1_024, bytes: 256 * KIB } as const;
/** A hand-over waits so long for others' when too much waits for all nodes to read it. */
export const CROWDED_PAUSE_MS = 50;

/** Frames that wait to be written, in all; beyond it they are refused. It bounds memory while a broker is slow. */
export const KEEPING_BYTES_MAX = 16 * MIB;
/** What waits to be written is written at once beyond this. */
export const COMMIT_BYTES = 1 * MIB;
/**
 * How long the first of what is to be written waits for more. A write stops everything else for as long as it takes the disk, so the
 * next waits for so many times its duration: writing never takes more than a sixth of the relay's time.
 */
export const COMMIT_WAIT_MS = { least: 5, most: 250, ofLastWrite: 5 } as const;

/** How often frames that are too old are looked for. */
export const SWEEP_MS = 60 * SECOND_MS;
export const SWEEP_TIMEOUT_MS = 30 * SECOND_MS;
/** Frames that one step of a sweep lets go, so that others get a turn between. */
export const SWEEP_FRAMES = 1_000;
/** A box without frames is forgotten when its node has not been here for so long. */
export const BOX_KEPT_MS = 30 * 24 * HOUR_MS;
/** When a node was here last is written again when it changes by so much: a write for every registration would be many. */
export const SEEN_STEP_MS = HOUR_MS;
export const HOURS_TO_MS = HOUR_MS;
