/** How outgoing mail is shown. @module */
import type { Metrics } from "../../metrics/mod.ts";

/** Outgoing mail as status and metrics show it. */
export interface DispatcherView {
  /** Accepted and not settled, without those in flight. */
  readonly queued: number;
  readonly inFlight: number;
  /** Accepted and not settled, but kept by relays for recipients that are away. */
  readonly kept: number;
  /** Since the start. */
  readonly delivered: number;
  readonly failed: number;
  /** Recipients whose next attempt waits after a failure. */
  readonly recipientsWaiting: number;
  /** By the wall clock; `null` when nothing is pending. */
  readonly oldestPendingAgeMs: number | null;
}

/** Registers what is read when somebody asks. */
export function observeDispatcher(metrics: Metrics, read: () => DispatcherView): void {
  metrics.observed(
    "barnacle_mail_outgoing_pending",
    "gauge",
    "Messages accepted and neither delivered nor failed.",
    () => {
      const { inFlight, queued } = read();
      return queued + inFlight;
    },
  );
  metrics.observed(
    "barnacle_mail_outgoing_in_flight",
    "gauge",
    "Messages sent and not yet answered.",
    () => read().inFlight,
  );
  metrics.observed(
    "barnacle_mail_outgoing_kept",
    "gauge",
    "Pending messages that relays keep for recipients that are away.",
    () => read().kept,
  );
  metrics.observed(
    "barnacle_mail_outgoing_oldest_age_seconds",
    "gauge",
    "Age of the oldest message that is neither delivered nor failed.",
    () => (read().oldestPendingAgeMs ?? 0) / 1_000,
  );
  metrics.observed(
    "barnacle_mail_outgoing_recipients_waiting",
    "gauge",
    "Recipients whose next attempt waits after a failure.",
    () => read().recipientsWaiting,
  );
  metrics.observed("barnacle_mail_outgoing_settled_total", "counter", "Messages delivered or failed.", () => {
    const { delivered, failed } = read();
    return [{ labels: { outcome: "delivered" }, value: delivered }, { labels: { outcome: "failed" }, value: failed }];
  });
}
