/** A stranger's Monitor, written from the words of the contract alone, that can also be as bad as strangers are. */
import type { ServerResponse } from "node:http";
import { type Asked, RecordingServer } from "./recording-server.ts";

export type MonitorRequest = Asked;

type Behaviour = (request: MonitorRequest, response: ServerResponse) => void;

export const TELEMETRY = {
  identifier: "vps.t1",
  cpu_pct: 10.5,
  mem_pct: 52.1,
  disk_pct: 81,
  swap_pct: 0,
  load_avg: [0.12, 0.09, 0.03],
  uptime_seconds: 12_345,
  nginx_installed: true,
  nginx_sites: ["default"],
};

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** As a Monitor should. */
export const behaveWell: Behaviour = ({ method, path }, response) => {
  if (method === "GET" && path === "/health") return json(response, 200, { monitor: "0.9", identifier: "vps.t1" });
  if (method === "GET" && path === "/telemetry") return json(response, 200, TELEMETRY);
  if (method === "POST" && path === "/openclaw") return json(response, 200, { ok: true });
  json(response, 404, { error: "not found" });
};

/** Well, but for what it answers to one path. */
export function butFor(path: string, behave: Behaviour): Behaviour {
  return (request, response) => (request.path === path ? behave : behaveWell)(request, response);
}

/** Prometheus' node exporter, which shows its page for every path it does not know. */
export const nodeExporter: Behaviour = (_request, response) => {
  response.writeHead(200, { "content-type": "text/html; charset=UTF-8" });
  response.end("<html><head><title>Node Exporter</title></head><body><h1>Node Exporter</h1></body></html>");
};

export class StrangersMonitor extends RecordingServer<MonitorRequest> {
  constructor() {
    super((asked) => asked, behaveWell);
  }
}
