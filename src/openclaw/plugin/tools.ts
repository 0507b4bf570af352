/**
 * The tools, native to the gateway: each call runs our command for the agent's work directory, so that the same code answers everywhere.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { gatewayToolName } from "../facts/mod.ts";
import type { GatewayApi, GatewayTool } from "./gateway-api.ts";
import type { Settings } from "./settings.ts";

/** Put in by the build: what `tools list --json` says. */
declare const BARNACLE_TOOLS: readonly {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: unknown;
}[];

const TIMEOUT_MS = 20_000;
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;

/** Answers a tool in the gateway itself; `undefined` leaves it to the command. */
export type OwnTool = (input: unknown) => Promise<string | undefined>;

export function registerTools(api: GatewayApi, settings: Settings, own: Readonly<Record<string, OwnTool>>): void {
  for (const { name, title, description, inputSchema } of BARNACLE_TOOLS) {
    const nameHere = gatewayToolName(name);
    const make = ({ agentId = "main" }: { readonly agentId?: string }): GatewayTool => ({
      name: nameHere,
      label: title,
      description,
      parameters: inputSchema,
      execute: async (_callId, input) => {
        const text = await own[name]?.(input) ?? await runTool(settings, agentId, { name, input });
        return { content: [{ type: "text", text }] };
      },
    });
    api.registerTool(make, { name: nameHere });
  }
}

/** What goes wrong is an answer too: the model that called reads it. */
function runTool(
  settings: Settings,
  agentId: string,
  call: { readonly name: string; readonly input: unknown },
): Promise<string> {
  const directory = settings.workDirectories[agentId];
  if (directory === undefined) return Promise.resolve(`Barnacle keeps no mail for the agent ${agentId} here.\n`);
  return new Promise((resolve) => {
    const words = ["tools", "call", call.name, "-", "--dir", directory];
    const options = { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX, windowsHide: true };
    const child = execFile(settings.command, words, options, (error, standardOutput, standardError) => {
      if (error === null) resolve(standardOutput);
      else resolve(standardError === "" ? `Barnacle could not be asked: ${error.message}\n` : standardError);
    });
    // A command that is not there closes its input at once.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(JSON.stringify(call.input ?? {}));
  });
}
