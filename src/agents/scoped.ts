/**
 * Log, metrics and loop as one of several agents uses them: what it says bears its id, and collides with nobody's.
 *
 * @module
 */
import type { LogFields, Logger } from "../log/mod.ts";
import type { Labels, Metrics } from "../metrics/mod.ts";
import type { Scheduler } from "../scheduler/mod.ts";

type Read = Parameters<Metrics["observed"]>[3];

const AGENT = "agent";

/** The metrics of all other agents: each is a family beside the one of the daemon's own agent, with the label `agent`. */
export class AgentMetrics {
  readonly #metrics: Metrics;
  readonly #readers = new Map<string, Map<string, Read>>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** The metrics as one agent sees them. */
  of(agent: string): Metrics {
    const metrics = this.#metrics;
    const labelled = (labels: Labels | undefined): Labels => ({ agent, ...labels });
    return {
      counter: (name, help, labelNames = []) => {
        const counter = metrics.counter(familyOf(name), help, [AGENT, ...labelNames]);
        return { increment: (labels, by) => counter.increment(labelled(labels), by) };
      },
      gauge: (name, help, labelNames = []) => {
        const gauge = metrics.gauge(familyOf(name), help, [AGENT, ...labelNames]);
        return { set: (value, labels) => gauge.set(value, labelled(labels)) };
      },
      histogram: (name, help, buckets, labelNames = []) => {
        const histogram = metrics.histogram(familyOf(name), help, buckets, [AGENT, ...labelNames]);
        return { observe: (value, labels) => histogram.observe(value, labelled(labels)) };
      },
      observed: (name, kind, help, read) => this.#observe(agent, { name: familyOf(name), kind, help, read }),
      render: () => metrics.render(),
    };
  }

  /** An agent that is started again reads anew; the readers of all are one family's. */
  #observe(
    agent: string,
    { help, kind, name, read }: {
      readonly name: string;
      readonly kind: "gauge" | "counter";
      readonly help: string;
      readonly read: Read;
    },
  ): void {
    const known = this.#readers.get(name);
    const readers = known ?? new Map<string, Read>();
    readers.set(agent, read);
    if (known !== undefined) return;
    this.#readers.set(name, readers);
    this.#metrics.observed(name, kind, help, () =>
      [...readers].flatMap(([id, readOne]) => {
        const value = readOne();
        return typeof value === "number"
          ? [{ labels: { agent: id }, value }]
          : value.map((sample) => ({ labels: { agent: id, ...sample.labels }, value: sample.value }));
      }));
  }
}

function familyOf(name: string): string {
  return name.replace(/^barnacle_/, "barnacle_agent_");
}

/** The log as one agent writes it: its problems are its own. */
export function agentLog(log: Logger, agent: string): Logger {
  return wrap(log.child({ agent }), agent);
}

function wrap(log: Logger, agent: string): Logger {
  const keyOf = (key: string): string => `${key}:${agent}`;
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: (event, fields) => log.info(event, fields),
    warn: (event, fields) => log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
    child: (fields: LogFields) => wrap(log.child(fields), agent),
    problem: (key, level, event, fields) => log.problem(keyOf(key), level, event, fields),
    resolve: (key, event, fields) => log.resolve(keyOf(key), event, fields),
  };
}

/** The loop as one agent uses it. Its closing acts are its own business: they are done all at once, and not by the loop. */
export function agentScheduler(scheduler: Scheduler, agent: string): Scheduler {
  return {
    add: (init) => scheduler.add({ ...init, name: `${init.name}:${agent}`, run: (context) => init.run(context) }),
    spawn: (name, work) => scheduler.spawn(`${name}:${agent}`, work),
    onStop: () => undefined,
    start: () => scheduler.start(),
    stop: (timeoutMs) => scheduler.stop(timeoutMs),
    snapshot: () => scheduler.snapshot(),
  };
}
