/**
 * Reading the agent registration file: JSON, comments and trailing commas allowed.
 *
 * @module
 */
import { describeIssues, formatIssue, type RegisteredAgent, registrationFile } from "../contract/mod.ts";
import { BarnacleError, isBarnacleError } from "../errors.ts";
import { CAPABILITIES_BYTES_MAX, CAPABILITIES_MAX, REGISTRATION_BYTES_MAX } from "../limits.ts";
import type { Files } from "../runtime/port.ts";
import { uniteCapabilities } from "./document.ts";

/**
 * Reads and checks the file.
 *
 * @returns the agents; none when there is no file
 * @throws `REGISTRATION_INVALID` with the place in the file, also when the capabilities of all agents do not fit a status document; and
 *   the errors of `Files`
 */
export async function readRegistration(files: Pick<Files, "read">, path: string): Promise<readonly RegisteredAgent[]> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path, REGISTRATION_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return [];
    throw thrown;
  }
  const input = await parse(path, decode(path, bytes));
  const parsed = registrationFile.safeParse(input);
  if (!parsed.success) throw invalid(path, describeIssues(parsed.error, input).map(formatIssue));
  const capabilities = uniteCapabilities(parsed.data.agents);
  if (capabilities.length > CAPABILITIES_MAX) {
    throw invalid(path, [
      `agents: got ${capabilities.length} different capabilities, wanted at most ${CAPABILITIES_MAX}`,
    ]);
  }
  const capabilitiesBytes = new TextEncoder().encode(JSON.stringify(capabilities)).length;
  if (capabilitiesBytes > CAPABILITIES_BYTES_MAX) {
    const problem = `agents: got ${capabilitiesBytes} bytes of capabilities, wanted at most ${CAPABILITIES_BYTES_MAX}`;
    throw invalid(path, [`${problem}, so that they fit a status document`]);
  }
  return parsed.data.agents;
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (thrown) {
    throw invalid(path, ["the whole: got bytes that are no UTF-8, wanted text"], thrown);
  }
}

/** Plain JSON is the common case and needs no parser of ours: the other one is loaded when it fails. */
async function parse(path: string, text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return await parseWithComments(path, text);
  }
}

async function parseWithComments(path: string, text: string): Promise<unknown> {
  const { parse, printParseErrorCode } = await import("jsonc-parser");
  const errors: Parameters<typeof parse>[1] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value;
  const before = text.slice(0, first.offset).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
  throw invalid(path, [`${place}: got ${printParseErrorCode(first.error)}, wanted JSON`]);
}

function invalid(path: string, problems: readonly string[], cause?: unknown): BarnacleError {
  return new BarnacleError({
    code: "REGISTRATION_INVALID",
    action: `Read the agent registration "${path}"`,
    problems,
    hint: 'a good file looks like {"agents": [{"name": "downloader", "capabilities": ["download"], "slots": 2}]}; ' +
      "until it is mended, its last good version counts",
    ...(cause === undefined ? {} : { cause }),
  });
}
