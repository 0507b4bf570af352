import { formatDuration } from "../duration.ts";
import { failure, ok, warning } from "./check.ts";
import type { Finding, Patient } from "./check.ts";

const SUBJECT = "clock";
const ADVICE = "set the clock, and keep it right with a time service (chrony, systemd-timesyncd)";
/** No build of Barnacle is older. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** `Date` has whole seconds, and the answer was on its way for some time. */
const UNCERTAINTY_MS = 2_000;

/** The clock by itself: only whether it can be right at all. */
export function checkClock({ runtime }: Pick<Patient, "runtime">): Promise<Finding[]> {
  const nowMs = runtime.clock.wallMs();
  const shown = new Date(nowMs).toISOString();
  return Promise.resolve([
    nowMs < EARLIEST_MS
      ? failure(SUBJECT, `it shows ${shown}, which is past`, ADVICE)
      : ok(SUBJECT, `it shows ${shown}`),
  ]);
}

/** The clock against a far end's. Source of `Date`: RFC 9110, section 6.6.1. */
export function checkClockAgainst({ runtime, loaded }: Patient, whom: string, headers: Headers): Finding[] {
  const theirsMs = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(theirsMs)) return [];
  const skewMs = runtime.clock.wallMs() - theirsMs;
  const limitMs = loaded.config.health.clockSkewMaxSeconds * 1_000;
  if (Math.abs(skewMs) <= UNCERTAINTY_MS) return [ok(SUBJECT, `it agrees with the ${whom}'s`)];
  const told = `it is ${formatDuration(Math.abs(skewMs) / 1_000)} ${skewMs > 0 ? "ahead of" : "behind"} the ${whom}'s`;
  if (Math.abs(skewMs) > limitMs) return [failure(SUBJECT, told, ADVICE)];
  return [Math.abs(skewMs) > limitMs / 2 ? warning(SUBJECT, told, ADVICE) : ok(SUBJECT, told)];
}
