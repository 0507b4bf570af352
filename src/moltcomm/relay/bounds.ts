/**
 * The relay's fixed bounds, each with its reason. What an operator may want to change is in the configuration (`RelayLimits`).
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Bytes of frames that are not whole yet, all connections together; beyond it the connection that holds most is closed. */
export const PARTIAL_BYTES_ALL_MAX = 256 * MIB;
/** Pieces of a frame shorter than this are copied together, so that whoever sends byte by byte costs no object for each. */
export const PIECE_BYTES_MIN = 4 * KIB;
/** How long a frame may take to become whole: 1 MiB at 18 KB/s. */
export const FRAME_TIMEOUT_MS = MINUTE_MS;
/** How long a connection may stay without a `HELLO`. Source: MoltComm v1, section 5: it goes out within 1 s. */
export const HELLO_TIMEOUT_MS = 15 * SECOND_MS;

/** How long a sender is not read because one of its recipients is slow; then that recipient's frames are refused instead. */
export const SLOW_READER_PAUSE_MS = SECOND_MS;
/**
 * How long a sender's messages for a node are refused once one was, unless it shows sooner that it has heard of it: what was on its way
 * behind that one would come before it. As long as it takes the sender to hear of it over a bad line.
 */
export const REFUSED_FOR_MS = 5 * SECOND_MS;
/** The same for a sender that shows nothing: over a fair line. */
export const PLAIN_REFUSED_FOR_MS = SECOND_MS;
/**
 * The same where the sender was not told, or something of it was lost with the recipient's connection: a node of ours takes a message for
 * lost after 15 s, and some more for its way.
 */
export const LOST_FOR_MS = 20 * SECOND_MS;
/** Nodes remembered for that of each sender, and of all senders together: a few megabytes. */
export const GAPS_PER_SENDER_MAX = 64;
export const GAPS_ALL_MAX = 65_536;
/** Senders remembered that something of was handed on to a node lately, beside the last one. */
export const LATE_SENDERS_MAX = 64;
/** Within this share of its queue a slow reader gets everything; beyond it, its senders are not read. */
export const QUEUE_PAUSE_RATIO = 1 / 2;
/** How long a node may take nothing of what is queued for it. */
export const NOT_READING_TIMEOUT_MS = 30 * SECOND_MS;
/** Answers of ours that a node may leave untaken; beyond it, it gets none. */
export const UNTAKEN_ANSWERS_BYTES_MAX = 64 * KIB;
/** The sum of all queues is counted anew at most so often. */
export const RECOUNT_MS = 100;

/** The least time for which a connection above its rate is not read, so that there are few wake-ups. */
export const REST_MIN_MS = 10;
/** What a frame that only a full parse can read costs beside itself, in frames, and a further one for so many bytes of it. */
export const UNUSUAL_FRAME_COST = 4;
export const UNUSUAL_BYTES_PER_FRAME = 4 * KIB;

/**
 * What the relay does itself costs signatures, so it has a budget of its own, in units of about 25 µs: an answer takes one, a `HELLO` ten
 * (two signatures to check, a key to read, one to make). Per connection, per address, and in all; a second's worth in the long run.
 */
export const ANSWER_UNITS = 1;
export const HELLO_UNITS = 10;
export const UNITS_PER_CONNECTION = { perSecond: 20, burst: 100 };
export const UNITS_PER_ADDRESS = { perSecond: 2_000, burst: 4_000 };
export const UNITS_IN_ALL = { perSecond: 20_000, burst: 20_000 };

/** How far a message's `ts` may be from our clock. Source: MoltComm v1, section 7. */
export const TS_WINDOW_MS = 10 * MINUTE_MS;
/** How long the ids of a `HELLO` are remembered: as long as the window lets one in. */
export const HELLO_MEMORY_MS = 2 * TS_WINDOW_MS;
export const HELLO_MEMORY_MAX = 262_144;
/** Longest `id` that is remembered or repeated. */
export const ID_CHARACTERS_MAX = 256;
/** How far ahead a record may expire. */
export const RECORD_AHEAD_MAX_MS = 366 * 24 * 60 * MINUTE_MS;
/** Addresses in a record that is kept, and their characters together: a registration must stay small. */
export const RECORD_ADDRESSES_MAX = 16;
export const RECORD_ADDRESS_CHARACTERS_MAX = 1_024;
/** Public keys kept ready: after a restart everybody comes at once, later hardly anybody. */
export const KEYS_MAX = 1_024;
/** Records asked for when a `PEERS` does not say, and given at most. Source: MoltComm v1, section 5. */
export const PEERS_DEFAULT = 20;
export const PEERS_ANSWER_MAX = 32;

/** Our own record: how far ahead it expires, and how near that may come. Source: MoltComm v1, section 6. */
export const OWN_RECORD_MS = 60 * MINUTE_MS;
export const OWN_RECORD_LEFT_MIN_MS = 30 * MINUTE_MS;
/** Hosts under which the relay is reached, where it listens on all of them. */
export const OWN_HOSTS_MAX = 8;

/** How often connections are looked after while there are any. */
export const SWEEP_MS = 5 * SECOND_MS;
/** Idle time after which the kernel looks whether a node's host is still there, where it can: for 10 s more, and at no cost to us. */
export const KEEP_ALIVE_MS = MINUTE_MS;
/**
 * Silence after which a node is asked for a sign of life where the kernel looks after its host: nodes of ours say something
 * every 15 minutes. And if something was handed on to it meanwhile: then most nodes say something, and the kernel does
 * not look while that is under way.
 */
export const KEPT_SILENCE_MS = 18 * MINUTE_MS;
export const SPOKEN_TO_SILENCE_MS = MINUTE_MS;
/** Without the kernel's help: silence of a node that keeps its connection alive by itself. */
export const PINGING_SILENCE_MS = MINUTE_MS;
/** The same for a node that never did: plain v1 does not ask it to. */
export const SILENCE_MS = 4 * MINUTE_MS;
/**
 * A node that was heard less than so long ago is there: a `HELLO` that names nobody, which another relay may play again, does not take its
 * place. Where the kernel does not look after the connection, its own software asks for a sign of life every minute; where it does, a node
 * whose host is gone is closed within 70 s, and is there until then.
 */
export const HEARD_LATELY_MS = 90 * SECOND_MS;
/** How long a node that was asked may take to say anything. */
export const SIGN_OF_LIFE_MS = 20 * SECOND_MS;

/** Addresses whose rates are remembered while nobody is connected from them. */
export const ADDRESSES_REMEMBERED_MAX = 16_384;
/** Node ids in the list of members, and the longest file of them. */
export const MEMBERS_MAX = 100_000;
export const MEMBERS_FILE_BYTES_MAX = 16 * MIB;
/** How often the list of members is looked at. */
export const MEMBERS_LOOK_MS = 5 * SECOND_MS;
/** How long an orderly end may take. */
export const END_TIMEOUT_MS = 5 * SECOND_MS;
/** How long a stop waits for what is queued to leave. */
export const STOP_ENDS_MS = 300;
