import { askHealth, bridgeUrl } from "../../bridge/mod.ts";
import { isBarnacleError } from "../../errors.ts";
import { Redactor } from "../../log/mod.ts";
import { failureFrom, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "monitor";

/** The Monitor of this host: whether one answers where it is looked for. */
export async function checkBridge({ runtime, loaded }: Patient): Promise<Finding[]> {
  const { client: mode, port } = loaded.config.monitor;
  if (mode === "off") return [ok(SUBJECT, "is not looked for (monitor.client)")];
  if (port === 0) return [ok(SUBJECT, "has no port of its own: it takes a free one (monitor.port)")];
  const url = bridgeUrl(port);
  const client = runtime.http.client({});
  try {
    const parts = { clock: runtime.clock, fetch: client.fetch, redact: new Redactor() };
    const { identifier, version } = await askHealth(parts, { url, signal: new AbortController().signal });
    return [ok(SUBJECT, `${identifier ?? "one of no name"} answers at ${url}, version ${version ?? "unknown"}`)];
  } catch (thrown) {
    if (!isBarnacleError(thrown, "CONNECTION_REFUSED")) {
      return [failureFrom(SUBJECT, thrown, "look at the Monitor's log")];
    }
    if (mode === "auto") return [ok(SUBJECT, `none answers at ${url}; it is found when it comes`)];
    return [warning(SUBJECT, `none answers at ${url}`, "start one, or set monitor.client to auto")];
  } finally {
    client.close();
  }
}
