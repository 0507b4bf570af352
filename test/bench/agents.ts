/** What agents meet: the first answer of `mcp`, the call that wakes them, and the plugin in a gateway's process. */
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { wakeCallMs } from "./agents-wake.ts";
import { median } from "./figures.ts";
import { compare, type Section } from "./tables.ts";
import { progress, ROOT, type Workshop } from "./workshop.ts";

const MESSAGES = [
  {
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "bench", version: "1" } },
  },
  { method: "notifications/initialized" },
  { id: 2, method: "tools/call", params: { name: "read_messages", arguments: {} } },
];

interface PluginFigures {
  readonly loadMs: number;
  readonly heldMib: number;
  readonly pushMs: readonly number[];
}

export async function benchAgents(workshop: Workshop): Promise<Section> {
  const rounds = workshop.quick ? 3 : 15;
  const { folder } = workshop.spot("agent");
  progress("agents: the first answer of mcp");
  const firstMs: number[] = [];
  for (let round = 0; round < rounds; round++) firstMs.push(await firstAnswerMs(workshop.binary, folder));
  progress("agents: from a message to the wake call");
  const wakeMs: number[] = [];
  for (let round = 0; round < rounds; round++) wakeMs.push(await wakeCallMs());
  progress("agents: the plugin");
  const plugin = Array.from({ length: rounds }, () => loadPlugin());
  return {
    name: "agents",
    title: "Agents: tools over MCP, waking, and the plugin in a gateway",
    method: `${rounds} processes each. mcp: from the start of the binary to the answer of \`read_messages\`. ` +
      "Waking: from `received_ts` in the inbox to the webhook's call at a gateway. The plugin: " +
      "imported and registered in a Node process of its own, the heap after a collection, and one push to a server in the " +
      "same process.",
    table: compare("", [
      { what: "mcp, first call answered after, ms", ours: firstMs, floor: { of: "value", atMost: 300 } },
      { what: "message received to wake call made, ms", ours: wakeMs, floor: { of: "value", atMost: 50 } },
      {
        what: "plugin, import and register, ms",
        ours: plugin.map(({ loadMs }) => loadMs),
        floor: { of: "value", atMost: 20 },
      },
      { what: "plugin, heap held, MiB", ours: plugin.map(({ heldMib }) => heldMib), floor: { of: "value", atMost: 2 } },
      {
        what: "plugin, one push, ms",
        ours: plugin.map(({ pushMs }) => median(pushMs)),
        floor: { of: "value", atMost: 5 },
      },
    ]),
  };
}

function firstAnswerMs(binary: string, folder: string): Promise<number> {
  const startMs = performance.now();
  const child = spawn(binary, ["mcp", "--dir", folder], { stdio: ["pipe", "pipe", "ignore"] });
  return new Promise((answered, fail) => {
    let text = "";
    child.on("error", fail);
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes('"id":2')) return;
      answered(performance.now() - startMs);
      child.stdin.end();
    });
    child.stdin.write(MESSAGES.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""));
  });
}

function loadPlugin(): PluginFigures {
  const words = [
    "--expose-gc",
    join(import.meta.dirname, "agents-plugin-process.ts"),
    join(ROOT, "dist", "openclaw-plugin", "index.js"),
  ];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: "utf8", cwd: ROOT })) as PluginFigures;
}
