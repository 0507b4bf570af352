/**
 * The node's fixed bounds, each with its reason. What an operator may want to change is in the configuration (`NodeLimits`).
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const MINUTE_MS = 60_000;

/** Frames taken in, and answers signed, before others have their turn: about a millisecond of work with cryptography. */
export const FRAMES_PER_TURN = 16;
/** A link with no more to read than this is looked at without waiting for the next turn: a few frames. */
export const AT_ONCE_BYTES_MAX = 2 * KIB;
/** Messages and acknowledgements read since the start that make this node a busy one. */
export const BUSY_AFTER_FRAMES = 1_000;
/** Frames that leave in one write; the far end starts on them while we sign the next. */
export const FRAMES_PER_WRITE = 16;
/**
 * So many frames behind a message, here and not yet looked at, can share its sync. With fewer under way in all, their sender would have
 * nothing to do meanwhile.
 */
export const FOLLOWED_BY_FRAMES = 64;
/** Read and not yet looked at, each connection, before it is paused; a frame that is not whole yet is read on. */
export const READ_AHEAD_BYTES = 64 * KIB;
/** Read and not yet looked at, all connections together; beyond it the one that holds most is closed. */
export const READ_AHEAD_ALL_BYTES_MAX = 256 * MIB;
/** Messages of one connection that are being written to the inbox; beyond it the connection is not read on. */
export const DELIVERIES_PER_CONNECTION_MAX = 1_024;
/** Their bytes, each connection, and of all connections together. */
export const DELIVERY_BYTES_PER_CONNECTION_MAX = 4 * MIB;
export const DELIVERY_BYTES_MAX = 64 * MIB;
/** Answers that a peer has not taken yet; beyond it, it is not read on until it takes them. */
export const UNTAKEN_BYTES_MAX = 256 * KIB;

/** How long a message that was signed ahead may wait for its turn: its `ts` says when it was signed. */
export const PREPARED_MS_MAX = 1_000;
/** How far a message's `ts` may be from our clock. Source: MoltComm v1, section 7. */
export const TS_WINDOW_MS = 10 * MINUTE_MS;
/** How long ids are remembered: as long as the window lets a message in. At least 5 minutes: MoltComm v1, section 7. */
export const REPLAY_MEMORY_MS = 2 * TS_WINDOW_MS;
/** Ids remembered, beside those of delivered messages, which the inbox remembers. */
export const REPLAY_MEMORY_MAX = 65_536;
/** Longest `id`: a UUID has 36 characters; what is remembered of strangers is bounded. */
export const ID_CHARACTERS_MAX = 256;
/**
 * How many times as long as a request may take it is remembered that a message was refused: what was under way for longer has been given
 * up by its sender.
 */
export const REFUSED_IN_ORDER_KEPT_FACTOR = 6;
/** Senders on one connection for which that is remembered. */
export const REFUSED_SENDERS_MAX = 64;
/** The same on a connection to a relay, over which everybody comes. */
export const REFUSED_SENDERS_PER_RELAY_MAX = 1_024;
/** Addresses and senders whose rates are remembered. */
export const RATE_KEYS_MAX = 16_384;
/** Public keys kept ready: reading one costs as much as checking a signature. */
export const KEYS_MAX = 4_096;
/** Longest text of a far end that is kept, shown or logged: an error's detail. */
export const DETAIL_CHARACTERS_MAX = 200;
/** Longest name of a far end's software that is kept. */
export const AGENT_CHARACTERS_MAX = 128;

/** A share of the connections that inbound ones leave to our own dials. */
export const DIAL_RESERVE_RATIO = 1 / 16;
/** The most that one remote address may hold of all connections. */
export const CONNECTIONS_PER_ADDRESS_RATIO = 1 / 2;
/** How long a frame may take to become whole: 1 MiB at 18 KB/s. */
export const FRAME_TIMEOUT_MS = MINUTE_MS;
/** How long a peer may take nothing of what is queued for it. */
export const UNTAKEN_TIMEOUT_MS = 30_000;
/** How long an orderly end may take. */
export const END_TIMEOUT_MS = 5_000;
/** Silence after which a kept connection is asked for a sign of life: half-open ones are found so. */
export const KEPT_SILENCE_MS = MINUTE_MS;
/** The same for connections that others keep: they ask first. */
export const SILENCE_MS = 4 * MINUTE_MS;
/** Silence after which any connection is closed. */
export const SILENCE_MAX_MS = 5 * MINUTE_MS;
/** A connection we dialled and have no use for is closed after so long. */
export const UNUSED_MS = 2 * MINUTE_MS;
/** One to a relay that keeps messages of ours: longer than the longest wait between two looks whether their recipient is back. */
export const KEEPER_UNUSED_MS = 10 * MINUTE_MS;
/** A connection that owes answers and has been silent for so long gives way to a newer one of the same node. */
export const SUPERSEDED_SILENCE_MS = 3_000;

/** How far ahead our own record's expiry is set, and how near it may come. Source: MoltComm v1, section 6. */
export const OWN_RECORD_MS = 30 * MINUTE_MS;
export const OWN_RECORD_LEFT_MIN_MS = 15 * MINUTE_MS;
/** How often kept connections are told of our record anew, so that nobody holds an expired one. */
export const ANNOUNCE_MS = 10 * MINUTE_MS;
/** Hosts under which this node is reached, where it listens on all of them. */
export const OWN_HOSTS_MAX = 8;
/** Addresses in a peer record, and their characters together: a record of ten thousand must stay small. */
export const RECORD_ADDRESSES_MAX = 16;
export const RECORD_ADDRESS_CHARACTERS_MAX = 1_024;
/** How far ahead a record may expire: what is recommended is an hour, and a date has an end. */
export const RECORD_AHEAD_MAX_MS = 366 * 24 * 60 * MINUTE_MS;
/** Records asked for, and given when a `PEERS` does not say. Source: MoltComm v1, section 5. */
export const PEERS_DEFAULT = 20;
/** Records given at most. */
export const PEERS_ANSWER_MAX = 64;
/** Peers asked in a round of gossip. */
export const GOSSIP_PEERS = 3;
export const GOSSIP_MS = 5 * MINUTE_MS;
/** How often a round is brought forward, at most, because somebody is sought of whom no address is known. */
export const GOSSIP_SOON_MS = 10_000;
/** How long the addresses of a peer that shook hands are tried after its record expired: as long as mail is kept. */
export const LAST_KNOWN_MS = 7 * 24 * 60 * MINUTE_MS;
/** How often what is known of peers is written down, if it changed. */
export const PEERS_SAVE_MS = 5 * MINUTE_MS;
/** Peers written down at most, those that shook hands first: writing stops everything else meanwhile. */
export const PEERS_SAVED_MAX = 10_000;
export const PEERS_FILE_BYTES_MAX = 32 * MIB;
/** How long a relay that need not say who it is may take to do so, before it is asked another way. */
export const RELAY_HELLO_ACK_MS = 3_000;
/** Addresses of one recipient that are tried in one attempt. */
export const ADDRESSES_TRIED_MAX = 8;

/** How a bootstrap is dialled again. */
export const BOOTSTRAP_BACKOFF = { initialMs: 1_000, maxMs: 2 * MINUTE_MS };
/** A connection that ends sooner counts as a failed one for the wait before the next. */
export const BOOTSTRAP_LIFE_MIN_MS = 30_000;

/** How often connections are looked after: while one is young or ends, and otherwise. */
export const SWEEP_SOON_MS = 2_000;
export const SWEEP_MS = 30_000;
/** How long a stop waits for messages that are being written. */
export const STOP_DELIVERIES_MS = 1_500;
/** How long a stop waits for its last answers to leave. */
export const STOP_ENDS_MS = 300;

/** Nodes of which it is remembered on disk that they took sealed messages: those that did, and as many that said they would. */
export const SEALING_NODES_MAX = 16_384;
/** Both kinds, some 150 bytes each. */
export const SEALING_FILE_BYTES_MAX = 16 * MIB;
/** How soon an announcement is written down, and how often what a full disk refused is tried again. */
export const SEALING_SAVE_WITHIN_MS = 5_000;
export const SEALING_SAVE_MS = 5 * MINUTE_MS;
/** Nodes whose announcement is kept in memory: as many as may be connected. */
export const SEALING_PEERS_MAX = 65_536;
/** A series of sealed messages: how many, and for how long by the clock on the wall. What a stolen memory opens is bounded so. */
export const SERIES_NUMBER_MAX = 65_535;
export const SERIES_MS_MAX = 10 * MINUTE_MS;
/** Series whose key is kept by the recipient, some 300 bytes each: another costs it an agreement of keys. */
export const SERIES_RECEIVED_MAX = 1_024;
/** Messages kept by relays whose recipients' answers are looked out for, some 200 bytes each: beyond it, a recipient waits for its turn. */
export const KEPT_REMEMBERED_MAX = 4_096;
