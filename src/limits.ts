/**
 * Every fixed limit of Barnacle, with its reason. What an operator may want to change is in the configuration instead.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Largest status document, sent or taken. Source: the status contract, "What is published". */
export const STATUS_DOCUMENT_BYTES_MAX = 64 * KIB;
/** Largest `POST /report` body: a handful of numbers and a name. */
export const REPORT_BYTES_MAX = 16 * KIB;
/** Largest answer read from a receiver: its answer is one line; a stranger's error page is not worth more. */
export const ANSWER_BYTES_MAX = 64 * KIB;
/** How long a request's body may take to arrive in full. */
export const BODY_TIMEOUT_MS = 10_000;
/** Silence after which an HTTP connection is closed. */
export const HTTP_IDLE_TIMEOUT_MS = 30_000;
/** HTTP connections open at once, each listener. */
export const HTTP_CONNECTIONS_MAX = 4_096;
/** Largest configuration file: it is written by hand. */
export const CONFIG_BYTES_MAX = 1 * MIB;
/** Largest secret or certificate file. */
export const SECRET_BYTES_MAX = 64 * KIB;
/** Largest agent registration file. */
export const REGISTRATION_BYTES_MAX = 1 * MIB;
/** Agents in a registration file, each a worker on this host. What they can do together is bounded by `CAPABILITIES_MAX`. */
export const REGISTERED_AGENTS_MAX = 256;
/** Capabilities in one document. */
export const CAPABILITIES_MAX = 256;
/** Their share of the status document, encoded; what else cannot be left out of one is below 16 KiB. */
export const CAPABILITIES_BYTES_MAX = 48 * KIB;
/** Length of a name: an instance, a capability, a reporter, a tag. */
export const NAME_CHARACTERS_MAX = 128;
/** Tags on one instance. */
export const TAGS_MAX = 64;
/** Reporters remembered at once; the one longest silent makes room. */
export const REPORTERS_MAX = 1_024;
/** Instances in one answer of the discovery API. */
export const INSTANCES_PAGE_MAX = 1_000;
/** Characters of all documents in the hub together, a byte each or two: the hub's memory is this and little else. */
export const HUB_DOCUMENT_CHARACTERS_MAX = 512 * MIB;
/** Of the last heartbeats of all Monitors that report to a hub: half a kilobyte each for as many as it has instances. */
export const HUB_HEARTBEAT_CHARACTERS_MAX = 128 * MIB;
/** Time for the closing acts of a graceful stop. Source: the status contract, "When". */
export const STOP_TIMEOUT_MS = 5_000;
/** Longest pause between two attempts to publish. Source: the status contract, "When". */
export const PUBLISH_BACKOFF_MAX_MS = 5 * 60_000;

/** Longest log line, in characters before encoding: collectors commonly cut at 16 KiB, and a cut JSON line is lost. */
export const LOG_LINE_CHARACTERS_MAX = 16 * KIB;
/** Longest single text in a log line: a stack trace fits, a stranger's page does not. */
export const LOG_TEXT_CHARACTERS_MAX = 4 * KIB;
/** Most text looked at for one log value; the rest is not even searched for secrets, because it is not shown. */
export const LOG_SCAN_CHARACTERS_MAX = 64 * KIB;
/** Members shown of one array or object in a log line. */
export const LOG_MEMBERS_MAX = 64;
/** Levels of nesting shown in a log line. */
export const LOG_DEPTH_MAX = 6;
/** Links followed from an error to its causes. */
export const LOG_CAUSES_MAX = 8;
/** Problems open at once; the one longest silent makes room. */
export const LOG_PROBLEMS_MAX = 1_024;
/** The least time between two lines about the same problem. */
export const LOG_REPEAT_INTERVAL_MS = 60_000;
/** Shortest secret that is masked inside other text: a shorter one would mask ordinary words. */
export const SECRET_CHARACTERS_MIN = 8;
/** Secrets masked at once; each rotation adds one, and the oldest makes room. */
export const SECRETS_MAX = 256;
/** Series of one metric; more would cost the scraper and our memory. Further samples go to one overflow series. */
export const METRIC_SERIES_MAX = 512;
/** Tasks in the loop: each periodic act is one, some tens for the host and for each further agent that it carries the mail of. */
export const TASKS_MAX = 1_024;
/** Background works in progress at once. */
export const BACKGROUND_WORKS_MAX = 1_024;
/** Longest sleep of the loop: where monotonic time stands still in suspend, missed work is noticed that soon after waking. */
export const LOOP_SLEEP_MAX_MS = 5 * 60_000;
/** Wall time gained on monotonic time that counts as a jump: above any slewing within one sleep, below any period we run. */
export const CLOCK_JUMP_MIN_MS = 5_000;
/** Longest wait that a far end may ask of a task by `retryAfterMs`: it must not switch the task off. */
export const RETRY_AFTER_MAX_MS = 60 * 60_000;
/** How far a document's timestamp may be ahead of the hub's clock: as far as a signature's. */
export const TIMESTAMP_AHEAD_MAX_MS = 5 * 60_000;
/** Largest `POST /openclaw` body. Source: the Monitor's contract, "The bridge". */
export const METADATA_BYTES_MAX = 64 * KIB;
/** Agents in one push: what fits into its bytes is rarely a tenth of it. */
export const METADATA_AGENTS_MAX = 1_024;
/** Names of nginx sites in one sample; a host with more has its first ones told. */
export const NGINX_SITES_MAX = 256;
/** Longest pause between two heartbeats. The backend calls a host offline after about 7 minutes. Source: the Monitor's contract. */
export const HEARTBEAT_BACKOFF_MAX_MS = 4 * 60_000;
/** Largest heartbeat: the pushed agents as they came, the longest list of sites, and the figures. */
export const HEARTBEAT_BYTES_MAX = 256 * KIB;
