/**
 * What the agent answers when asked. Source: the status contract, "To be asked".
 *
 * @module
 */
import type { CapabilitiesAnswer, StatusAnswer, StatusDocument, TaskStateAnswer } from "../contract/mod.ts";
import { STATUS_SCHEMA_VERSION } from "../contract/mod.ts";
import type { TaskState } from "../scheduler/mod.ts";
import { VERSION } from "../version.ts";
import {
  countSlots,
  deriveAvailability,
  deriveStatusWord,
  type MomentFacts,
  type ServiceFacts,
  sortUnique,
  uniteCapabilities,
} from "./document.ts";
import { PUBLISH_TASK, type PublisherView } from "./publisher.ts";
import type { LocalAnswers } from "./types.ts";

/** The answer to `GET /status`. @param publisher `undefined` when nothing is published */
export function statusAnswerOf(
  agentName: string,
  document: StatusDocument,
  moment: MomentFacts,
  publisher: PublisherView | undefined,
  tasks: readonly TaskState[],
  local: LocalAnswers = {},
): StatusAnswer {
  return {
    agent_name: agentName,
    status: deriveStatusWord(document.health.status, document.availability),
    active_jobs: document.capacity.active_tasks,
    timestamp: document.timestamp,
    // The contract's types of what comes in are mutable; this is only ever serialised.
    details: document as StatusAnswer["details"],
    explanation: moment.verdict.rules.map(({ rule, message, recovering }) => ({ rule, message, recovering })),
    publishing: publishingOf(publisher, tasks),
    // JSON leaves out what is undefined.
    ...local as Partial<StatusAnswer>,
    tasks: tasks.map(taskAnswerOf),
  };
}

/** The answer to `GET /capabilities`. */
export function capabilitiesAnswerOf(
  agentName: string,
  service: ServiceFacts,
  moment: MomentFacts,
): CapabilitiesAnswer {
  const { agents, work } = moment;
  return {
    agent_name: agentName,
    service_name: service.serviceName,
    version: service.version,
    schema_version: STATUS_SCHEMA_VERSION,
    barnacle_version: VERSION,
    capabilities: uniteCapabilities(agents),
    agents: agents.map(({ name, version, capabilities, slots, paused }) => ({
      name,
      ...(version === undefined ? {} : { version }),
      capabilities: sortUnique(capabilities),
      slots,
      paused,
    })),
    capacity: {
      concurrent_tasks: countSlots(agents),
      active_tasks: work.activeTasks,
      queue_length: work.queueLength,
    },
    availability: deriveAvailability(service, moment),
  };
}

function publishingOf(view: PublisherView | undefined, tasks: readonly TaskState[]): StatusAnswer["publishing"] {
  const nextAtMs = tasks.find((task) => task.name === PUBLISH_TASK)?.nextRunAtMs ?? null;
  const error = view?.lastError ?? null;
  return {
    state: view?.state ?? "off",
    endpoint: view?.endpoint ?? null,
    last_success: timestampOf(view?.lastSuccessAtMs ?? null),
    next_attempt: timestampOf(nextAtMs),
    consecutive_failures: view?.consecutiveFailures ?? 0,
    last_error: error === null
      ? null
      : { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) },
  };
}

function taskAnswerOf(task: TaskState): TaskStateAnswer {
  return {
    name: task.name,
    running: task.running,
    last_run: timestampOf(task.lastRunAtMs),
    next_run: timestampOf(task.nextRunAtMs),
    last_duration_ms: task.lastDurationMs,
    runs: task.runs,
    failures: task.failures,
    consecutive_failures: task.consecutiveFailures,
  };
}

function timestampOf(unixMs: number | null): string | null {
  return unixMs === null ? null : new Date(unixMs).toISOString();
}
