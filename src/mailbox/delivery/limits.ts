/** The fixed limits of delivery, with their reasons. @module */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Settled messages that stay in the journal in full, for `outbox` to show. */
export const HISTORY_MESSAGES_MAX = 1_000;
/** Their lines together: long messages must not keep the journal large. */
export const HISTORY_BYTES_MAX = 1 * MIB;
/**
 * Settled messages whose key is remembered. The outbox offers a key again when it could not note that the line was taken: a crash in
 * between, or a disk that refused for a while. About 130 bytes each.
 */
export const REMEMBERED_KEYS_MAX = 16_384;
/** Keys on one line of the journal. */
export const KEYS_PER_LINE = 128;
/** Below so much that nobody needs any more, the journal is not written anew. */
export const COMPACT_BYTES_MIN = 1 * MIB;
/** So many times as much, and it is written anew even while messages are coming and going. */
export const COMPACT_BUSY_FACTOR = 32;
/** Characters of the pending messages' texts kept in memory; the others are read back from the journal when their turn comes. */
export const TEXT_CHARACTERS_MAX = 16 * MIB;
/** Texts read back at once for one recipient: enough for a whole window, little enough to share the memory. */
export const LOAD_MESSAGES_MAX = 256;
export const LOAD_BYTES_MAX = 256 * KIB;
/** Records that a refusing disk leaves in memory; beyond it they are dropped and the journal is written anew from what is known. */
export const UNWRITTEN_CHARACTERS_MAX = 4 * MIB;
/** A line of the journal beside its text: ids, key and names. */
export const RECORD_BYTES_MAX = 16 * KIB;
/** A byte of text takes at most six in JSON. */
export const ESCAPED_BYTES_MAX = 6;
/** Longest line that a reader without configuration takes up: the longest message that can be configured, lightly escaped. */
export const READ_LINE_BYTES_MAX = 72 * MIB;
/** Characters kept of the reason of a failed attempt. */
export const REASON_CHARACTERS_MAX = 300;
/** How long a record may wait for others before it is written, and how long a written one may wait before it is synced. */
export const WRITE_WITHIN_MS = 10;
export const SYNC_WITHIN_MS = 1_000;
/** How often the journal is looked at for what others did to it while nothing happens. */
export const LOOK_INTERVAL_MS = 60_000;
/** The archive of failed messages: so much in a file, so many files. */
export const ARCHIVE_FILE_BYTES_MAX = 4 * MIB;
export const ARCHIVE_FILES_MAX = 8;

/** Recipients tried at once: so many of those whose last attempt was answered, and so many of the others. */
export const RECIPIENTS_AT_ONCE_MAX = 256;
/** Attempts after which a recipient makes room when others wait. */
export const TURN_ATTEMPTS_MAX = 256;
/** Attempts made before input and output get their turn: each signs, and a long row of signatures holds up the answers. */
export const BURST_ATTEMPTS_MAX = 16;
/** Recipients remembered while nothing is queued for them. */
export const RESTING_RECIPIENTS_MAX = 1_024;
/**
 * What is left with a relay for one recipient: a quarter of the box that a relay gives a node unless told otherwise, since others write to
 * it as well, and a box that is full loses its oldest. The bytes are those of the journal's lines.
 */
export const LEFT_MESSAGES_MAX = 256;
export const LEFT_BYTES_MAX = 1 * MIB;
/** Messages on their way to a relay that keeps them: it writes many with one sync; and so many may push others out of a full box. */
export const LEFT_AT_ONCE_MAX = 16;
/** After so long everything is left with the relay anew: it lets go what is old. */
export const LEFT_FOR_MS = 12 * 3_600_000;
/** One that has kept messages for so long and takes no more now, or is lost, is asked again as soon as after a first failure. */
export const LEFT_LASTING_MS = 30_000;
/** A relay that hands over what it kept is let do so, as long as answers to it come no further apart. */
export const HANDING_OVER_MS = 1_000;
/** The waits after failed attempts. */
export const BACKOFF = { initialMs: 1_000, maxMs: 5 * 60_000 } as const;
/** How much later than due a retry may be, to share a waking. */
export const RETRY_TOLERANCE_MS = 50;
/** A recipient that becomes reachable cuts a wait short at most so often: one that connects again and again must not be hammered. */
export const REACHABLE_SPACING_MS = 1_000;
/** The same message refused by its recipient so many times in a row, as something that it cannot take, is failed. */
export const REFUSALS_MAX = 3;
/** Rounds in a row without an answer after which a recipient is reported. */
export const UNREACHABLE_ROUNDS = 3;
/** Failed messages of one recipient that are logged one by one when they are given up together. */
export const FAILURES_LOGGED_MAX = 8;
/** How long the messages in flight may take to settle when the dispatcher stops. */
export const STOP_WITHIN_MS = 1_000;
