/** The outbox's fixed limits, each with its reason. What an operator may want to change is in the configuration. @module */

const KIB = 1024;
const MIB = 1024 * KIB;

/** A last line without its newline is taken once it has not grown for so long. Source: mailbox contract, "Outbox". */
export const TAIL_REST_MS = 2_000;
/**
 * Lines that vanished are forgotten, and a last line that cannot be read is rejected, once the file has stood still for so long: an
 * editor that truncates and writes anew is done by then.
 */
export const SETTLE_MS = 10_000;
/**
 * A file whose size and time of change have stood still for so long is not read again. Before, a change may hide in the coarseness of
 * that time.
 */
export const SURE_MS = 2_000;
/** Reading a large file again, only to make sure, takes at most this share of the time. */
export const SURE_TIME_RATIO_MAX = 0.05;
/** What is read and handed over at once: a thousand lines share a sync, and work in one turn stays at some milliseconds. */
export const CHUNK_BYTES = 256 * KIB;
/** A stretch of the file that has its own digest has at least so many bytes: what is read again before an appended line. */
export const SEGMENT_BYTES_MIN = 64 * KIB;
/** A file up to this size is compared whole each time. */
export const WHOLE_BYTES_MAX = 256 * KIB;
/** Room for names and numbers on a line beside the message. */
export const LINE_OVERHEAD_BYTES = 16 * KIB;
/** A byte of a message takes at most six in JSON: `\u001f`. */
export const ESCAPED_BYTES_MAX = 6;
/** Different lines that stand in the file at once; each takes 36 bytes of memory and 24 on disk, and up to twice that while it grows. */
export const LINES_MAX = 1 << 21;
/** Brackets inside one another in one message: it needs one pair, and what an agent adds for itself some more. */
export const NESTING_MAX = 32;
/** How often one look begins anew when others change the file under it. */
export const RESTARTS_MAX = 3;
/** After that, and after a chunk that others changed, the next look is due so soon. */
export const CHANGED_AGAIN_MS = 100;
/** After an error of the disk the next look is due so soon. */
export const FAILED_AGAIN_MS = 5_000;
/**
 * What was noted as taken is synced after so long, or so many lines. The journal of deliveries must know the key of a settled message for
 * at least as many others.
 */
export const SYNC_AFTER_MS = 1_000;
export const SYNC_AFTER_LINES = 4_096;
/** The state's log is written anew when it has outgrown its beginning by this. */
export const LOG_BYTES_MIN = 256 * KIB;
/** Largest state file read: every line at its largest, the log as long again. */
export const STATE_BYTES_MAX = 160 * MIB;
/** Characters of a rejected text that are kept. Source: mailbox contract, "Outbox", and the format of the file. */
export const REJECTED_TEXT_CHARACTERS_MAX = 1_000;
/** The file of rejected lines is moved aside beyond this, in place of the one moved aside before. */
export const REJECTED_BYTES_MAX = 8 * MIB;
/** Rejections kept in memory while their file cannot be written. */
export const REJECTIONS_WAITING_MAX = 1_000;
/** Our longest line of that file, escaped. */
export const REJECTED_LINE_BYTES_MAX = 64 * KIB;
/** Names told to somebody who wrote an unknown one. */
export const KNOWN_NAMES_SHOWN_MAX = 8;
