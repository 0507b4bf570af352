/**
 * The inbox's fixed limits, each with its reason. What an operator may want to change is in the configuration.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Largest `inbox.cursor` read: it holds one number. */
export const CURSOR_BYTES_MAX = 4 * KIB;
/**
 * Lines and bytes of one write: large enough to share a sync among all that wait, small enough to be composed in some
 * milliseconds.
 */
export const BATCH_LINES_MAX = 1_024;
export const BATCH_CHARACTERS_MAX = 4 * MIB;
/** Messages that wait for those behind them, to share a sync: it costs as much as checking two of them. */
export const SHARED_LINES_MAX = 128;
/** Messages, and their characters, waiting to be written; beyond it the disk does not keep up and more are refused. */
export const WAITING_LINES_MAX = 65_536;
export const WAITING_CHARACTERS_MAX = 64 * MIB;
/**
 * Longest line looked at: the largest configurable message with every character escaped. A longer one counts as damage.
 */
export const LINE_BYTES_MAX = 6 * 64 * MIB + 1 * MIB;
/** What is read of a file at once. */
export const CHUNK_BYTES = 256 * KIB;
/** Bytes before a checkpoint by which the file is recognised: message ids among them are unlike any other file's. */
export const PROOF_BYTES = 256;
/** Lines and bytes behind the checkpoint at which a new one is due: what start-up reads is bounded by it. */
export const CHECKPOINT_LINES = 16_384;
export const CHECKPOINT_BYTES = 8 * MIB;
/** The time after which a few lines behind the checkpoint are worth a new one. */
export const CHECKPOINT_AFTER_MS = 5 * 60_000;
/**
 * Numbers reserved at once: few on a quiet host, because a gap of so many is left when the inbox is deleted after a
 * crash.
 */
export const RESERVE_MIN = 256;
/** Under load: a renewal every few seconds at most. */
export const RESERVE_MAX = 65_536;
/** Renewals closer together than this ask for more at once, others for less. */
export const RESERVE_RENEWAL_MS = 5_000;
/** How long the inbox is trusted to be where it was before it is looked at again ahead of a write. */
export const LOOK_AFTER_MS = 1_000;
/** How often one batch is written anew when others change the file at the same time. */
export const WRITE_ATTEMPTS_MAX = 4;
/** What is read from the end of a file that is not the one we knew, to learn its last number and messages. */
export const ADOPT_BYTES = 4 * MIB;
/** The same when our own state is lost: the file is then the only memory there is. */
export const ADOPT_ANEW_BYTES = 64 * MIB;
/** Unread lines are counted by sender as far back as this; older ones count in the total only. */
export const COUNT_BYTES_MAX = 32 * MIB;
/**
 * An inbox that is not larger is shown whole by an agent's file tool, and left where it is. Source: mailbox contract,
 * "Inbox".
 */
export const ARCHIVE_ABOVE_BYTES = 32 * KIB;
/** Nothing must have happened for so long before a file is archived by itself. Source: mailbox contract, "Inbox". */
export const ARCHIVE_AFTER_IDLE_MS = 10 * 60_000;
/**
 * The memory of delivered messages is kept in so many parts, each forgotten whole: it lasts at most an eighth longer
 * than asked.
 */
export const MEMORY_SEGMENTS = 8;
/** The age of the memory is saved so often while nothing else is. */
export const AGE_SAVED_AFTER_MS = 60 * 60_000;
/** The cursor is not read again for a limit's sake sooner than this: a flood must not become a flood of reads. */
export const CURSOR_READ_AFTER_MS = 50;
/** After preparing has failed, messages are refused for so long before it is tried again. */
export const PREPARE_AFTER_MS = 100;
/** Largest state file. */
export const STATE_BYTES_MAX = 64 * KIB;
/** A number further than this above what we have given out is damage, not one of ours. */
export const SEQ_JUMP_MAX = 1_000_000_000;
/** What a command reads of unread lines at most. */
export const READ_BYTES_MAX = 64 * MIB;
