/** A gateway that does nothing but load the plugin: what that takes, and what a push takes. */
import { createServer } from "node:http";

const [, , file = ""] = process.argv;
const PUSHES = 50;

/** Memory after a collection, where the process was started with `--expose-gc`. */
function heldBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

/** What `register` is given, as far as it is called. */
function makeApi(url: string) {
  const handlers = new Map<string, (event: unknown, context: unknown) => unknown>();
  const api = {
    pluginConfig: { barnacleUrl: url },
    config: { agents: { entries: { main: {} } } },
    runtime: { version: "2026.9.6" },
    on: (event: string, handler: (event: unknown, context: unknown) => unknown) => void handlers.set(event, handler),
    registerService: () => undefined,
    registerHttpRoute: () => undefined,
    registerTool: () => undefined,
  };
  return { api, handlers };
}

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.setHeader("content-type", "application/json").end('{"status":"ok"}'));
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const address = server.address();
const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
const before = heldBytes();
const startMs = performance.now();
const { default: plugin } = await import(file) as { default: { register(api: unknown): void } };
const { api, handlers } = makeApi(url);
plugin.register(api);
const loadMs = performance.now() - startMs;
const heldMib = (heldBytes() - before) / 1_048_576;
const pushMs: number[] = [];
for (let push = 0; push < PUSHES; push++) {
  // A stop tells at once what a start tells 2 s later; only one that was started tells.
  handlers.get("gateway_start")?.({}, {});
  const sentMs = performance.now();
  await handlers.get("gateway_stop")?.({ reason: "bench" }, {});
  pushMs.push(performance.now() - sentMs);
}
process.stdout.write(`${JSON.stringify({ loadMs, heldMib, pushMs })}\n`);
server.closeAllConnections();
server.close();
