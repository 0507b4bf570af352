/** A stranger's Monitor, written from the words of the contract alone, that can also be as bad as strangers are. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface MonitorRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

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

export class StrangersMonitor {
  readonly requests: MonitorRequest[] = [];
  behave: Behaviour = behaveWell;
  #server: Server | undefined;
  #waiting: (() => void)[] = [];

  /** @returns its port */
  async start(port = 0): Promise<number> {
    const server = createServer((request, response) => void this.#take(request, response));
    this.#server = server;
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    return (server.address() as AddressInfo).port;
  }

  /** The first request that fits, past or to come. */
  async request(fits: (request: MonitorRequest) => boolean): Promise<MonitorRequest> {
    for (;;) {
      const found = this.requests.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const taken = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
    this.requests.push(taken);
    this.behave(taken, response);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
