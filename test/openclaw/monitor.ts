/** A HarborForge Monitor's bridge, written for this test from the seed's words alone. */
import { createServer, type Server } from "node:http";

export class SeedMonitor {
  /** What was pushed to `POST /openclaw`. */
  readonly pushed: Record<string, unknown>[] = [];
  readonly #server: Server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    request.on("end", () => {
      response.setHeader("content-type", "application/json");
      if (request.method === "POST" && request.url === "/openclaw") this.pushed.push(JSON.parse(text));
      const answers: Record<string, unknown> = {
        "/health": { status: "ok", version: "1.0", identifier: "vps.t1" },
        "/telemetry": { identifier: "vps.t1", cpu_pct: 10.5 },
        "/openclaw": { status: "ok" },
      };
      response.end(JSON.stringify(answers[request.url ?? ""] ?? {}));
    });
  });

  /** @returns its port on 127.0.0.1 */
  async start(): Promise<number> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    const address = this.#server.address();
    return typeof address === "object" ? address?.port ?? 0 : 0;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
