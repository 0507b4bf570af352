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

/** How long a NATS server may take to answer. A node that registers waits for it, and what comes for the node waits behind. */
export const NATS_TIMEOUT_MS = 5 * SECOND_MS;
/** A server that is there and cannot be used is tried again after so long. */
export const NATS_RETRY_MS = 5 * SECOND_MS;
/**
 * A box that many relays share is counted anew: what others put into it is not known here for so long at most; and when it seems full,
 * since what they took from it is not known either.
 */
export const BOX_COUNTED_MS = { most: 30 * SECOND_MS, full: SECOND_MS } as const;
/** Boxes and nodes of which something is remembered here, so that memory does not grow with what the server keeps. */
export const BOXES_CACHED_MAX = 4_096;
/** So long a node that has no box is taken to have none. */
export const NODE_ABSENT_MS = 2 * SECOND_MS;
/** Older frames that one may displace when there is too much in all; one that displaces more is refused. */
export const OLDEST_TRIES_MAX = 64;
/** Removals of one node's frames from a stream are so far apart: each takes the server tens of milliseconds. */
export const REMOVAL_PAUSE_MS = 250;

/** How long what others send to a node waits until the node has shown that it is there: some round trips. */
export const PROOF_MS = 5_000;
