/**
 * Whether an agent runs in the work directory.
 *
 * @module
 */
import type { LoadedConfig } from "../../config/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { ANSWER_BYTES_MAX } from "../../limits.ts";
import type { Runtime } from "../../runtime/port.ts";
import { readEndpointFile, trustingClient } from "../endpoint.ts";
import { callHttp } from "../http-call.ts";

const PATIENCE_MS = 1_000;

/** Asks the agent that left word in the work directory; one that was killed left word too, and does not answer. */
export async function isAgentRunning(runtime: Runtime, loaded: LoadedConfig): Promise<boolean> {
  const endpoint = await readEndpointFile(runtime.files, loaded.directory);
  if (endpoint === undefined) return false;
  const client = await trustingClient(runtime, loaded, ["http.tlsCertFile"]);
  try {
    const url = `${endpoint.http.replace(/\/+$/, "")}/healthz`;
    await callHttp({ client, clock: runtime.clock }, { url, timeoutMs: PATIENCE_MS, answerBytesMax: ANSWER_BYTES_MAX });
    return true;
  } catch (thrown) {
    // A slow answer, or one under a certificate that we do not trust, is a sign of life.
    return isBarnacleError(thrown, "TIMED_OUT", "CERTIFICATE_INVALID", "ANSWER_TOO_LARGE");
  } finally {
    client.close();
  }
}
