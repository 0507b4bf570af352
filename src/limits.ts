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
/** Agents in a registration file; with their capabilities they must fit in a status document. */
export const REGISTERED_AGENTS_MAX = 256;
/** Capabilities in one document. */
export const CAPABILITIES_MAX = 256;
/** Length of a name: an instance, a capability, a reporter, a tag. */
export const NAME_CHARACTERS_MAX = 128;
/** Tags on one instance. */
export const TAGS_MAX = 64;
/** Reporters remembered at once; the one longest silent makes room. */
export const REPORTERS_MAX = 1_024;
/** Instances in one answer of the discovery API. */
export const INSTANCES_PAGE_MAX = 1_000;
/** Time for the closing acts of a graceful stop. Source: the status contract, "When". */
export const STOP_TIMEOUT_MS = 5_000;
/** Longest pause between two attempts to publish. Source: the status contract, "When". */
export const PUBLISH_BACKOFF_MAX_MS = 5 * 60_000;
