import { isBarnacleError } from "../../errors.ts";
import { agentClient, readEndpointFile } from "../endpoint.ts";
import { failure, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "agent";

/** The agent of the work directory: whether it runs, and takes our token. */
export async function checkAgent({ runtime, loaded }: Patient): Promise<Finding[]> {
  const endpoint = await readEndpointFile(runtime.files, loaded.directory);
  if (endpoint === undefined) return [ok(SUBJECT, "none runs in this work directory")];
  const where = `${endpoint.http} (process ${endpoint.process_id})`;
  const client = await agentClient(runtime, loaded);
  try {
    const { status } = await client.status();
    return [ok(SUBJECT, `runs at ${where} and says ${status}`)];
  } catch (thrown) {
    if (!isBarnacleError(thrown)) throw thrown;
    if (thrown.code === "UNAUTHORIZED" || thrown.code === "FORBIDDEN") {
      return [failure(SUBJECT, `runs at ${where} and refuses our token`, client.peer.hintRefused)];
    }
    return [
      warning(
        SUBJECT,
        `was started at ${where} and does not answer: ${thrown.message}`,
        "if it is gone, start it again with barnacle run",
      ),
    ];
  } finally {
    client.close();
  }
}
