/** Hunts: two agents that take each other's task, metric or open problem for their own. */
import { expect, test } from "vitest";
import { agentLog, AgentMetrics, agentScheduler } from "../../../src/agents/scoped.ts";
import { createMetrics } from "../../../src/metrics/mod.ts";
import { makeBench, RecordingLogger } from "../scheduler/support.ts";

test("metrics of several agents are one family each, beside the daemon's own, with the agent as a label", () => {
  const metrics = createMetrics();
  const agents = new AgentMetrics(metrics);
  metrics.counter("barnacle_mail_x_total", "X.").increment();
  for (const [index, id] of ["a", "b"].entries()) {
    const scoped = agents.of(id);
    scoped.counter("barnacle_mail_x_total", "X.").increment(undefined, index + 2);
    scoped.counter("barnacle_mail_y_total", "Y.", ["code"]).increment({ code: "Z" });
    scoped.gauge("barnacle_mail_g", "G.").set(index);
    scoped.histogram("barnacle_mail_h_seconds", "H.", [1]).observe(index);
    scoped.observed("barnacle_mail_unread", "gauge", "U.", () => index);
    scoped.observed("barnacle_mail_parts", "gauge", "P.", () => [{ labels: { part: "in" }, value: index }]);
  }
  const text = agents.of("a").render();
  for (
    const sample of [
      "barnacle_mail_x_total 1",
      'barnacle_agent_mail_x_total{agent="a"} 2',
      'barnacle_agent_mail_x_total{agent="b"} 3',
      'barnacle_agent_mail_y_total{agent="b",code="Z"} 1',
      'barnacle_agent_mail_g{agent="b"} 1',
      'barnacle_agent_mail_h_seconds_count{agent="a"} 1',
      'barnacle_agent_mail_unread{agent="a"} 0',
      'barnacle_agent_mail_unread{agent="b"} 1',
      'barnacle_agent_mail_parts{agent="b",part="in"} 1',
    ]
  ) expect(text).toContain(`\n${sample}\n`);
});

test("an agent that starts again is read anew", () => {
  const metrics = createMetrics();
  const agents = new AgentMetrics(metrics);
  agents.of("a").observed("barnacle_mail_unread", "gauge", "U.", () => 1);
  agents.of("a").observed("barnacle_mail_unread", "gauge", "U.", () => 2);
  expect(metrics.render()).toContain('barnacle_agent_mail_unread{agent="a"} 2\n');
});

test("tasks of two agents have names of their own, and no closing act goes to the loop", async () => {
  const { clock, scheduler } = makeBench();
  const runs: string[] = [];
  for (const id of ["a", "b"]) {
    const scoped = agentScheduler(scheduler, id);
    scoped.add({ name: "outbox", intervalMs: 1_000, timeoutMs: 1_000, run: () => Promise.resolve(void runs.push(id)) });
    scoped.onStop("mail", 1_000, () => Promise.resolve(void runs.push(`${id} stopped`)));
  }
  scheduler.start();
  await clock.advance(500);
  expect(scheduler.snapshot().map(({ name }) => name)).toEqual(["outbox:a", "outbox:b"]);
  const stopping = scheduler.stop(1_000);
  await clock.advance(1_000);
  await stopping;
  expect(runs).toEqual(["a", "b"]);
});

test("a problem of one agent is not over when another's is", () => {
  const log = new RecordingLogger();
  agentLog(log, "a").problem("inbox", "warn", "inbox_failing");
  agentLog(log, "b").child({ part: "x" }).resolve("inbox", "inbox_works_again");
  expect(log.events.map(({ kind }) => kind)).toEqual(["problem warn inbox:a", "resolve inbox:b"]);
});
