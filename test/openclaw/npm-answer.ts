/** What npm says when it fails. @module */

/** No way to the registry: names that are not resolved, connections that nobody takes or that are lost, no answer in time. */
const UNREACHABLE = [
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "EIDLETIMEOUT",
  "ENETUNREACH",
  "ENOTFOUND",
  "ERR_SOCKET_TIMEOUT",
  "ETIMEDOUT",
];

/**
 * Why the registry could not be asked. An answer of its, such as that it has no such version, is none of these.
 *
 * @returns npm's code; `undefined` when the failure is another
 */
export function unreachableBy(stderr: string): string | undefined {
  const code = /^npm (?:error|ERR!) code (\S+)\s*$/m.exec(stderr)?.[1];
  return UNREACHABLE.find((known) => known === code);
}
