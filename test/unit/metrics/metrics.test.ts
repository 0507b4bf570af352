/** Hunts expositions that a scraper refuses, series without bound, and samples that are lost or spoil a sum. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { METRIC_SERIES_MAX } from "../../../src/limits.ts";
import { createMetrics, type Metrics, registerProcessMetrics } from "../../../src/metrics/mod.ts";
import { VERSION } from "../../../src/version.ts";
import { SimClock } from "../../sim/clock.ts";

describe("Metrics.render", () => {
  test("render of an empty registry is empty", () => {
    expect(createMetrics().render()).toBe("");
  });

  test("render writes families by name and series by label values, whatever the order of their making", () => {
    const metrics = createMetrics();
    const requests = metrics.counter("barnacle_requests_total", "Requests.", ["method", "code"]);
    metrics.gauge("barnacle_active_tasks", "Tasks now.").set(2.5);
    requests.increment({ method: "POST", code: "202" });
    requests.increment({ method: "GET", code: "200" }, 3);
    requests.increment({ code: "404", method: "GET" });
    requests.increment({ method: "GET", code: "200" });
    expect(metrics.render()).toBe(
      `# HELP barnacle_active_tasks Tasks now.
# TYPE barnacle_active_tasks gauge
barnacle_active_tasks 2.5
# HELP barnacle_requests_total Requests.
# TYPE barnacle_requests_total counter
barnacle_requests_total{method="GET",code="200"} 4
barnacle_requests_total{method="GET",code="404"} 1
barnacle_requests_total{method="POST",code="202"} 1
`,
    );
  });

  test("render escapes help and label values as the format wants, and nothing more", () => {
    const metrics = createMetrics();
    metrics.gauge("barnacle_odd_info", 'A \\ and\na "quote".', ["path"]).set(1, { path: 'C:\\dir\n"x" é' });
    expect(metrics.render()).toBe(
      '# HELP barnacle_odd_info A \\\\ and\\na "quote".\n# TYPE barnacle_odd_info gauge\n' +
        'barnacle_odd_info{path="C:\\\\dir\\n\\"x\\" é"} 1\n',
    );
  });

  test("render writes the numbers of the format", () => {
    const metrics = createMetrics();
    const gauge = metrics.gauge("barnacle_numbers", "Numbers.", ["n"]);
    for (const value of [0, -1.5, 1e21, 1e-7, Infinity, -Infinity, NaN]) gauge.set(value, { n: String(value) });
    const values = metrics.render().split("\n").slice(2, -1).map((line) => line.split(" ")[1]);
    expect(values).toEqual(["-1.5", "-Inf", "0", "1e+21", "1e-7", "+Inf", "NaN"]);
  });

  test("render shows metrics without labels before their first sample, and labelled ones only after", () => {
    const metrics = createMetrics();
    metrics.counter("barnacle_a_total", "A.");
    metrics.counter("barnacle_b_total", "B.", ["x"]);
    metrics.histogram("barnacle_c_seconds", "C.", [1], ["x"]);
    expect(metrics.render()).toBe("# HELP barnacle_a_total A.\n# TYPE barnacle_a_total counter\nbarnacle_a_total 0\n");
  });
});

describe("Histogram", () => {
  test("observe counts into cumulative buckets, bounds included", () => {
    const metrics = createMetrics();
    const duration = metrics.histogram("barnacle_task_seconds", "Duration.", [0.1, 1, 10], ["task"]);
    for (const value of [0.05, 0.1, 0.5, 1, 11]) duration.observe(value, { task: "beat" });
    expect(metrics.render()).toBe(
      `# HELP barnacle_task_seconds Duration.
# TYPE barnacle_task_seconds histogram
barnacle_task_seconds_bucket{task="beat",le="0.1"} 2
barnacle_task_seconds_bucket{task="beat",le="1"} 4
barnacle_task_seconds_bucket{task="beat",le="10"} 4
barnacle_task_seconds_bucket{task="beat",le="+Inf"} 5
barnacle_task_seconds_sum{task="beat"} 12.65
barnacle_task_seconds_count{task="beat"} 5
`,
    );
  });

  test("observe works without labels", () => {
    const metrics = createMetrics();
    metrics.histogram("barnacle_body_bytes", "Size.", [1024]).observe(2000);
    expect(metrics.render()).toBe(
      `# HELP barnacle_body_bytes Size.
# TYPE barnacle_body_bytes histogram
barnacle_body_bytes_bucket{le="1024"} 0
barnacle_body_bytes_bucket{le="+Inf"} 1
barnacle_body_bytes_sum 2000
barnacle_body_bytes_count 1
`,
    );
  });

  test.each([[[]], [[1, 1]], [[2, 1]], [[1, Infinity]], [[NaN]]])("histogram refuses the buckets %j", (buckets) => {
    expect(() => createMetrics().histogram("barnacle_x_seconds", "X.", buckets)).toThrow(BarnacleError);
  });
});

describe("Registration", () => {
  const refused: Record<string, (metrics: Metrics) => unknown> = {
    "a name without our prefix": (metrics) => metrics.counter("requests_total", "X."),
    "a name with capitals": (metrics) => metrics.gauge("barnacle_Tasks", "X."),
    "a name with a dash": (metrics) => metrics.gauge("barnacle_a-b", "X."),
    "a name with a line feed": (metrics) => metrics.gauge("barnacle_a\n", "X."),
    "a counter without _total": (metrics) => metrics.counter("barnacle_requests", "X."),
    "a gauge with _total": (metrics) => metrics.gauge("barnacle_requests_total", "X."),
    "a histogram named like a part of one": (metrics) => metrics.histogram("barnacle_x_count", "X.", [1]),
    "milliseconds": (metrics) => metrics.gauge("barnacle_wait_ms", "X."),
    "a derived unit before _total": (metrics) => metrics.counter("barnacle_wait_milliseconds_total", "X."),
    "a label with a dash": (metrics) => metrics.counter("barnacle_x_total", "X.", ["a-b"]),
    "a label of the format": (metrics) => metrics.counter("barnacle_x_total", "X.", ["le"]),
    "a reserved label": (metrics) => metrics.counter("barnacle_x_total", "X.", ["__name"]),
    "a label twice": (metrics) => metrics.counter("barnacle_x_total", "X.", ["a", "a"]),
    "another kind under one name": (
      metrics,
    ) => [metrics.gauge("barnacle_x", "X."), metrics.histogram("barnacle_x", "X.", [1])],
    "other labels under one name": (
      metrics,
    ) => [metrics.gauge("barnacle_x", "X."), metrics.gauge("barnacle_x", "X.", ["a"])],
    "other buckets under one name": (metrics) => [
      metrics.histogram("barnacle_x_seconds", "X.", [1]),
      metrics.histogram("barnacle_x_seconds", "X.", [2]),
    ],
    "two readers under one name": (metrics) => [
      metrics.observed("barnacle_x", "gauge", "X.", () => 1),
      metrics.observed("barnacle_x", "gauge", "X.", () => 2),
    ],
  };

  test.each(Object.keys(refused))("Metrics refuses %s", (what) => {
    expect(() => refused[what]?.(createMetrics())).toThrow(BarnacleError);
  });

  test("The same registration again gives the same metric", () => {
    const metrics = createMetrics();
    metrics.counter("barnacle_x_total", "X.", ["a"]).increment({ a: "1" });
    metrics.counter("barnacle_x_total", "X.", ["a"]).increment({ a: "1" });
    expect(metrics.render()).toContain('barnacle_x_total{a="1"} 2\n');
  });
});

describe("Samples", () => {
  test("increment refuses what would spoil the series: negative amounts, no number, wrong labels", () => {
    const metrics = createMetrics();
    const counter = metrics.counter("barnacle_x_total", "X.", ["a"]);
    expect(() => counter.increment({ a: "1" }, -1)).toThrow(BarnacleError);
    expect(() => counter.increment({ a: "1" }, NaN)).toThrow(BarnacleError);
    expect(() => counter.increment()).toThrow(BarnacleError);
    expect(() => counter.increment({ b: "1" })).toThrow(BarnacleError);
    expect(() => counter.increment({ a: "1", b: "1" })).toThrow(BarnacleError);
    expect(() => metrics.counter("barnacle_y_total", "Y.").increment({ a: "1" })).toThrow(BarnacleError);
    expect(() => metrics.histogram("barnacle_z_seconds", "Z.", [1]).observe(NaN)).toThrow(BarnacleError);
  });

  test("Series beyond the limit share one overflow series, and their samples are counted", () => {
    const metrics = createMetrics();
    const counter = metrics.counter("barnacle_paths_total", "Paths.", ["path", "code"]);
    for (let index = 0; index < METRIC_SERIES_MAX + 10; index++) counter.increment({ path: `/${index}`, code: "200" });
    counter.increment({ path: "/0", code: "200" });
    counter.increment({ path: "/0", code: "500" }, 4);
    const text = metrics.render();
    const lines = text.split("\n").filter((line) => line.startsWith("barnacle_paths_total{"));
    expect(lines.length).toBe(METRIC_SERIES_MAX + 1);
    expect(text).toContain('barnacle_paths_total{path="overflow",code="overflow"} 14\n');
    expect(text).toContain('barnacle_paths_total{path="/0",code="200"} 2\n');
    expect(text).toContain('barnacle_metrics_overflow_total{metric="barnacle_paths_total"} 11\n');
  });
});

describe("Metrics.observed", () => {
  test("observed reads when rendered, and only then", () => {
    const metrics = createMetrics();
    let reads = 0;
    metrics.observed("barnacle_reads", "gauge", "Reads.", () => ++reads);
    metrics.observed("barnacle_peers_total", "counter", "Peers.", () => [
      { labels: { zone: "b", kind: "x" }, value: 2 },
      { labels: { zone: "a", kind: "x" }, value: 1 },
    ]);
    metrics.observed("barnacle_none", "gauge", "None.", () => []);
    expect(reads).toBe(0);
    const expected = (value: number) =>
      `# HELP barnacle_peers_total Peers.
# TYPE barnacle_peers_total counter
barnacle_peers_total{kind="x",zone="a"} 1
barnacle_peers_total{kind="x",zone="b"} 2
# HELP barnacle_reads Reads.
# TYPE barnacle_reads gauge
barnacle_reads ${value}
`;
    expect(metrics.render()).toBe(expected(1));
    expect(metrics.render()).toBe(expected(2));
  });

  test("A reader that throws or gives nonsense costs its own metric only, and is counted in the same scrape", () => {
    const metrics = createMetrics();
    metrics.gauge("barnacle_good", "Good.").set(1);
    metrics.observed("barnacle_bad", "gauge", "Bad.", () => {
      throw new Error("no");
    });
    metrics.observed("barnacle_mixed", "gauge", "Mixed.", () => [
      { labels: { a: "1" }, value: 1 },
      { labels: { b: "1" }, value: 1 },
    ]);
    const text = metrics.render();
    expect(text).toContain("barnacle_good 1\n");
    expect(text).toContain('barnacle_metrics_read_failures_total{metric="barnacle_bad"} 1\n');
    expect(text).toContain('barnacle_metrics_read_failures_total{metric="barnacle_mixed"} 1\n');
    expect(text).not.toContain("# HELP barnacle_bad");
    metrics.observed("barnacle_later", "gauge", "Later.", () => {
      throw new Error("no");
    });
    expect(metrics.render()).toContain('barnacle_metrics_read_failures_total{metric="barnacle_later"} 1\n');
  });

  test("Readings beyond the limit share one overflow series", () => {
    const metrics = createMetrics();
    const samples = Array.from(
      { length: METRIC_SERIES_MAX + 3 },
      (_, index) => ({ labels: { peer: `p${index}` }, value: 1 }),
    );
    metrics.observed("barnacle_peers_total", "counter", "Peers.", () => samples);
    expect(metrics.render()).toContain('barnacle_peers_total{peer="overflow"} 3\n');
    expect(metrics.render()).toContain('barnacle_metrics_overflow_total{metric="barnacle_peers_total"} 6\n');
  });
});

describe("registerProcessMetrics", () => {
  test("registerProcessMetrics gives the names that every client library shares", async () => {
    const metrics = createMetrics();
    const clock = new SimClock();
    let processorSeconds = 0.25;
    const process = { usage: () => ({ residentBytes: 41_943_040, processorSeconds }) };
    registerProcessMetrics(metrics, { name: "sim", clock, process });
    processorSeconds = 1.5;
    await clock.advance(60_000);
    clock.jumpWall(3_600_000);
    expect(metrics.render()).toBe(
      `# HELP barnacle_build_info Always 1; the labels tell what is running.
# TYPE barnacle_build_info gauge
barnacle_build_info{version="${VERSION}",runtime="sim"} 1
# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 41943040
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1770379200
`,
    );
  });
});
