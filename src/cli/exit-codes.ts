/**
 * What each exit code means: the one table that the program, its help and the reference share.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";

/** The exit codes of every command but `exec`, which passes on its job's. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  taken: 5,
  pending: 6,
  notExecutable: 126,
  commandNotFound: 127,
  signalBase: 128,
  interrupted: 130,
} as const;

/** The table as people read it. */
export const EXIT_CODE_TABLE: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "it worked"],
  ["1", "the command failed"],
  ["2", "wrong usage or configuration; nothing was started"],
  ["3", "no agent or hub could be reached"],
  ["4", "the agent or hub refused: token or key missing or wrong"],
  ["5", "taken by another process: the work directory's lock, or the address to listen on"],
  ["6", "send --wait: not delivered in time; the message is tried on"],
  ["126", "exec: the command is there but cannot be run"],
  ["127", "exec: the command was not found"],
  ["128+n", "exec: signal n ended the command"],
  ["130", "stopped at once by a second SIGINT or SIGTERM"],
  ["other", "exec: the command's own exit code"],
];

const EXIT_BY_ERROR: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  CONFIG_UNKNOWN_KEY: EXIT.usage,
  SECRET_UNREADABLE: EXIT.usage,
  INVITATION_INVALID: EXIT.usage,
  CONTACT_UNKNOWN: EXIT.usage,
  CONNECTION_REFUSED: EXIT.unreachable,
  CONNECTION_RESET: EXIT.unreachable,
  CONNECTION_CLOSED: EXIT.unreachable,
  HOST_NOT_FOUND: EXIT.unreachable,
  NETWORK_UNREACHABLE: EXIT.unreachable,
  CERTIFICATE_INVALID: EXIT.unreachable,
  TIMED_OUT: EXIT.unreachable,
  UNAUTHORIZED: EXIT.refused,
  FORBIDDEN: EXIT.refused,
  LOCK_HELD: EXIT.taken,
  ADDRESS_IN_USE: EXIT.taken,
};

/** The exit code for what a command threw. */
export function exitCodeOf(thrown: unknown): number {
  return isBarnacleError(thrown) ? EXIT_BY_ERROR[thrown.code] ?? EXIT.failed : EXIT.failed;
}

/**
 * The parser's own negative codes all mean that the command line was wrong, except its two for faults in our own code.
 */
export function exitCodeFromParser(code: number): number {
  if (code >= 0) return code;
  return code === -1 || code === -2 ? EXIT.failed : EXIT.usage;
}

/** The table as text, one line a code, indented by two. */
export function formatExitCodes(): string {
  return EXIT_CODE_TABLE.map(([code, meaning]) => `  ${code.padEnd(7)}${meaning}\n`).join("");
}

/** POSIX numbers of the signals a job may die of; the few that differ between systems are Linux's. */
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGSYS: 31,
};

/** What a shell would report for a job that this signal ended; an unknown signal counts as 128. */
export function exitCodeOfSignal(signal: string): number {
  return EXIT.signalBase + (SIGNAL_NUMBERS[signal] ?? 0);
}
