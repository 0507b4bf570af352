/**
 * The fixed bounds of the client side of relays, each with its reason.
 *
 * @module
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/**
 * Over how long the first attempts after a loss are spread. A relay that restarts loses everybody at once: a thousand clients come back at
 * a hundred a second.
 */
export const LOSS_SPREAD_MS = 10 * SECOND_MS;
/** The wait after a failed attempt, and the share by which it is lengthened at random: attempts stay as far apart as they were. */
export const RETRY_WAIT_MS = 10 * SECOND_MS;
export const RETRY_JITTER_RATIO = 0.4;
/** Failed attempts at the shortest wait; from then on it doubles, up to the longest. */
export const RETRIES_BEFORE_DOUBLING = 2;
export const RETRY_WAIT_MAX_MS = MINUTE_MS;
/** The same, doubled each time, where the relay has not been reached since the start. */
export const FIRST_RETRY_WAIT_MS = SECOND_MS;
/** A connection to a relay that ends sooner counts as a failed attempt. */
export const RELAY_LIFE_MIN_MS = 5 * SECOND_MS;

/**
 * Idle time after which the kernel looks whether the relay's host is still there, where it can: with the 10 s for which it asks, less than
 * 30 s. What refuses to be asked so is silent for 16 s, and has 7 s to answer a `PING`: less than 30 s as well.
 */
export const RELAY_KEEP_ALIVE_MS = 15 * SECOND_MS;
export const RELAY_SILENCE_MS = 16 * SECOND_MS;
export const RELAY_ANSWER_MS = 7 * SECOND_MS;
/** How soon it is looked again where something stands in the way now. */
export const WATCH_MS = 3 * SECOND_MS;
/**
 * How often a relay is asked all the same: to know how fast it answers, and whether its process lives and not its host alone. Where the
 * kernel looks, seldom: with ten thousand nodes each question a minute is a hundredth of the relay's core.
 */
export const RELAY_MEASURE_MS = MINUTE_MS;
export const KEPT_MEASURE_MS = 15 * MINUTE_MS;
/** How much of a round trip's average each new one is. */
export const ROUND_TRIP_WEIGHT = 0.3;

/** Relays that are tried at once when nothing is known of how fast they answer: the first is taken. */
export const FIRST_TRIED = 3;
/** Relays that are being connected to at once, at most. */
export const OPENING_MAX = 4;
/** Where connecting takes longer, another is tried beside it. */
export const OPENING_SLOW_MS = 2 * SECOND_MS;
/** How often a relay that is not in use is looked at: a faster one is moved to. */
export const EXPLORE_MS = 15 * MINUTE_MS;
export const EXPLORE_JITTER_RATIO = 0.3;
/** A relay is faster when it answers in less than this share of the other's time, and by so much: else nodes would move to and fro. */
export const FASTER_RATIO = 0.7;
export const FASTER_MS = 5;
/** How long the connection to a relay that was moved away from stays: others still have our old record. */
export const RETIRE_MS = 30 * SECOND_MS;
/** Relays that are known at most, from the configuration and from manifests. */
export const CANDIDATES_MAX = 256;
/** Addresses of relays for which waits and failures are remembered: records of strangers name any. */
export const KNOWN_RELAYS_MAX = 1_024;

/** How long what is tried first has to itself before the next is tried beside it. */
export const HEAD_START_MS = 300;
/** How long a way that worked is tried first. */
export const WAY_REMEMBERED_MS = 10 * MINUTE_MS;
export const WAYS_REMEMBERED_MAX = 4_096;
/** How long the other ways have to themselves before a relay over which mail to the node was not answered lately. */
export const DOUBT_HEAD_START_MS = 3 * SECOND_MS;
/** How long a message may wait for a relay that is not to be dialled yet. */
export const GATE_PATIENCE_MS = 15 * SECOND_MS;
/** How long a node behind a relay may take to answer `HELLO` before mail is sent all the same: not every node's answer finds back. */
export const HELLO_THROUGH_MS = 5 * SECOND_MS;
/** Relays that are asked for a node in one attempt: those that its record names, and others that we are connected to. */
export const RELAYS_TRIED_MAX = 8;
export const OTHER_RELAYS_TRIED_MAX = 4;
/** Nodes remembered as reached through one relay. */
export const REACHED_MAX = 4_096;
/** Finding a way ends after so many request time-outs. */
export const FIND_TIMEOUT_FACTOR = 4;

/** Nodes met over relays that are told of a new record: those of the last hour, so many. */
export const TOLD_THROUGH_MAX = 32;
export const TOLD_THROUGH_MS = 60 * MINUTE_MS;
export const TOLD_AT_ONCE = 4;
export const MET_THROUGH_MAX = 256;
/** Connections told of a new record before input and output have their turn: each costs a signature. */
export const TOLD_PER_TURN = 16;

/** How long a connection that came in shows that we can be dialled. */
export const EVIDENCE_MS = 70 * MINUTE_MS;
export const EVIDENCE_MAX = 16;
/** How often a peer is asked to dial back. */
export const ASK_BACK_MS = 5 * MINUTE_MS;
export const ASK_BACK_SPACING_MS = 30 * SECOND_MS;
/** How long a peer may take to dial back; of those asked that could have, none did: we cannot be dialled. */
export const DIALLED_BACK_WITHIN_MS = 20 * SECOND_MS;
/** Dialling back for others: how long it may take, how many at once, and for one address each minute. */
export const DIAL_BACK_TIMEOUT_MS = 5 * SECOND_MS;
export const DIAL_BACKS_MAX = 8;
export const DIAL_BACKS_PER_MINUTE = 2;
