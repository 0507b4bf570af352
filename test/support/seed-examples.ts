/** The examples of the user's own documents, word for word. */

/** A heartbeat of a Monitor. Source: the Monitor's seed, "Heartbeat payload". */
export const HEARTBEAT = {
  identifier: "vps.t1",
  openclaw_version: "OpenClaw 2026.3.13 (61d171a)",
  plugin_version: "0.2.0",
  agents: [],
  cpu_pct: 10.5,
  mem_pct: 52.1,
  disk_pct: 81.0,
  swap_pct: 0.0,
  load_avg: [0.12, 0.09, 0.03],
  uptime_seconds: 12345,
  nginx_installed: true,
  nginx_sites: ["default"],
};

/** A status document, which has neither message id nor availability nor expiry. Source: the status seed. */
export const STATUS_DOCUMENT = {
  service_name: "project-chimera",
  instance_id: "host-uuid-or-container-id",
  timestamp: "2026-02-06T12:00:00Z",
  uptime_seconds: 12345,
  version: "0.1.0",
  capabilities: ["download", "transcribe", "trend_fetch"],
  capacity: { concurrent_tasks: 4, queue_length: 10 },
  health: { status: "healthy", details: { last_task_success_seconds: 30 } },
};
