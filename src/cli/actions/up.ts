import { listenUrl } from "../../config/mod.ts";
import type { LoadedConfig } from "../../config/mod.ts";
import type { Runtime } from "../../runtime/port.ts";
import { TARGET } from "../../version.ts";
import type { UpFlags } from "../commands/up.ts";
import type { FlagSettings } from "../configuration.ts";
import type { Invocation, RunningHost } from "../context.ts";
import { usageError } from "../failure.ts";
import { serve } from "../serve.ts";
import { escapeText } from "../terminal.ts";

export default async function up(this: Pick<Invocation, "cli">, flags: UpFlags): Promise<void> {
  const { runtime } = this.cli;
  const { standardOutput } = runtime.process;
  await serve(this.cli, flags, {
    parts: { agent: true, hub: true },
    settings: {
      "http.listen": flags.http,
      ...readListen(flags.listen ?? []),
      "moltcomm.bootstrap": flags.bootstrap,
      "moltcomm.advertise": flags.advertise,
    },
    onRunning: (host, loaded) => {
      // Whoever asked for JSON reads events; everybody else, piped or not, is told how to go on.
      if (flags.log !== "json") standardOutput.write(formatWelcome(runtime.name, host, loaded, flags.dir));
    },
  });
}

const NODE_SCHEME = "tcp://";

/** Tells the hub's address from the node's, which `run` takes by the same flag. @throws `USAGE` for two of one kind */
function readListen(texts: readonly string[]): FlagSettings {
  const nodes = texts.filter((text) => text.startsWith(NODE_SCHEME));
  const hubs = texts.filter((text) => !text.startsWith(NODE_SCHEME));
  if (nodes.length > 1 || hubs.length > 1) {
    const wanted =
      `one --listen HOST:PORT for the hub at most, and one --listen ${NODE_SCHEME}HOST:PORT for other nodes`;
    throw usageError("Start the agent and the hub", texts.join(" "), wanted);
  }
  return { "hub.listen": hubs[0], "moltcomm.listen": nodes[0] };
}

/** How the program is called: by its name when it is a binary, else through the runtime that runs its sources. */
const CALLS_BY_RUNTIME: Readonly<Record<Runtime["name"], string>> = {
  node: "npx tsx src/main.ts",
  bun: "bun src/main.ts",
  deno: "deno run -A src/main.ts",
  sim: "barnacle",
};

/** What to open or ask next. */
function formatWelcome(
  name: Runtime["name"],
  host: RunningHost,
  { config }: LoadedConfig,
  dir: string | undefined,
): string {
  const scheme = (section: { readonly tlsCertFile?: string | undefined }) =>
    section.tlsCertFile === undefined ? "http" : "https";
  const agent = host.agentAddress;
  const hub = host.hubAddress;
  const call = TARGET === undefined ? CALLS_BY_RUNTIME[name] : "barnacle";
  const flags = dir === undefined ? "" : ` --dir ${quoteForShell(dir)}`;
  return [
    "",
    "Barnacle runs.",
    ...(agent === undefined ? [] : [`  this host   ${listenUrl(scheme(config.http), agent)}/status`]),
    ...(hub === undefined ? [] : [`  the fleet   ${listenUrl(scheme(config.hub), hub)}/v1/instances`]),
    "In another terminal:",
    `  ${call} status${flags} --watch`,
    `  ${call} exec${flags} -- sleep 20`,
    `  ${call} status${flags} --hub`,
    "Ctrl-C stops it.",
    "",
    "",
  ].join("\n");
}

function quoteForShell(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${escapeText(text).replaceAll("'", "'\\''")}'`;
}
