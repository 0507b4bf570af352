/**
 * Once every fault has ended the hub tells of each agent what the agent itself tells, and what the scenario knows to be
 * true. Source: invariant 10, and the status contract, "The receiving end".
 *
 * @module
 */
import type { SimHost } from "../../mod.ts";
import type { Fleet } from "../fleet.ts";
import type { PublishedDocument } from "../record.ts";

const ANSWER_WITHIN_MS = 5_000;
/** A change that happens right now is published within 2 s. */
const CHANGE_MS = 3_000;
const TRIES = 3;
/** Nothing unusual grows old: whoever wrote the last one has been heard of within two intervals and the jitter. */
const AGE_INTERVALS_MAX = 2.2;

/** What the hub tells of an instance. */
export interface HubView {
  readonly instance_id: string;
  readonly status: string;
  readonly availability: string;
  readonly age_seconds: number;
  readonly expired: boolean;
  readonly document: PublishedDocument;
}

interface AgentAnswer {
  readonly details: PublishedDocument;
  readonly tasks: readonly unknown[];
}

/** What the scenario did to an agent, and so what is true of it. */
export interface Expected {
  readonly capabilities: readonly string[];
  readonly activeTasks: number;
}

export async function askHub(fleet: Fleet): Promise<readonly HubView[] | undefined> {
  const answer = await fleet.ask(fleet.hub, `${fleet.hubUrl}/v1/instances?limit=1000`, fleet.hubKey, ANSWER_WITHIN_MS);
  return answer === undefined ? undefined : (JSON.parse(answer) as { instances: HubView[] }).instances;
}

/** Asks the agents and the hub, a few times while they do not agree. */
export async function checkConvergence(fleet: Fleet, expected: ReadonlyMap<SimHost, Expected>): Promise<void> {
  let problems: string[] = [];
  for (let tries = 0; tries < TRIES; tries++) {
    problems = await findProblems(fleet, expected);
    if (problems.length === 0) return;
    await new Promise<void>((resolve) => fleet.world.after(CHANGE_MS, resolve));
  }
  for (const problem of problems) fleet.record.violate("convergence", fleet.nowMs, problem);
}

async function findProblems(fleet: Fleet, expected: ReadonlyMap<SimHost, Expected>): Promise<string[]> {
  const views = await askHub(fleet);
  if (views === undefined) return ["the hub does not answer"];
  const problems: string[] = [];
  for (const host of fleet.agents) {
    const text = await fleet.ask(host, `${fleet.agentUrl}/status`, fleet.token, ANSWER_WITHIN_MS);
    if (text === undefined) {
      problems.push(`${host.name} does not answer`);
      continue;
    }
    const { details, tasks } = JSON.parse(text) as AgentAnswer;
    const current = fleet.currentOn(host);
    if (current !== undefined) current.taskCountMax = Math.max(current.taskCountMax, tasks.length);
    const view = views.find(({ instance_id: id }) => id === details.instance_id);
    const ageMaxSeconds = AGE_INTERVALS_MAX * fleet.options.intervalSeconds + ANSWER_WITHIN_MS / 1_000;
    for (const problem of compare(details, view, expected.get(host), ageMaxSeconds)) {
      problems.push(`${host.name}: ${problem}`);
    }
  }
  return problems;
}

function compare(
  own: PublishedDocument,
  view: HubView | undefined,
  expected: Expected | undefined,
  ageMaxSeconds: number,
): string[] {
  if (view === undefined) return ["the hub does not know it"];
  const pairs: readonly (readonly [what: string, hub: unknown, wanted: unknown])[] = [
    ["status", view.status, own.health.status],
    ["availability", view.availability, own.availability],
    ["capabilities", view.document.capabilities, own.capabilities],
    ["active tasks", view.document.capacity.active_tasks, own.capacity.active_tasks],
    ["own capabilities", own.capabilities, expected?.capabilities ?? own.capabilities],
    ["own active tasks", own.capacity.active_tasks, expected?.activeTasks ?? own.capacity.active_tasks],
  ];
  const problems = pairs
    .filter(([, told, wanted]) => JSON.stringify(told) !== JSON.stringify(wanted))
    .map(([what, told, wanted]) => `${what}: ${JSON.stringify(told)}, wanted ${JSON.stringify(wanted)}`);
  if (view.age_seconds > ageMaxSeconds) problems.push(`the hub last heard of it ${view.age_seconds} s ago`);
  return problems;
}
