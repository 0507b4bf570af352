/**
 * The books of one route: how many requests, how they were answered, how long they took.
 *
 * @module
 */
import type { Counter, Histogram, Labels, Metrics } from "../metrics/mod.ts";

const DURATION_BUCKETS_SECONDS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10];

/**
 * Methods that get a label of their own; anything else a client makes up counts as `other`, so that it cannot make
 * labels.
 */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** The two metrics of an app. */
export class HttpMetrics {
  readonly requests: Counter;
  readonly durations: Histogram;
  readonly role: string;

  constructor(metrics: Metrics, role: string) {
    this.role = role;
    this.requests = metrics.counter("barnacle_http_requests_total", "HTTP requests answered.", [
      "role",
      "route",
      "method",
      "status",
    ]);
    this.durations = metrics.histogram(
      "barnacle_http_request_duration_seconds",
      "From a request's head to its answer.",
      DURATION_BUCKETS_SECONDS,
      ["role", "route"],
    );
  }
}

/** Notes the requests of one route. The label sets are made once each and kept. */
export class RequestBooks {
  readonly #metrics: HttpMetrics;
  readonly #route: string;
  readonly #durationLabels: Labels;
  readonly #requestLabels = new Map<string, Map<number, Labels>>();

  /** @param route the route's path as it is declared; never a path that a client made up */
  constructor(metrics: HttpMetrics, route: string) {
    this.#metrics = metrics;
    this.#route = route;
    this.#durationLabels = { role: metrics.role, route };
  }

  note(method: string, status: number, durationMs: number): void {
    this.#metrics.requests.increment(this.#labelsOf(METHODS.has(method) ? method : "other", status));
    this.#metrics.durations.observe(durationMs / 1000, this.#durationLabels);
  }

  #labelsOf(method: string, status: number): Labels {
    let byStatus = this.#requestLabels.get(method);
    if (byStatus === undefined) this.#requestLabels.set(method, byStatus = new Map());
    let labels = byStatus.get(status);
    if (labels === undefined) {
      labels = { role: this.#metrics.role, route: this.#route, method, status: String(status) };
      byStatus.set(status, labels);
    }
    return labels;
  }
}
