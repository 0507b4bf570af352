import { isBarnacleError } from "../../errors.ts";
import { hubClient } from "../endpoint.ts";
import { failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "hub";

/** The hub that was named or configured: whether it can be asked. */
export async function checkHub({ runtime, loaded, hubUrl }: Patient): Promise<Finding[]> {
  if (hubUrl === undefined) return [];
  try {
    const client = await hubClient(runtime, loaded, hubUrl);
    try {
      const { total } = await client.instances();
      return [ok(SUBJECT, `${client.peer.baseUrl} knows ${total} instances`)];
    } finally {
      client.close();
    }
  } catch (thrown) {
    if (isBarnacleError(thrown, "UNAUTHORIZED", "FORBIDDEN")) {
      return [warning(SUBJECT, thrown.message, thrown.hint ?? "give it a key")];
    }
    return [failureFrom(SUBJECT, thrown, "check the URL, and that the hub runs")];
  }
}
