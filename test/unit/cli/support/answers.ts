/** What a healthy agent and hub answer. */
import type { InstanceAnswer, InstancesAnswer, StatusAnswer } from "../../../../src/contract/mod.ts";

export function statusAnswer(changes: Partial<StatusAnswer> = {}): StatusAnswer {
  return {
    agent_name: "Chimera",
    status: "Available",
    active_jobs: 2,
    timestamp: "2026-02-06T12:00:00Z",
    details: {
      schema_version: "1.0.0",
      service_name: "project-chimera",
      instance_id: "host-17",
      timestamp: "2026-02-06T12:00:00Z",
      uptime_seconds: 12_345,
      version: "0.1.0",
      capabilities: ["download", "transcribe"],
      capacity: { concurrent_tasks: 4, active_tasks: 2, queue_length: 10 },
      health: { status: "healthy", details: {} },
      availability: "available",
    },
    publishing: {
      state: "published",
      endpoint: "https://claw.example/openclaw/status",
      last_success: "2026-02-06T11:59:48Z",
      next_attempt: null,
      consecutive_failures: 0,
      last_error: null,
    },
    tasks: [{
      name: "heartbeat",
      running: false,
      last_run: "2026-02-06T11:59:48Z",
      next_run: "2026-02-06T12:00:18Z",
      last_duration_ms: 12.4,
      runs: 7,
      failures: 1,
      consecutive_failures: 0,
    }],
    ...changes,
  };
}

export function instanceAnswer(changes: Partial<InstanceAnswer> = {}): InstanceAnswer {
  return {
    instance_id: "host-17",
    service_name: "project-chimera",
    status: "healthy",
    availability: "available",
    age_seconds: 75,
    expired: false,
    free: 2,
    last_heard: "2026-02-06T11:58:45Z",
    verified: false,
    document: { capabilities: ["download", "transcribe"] },
    ...changes,
  };
}

export function instancesAnswer(...instances: InstanceAnswer[]): InstancesAnswer {
  return { instances, matched: instances.length, total: instances.length, next: null };
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { "content-type": "application/json", ...headers } });
}
