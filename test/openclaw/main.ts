/**
 * Barnacle at home in real OpenClaw gateways, of both generations: the packages come from the npm registry, everything else is on loopback.
 *
 *     npm run build && npm run test:openclaw
 *     npm run test:openclaw -- --packages FOLDER      keep the packages there, for the next time
 *     npm run test:openclaw -- --version 2026.9.6     one generation
 *
 * Exit code 1 when something is not as it should be; 0, and a line that says so, when the npm registry is out of reach.
 */
import { strict as check } from "node:assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { BINARY, Running, Stage } from "../e2e/barnacle.ts";
import { HOOK_TOKEN, RealGateway } from "./gateway.ts";
import { MockModel } from "./model.ts";
import { SeedMonitor } from "./monitor.ts";
import { installOpenClaw, type Version, VERSIONS } from "./packages.ts";

const WITHIN_MS = 120_000;
/** Of a message to the model that the woken agent asks. Source: the "Done when". */
const WAKE_WITHIN_MS = 10_000;
/** Every message wakes, also on a machine that has other things to do: then the gateway takes long over a turn. */
const TURN_WITHIN_MS = 120_000;
/** Of so many messages one has to wake in time; the first that does is enough. */
const MESSAGES_MAX = 3;
/** Messages that come sooner after a wake call are for the next one. */
const MERGE_MS = 10_000;

/** Waits for something to be so. */
async function until<Found>(
  what: string,
  find: () => Found | undefined | Promise<Found | undefined>,
  withinMs = WITHIN_MS,
): Promise<Found> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`Not within ${withinMs / 1_000} s: ${what}`);
    await pause(50);
  }
}

function step(text: string): void {
  process.stdout.write(`  ${text}\n`);
}

/** Everything of one run, for the end. */
class Scene {
  readonly stage = new Stage("binary");
  readonly model = new MockModel();
  readonly monitor = new SeedMonitor();
  readonly gateway: RealGateway;
  /** Where the gateway's agent works, and its mail is. */
  readonly directory: string;
  readonly environment: Record<string, string>;

  constructor(folder: string, command: string) {
    this.gateway = new RealGateway(command, join(folder, "home"));
    this.directory = this.gateway.workspace;
    mkdirSync(this.directory, { recursive: true });
    this.environment = this.gateway.environment;
  }

  /** Runs one of our commands to its end. @returns standard output */
  async barnacle(...words: string[]): Promise<string> {
    const ended = await this.stage.run([...words, "--dir", this.directory], { environment: this.environment });
    check.equal(ended.exit.code, 0, `barnacle ${words.join(" ")}:\n${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  }

  start(directory: string, words: readonly string[], environment: Record<string, string> = {}): Running {
    const all = { ...this.environment, ...environment };
    return this.stage.start(["run", "--dir", directory, "--http", "127.0.0.1:0", "--log", "json", ...words], {
      environment: all,
    });
  }

  async end(): Promise<void> {
    await this.stage.clear();
    await this.gateway.stop();
    this.model.stop();
    this.monitor.stop();
  }
}

async function play(folder: string, command: string): Promise<void> {
  const scene = new Scene(folder, command);
  try {
    await act(scene, folder);
  } finally {
    await scene.end();
  }
}

async function act(scene: Scene, folder: string): Promise<void> {
  const { gateway, model, monitor, directory } = scene;
  await gateway.configure(await model.start());
  // The gateway's command normalizes what it writes; the comparison at the end is with that.
  gateway.run("config", "set", "update.checkOnStart", "false");
  const before = withoutMeta(readFileSync(gateway.configFile, "utf8"));
  const monitorPort = String(await monitor.start());

  await scene.barnacle("init");
  const agent = scene.start(directory, ["--listen", "tcp://127.0.0.1:0"], { MONITOR_PORT: monitorPort });
  await agent.url("http");
  await scene.barnacle("openclaw", "install", "--yes", "--receiver", "--command", BINARY);
  await gateway.start();
  step("the plugin is installed, and the gateway has started with it");

  const told = await until(
    "metadata at the Monitor",
    () => monitor.pushed.find(({ plugin_version }) => plugin_version !== undefined),
  );
  check.match(String(told["version"]), /^OpenClaw 2026\.\d+\.\d+ \([0-9a-f]{7}\)$/);
  check.deepEqual(told["agents"], [{ id: "main", name: "main", status: "online" }]);
  step(
    `a Monitor written for this test was told: ${String(told["version"])}, plugin ${String(told["plugin_version"])}`,
  );

  const other = join(folder, "other");
  mkdirSync(other);
  const key = readFileSync(join(directory, ".barnacle", "openclaw.key"), "utf8").trim();
  await scene.stage.run(["init", "--dir", other], { environment: scene.environment });
  const status = await agentStatus(agent);
  const stranger = scene.start(other, ["--listen", "tcp://127.0.0.1:0", "--bootstrap", String(status.mail.address)], {
    OPENCLAW_BASE_URL: gateway.url,
    OPENCLAW_API_KEY: key,
  });
  await stranger.event("publish_succeeded");
  step("the gateway accepted the status of another host's agent");

  await warmUp(scene);
  const ids = { here: status.mail.node_id, there: (await agentStatus(stranger)).mail.node_id };
  await scene.barnacle("contacts", "add", "--name", "other", ids.there);
  const prompt = await wakeByMessage(scene, agent, { ...ids, from: other });
  check.ok(prompt.includes("MOLTCOMM:BEGIN"), `the contract's section is not in the prompt:\n${prompt}`);
  check.ok(prompt.includes(join(directory, ".moltcomm", "inbox.ndjson")), "the prompt names no absolute path");
  check.ok(!prompt.includes("are you awake?"), "the message itself is in the prompt");
  step("the contract's section is in the prompt it got, with absolute paths, and the message is not");

  const inbox = join(other, ".moltcomm", "inbox.ndjson");
  const reply = await until(
    "the reply in the other's inbox",
    () => existsSync(inbox) && readFileSync(inbox, "utf8").includes("a reply from the mock") ? true : undefined,
  );
  check.ok(reply);
  step("its reply came back through the outbox");

  await gateway.stop();
  await until("the gateway's end at the Monitor", () => {
    const [main] = monitor.pushed.at(-1)?.["agents"] as readonly { readonly status: string }[] ?? [];
    return main?.status === "offline" ? true : undefined;
  }, TURN_WITHIN_MS);
  step("the Monitor was told that its agents are gone when the gateway had stopped");
  await scene.barnacle("openclaw", "uninstall", "--yes");
  check.deepEqual(withoutMeta(readFileSync(gateway.configFile, "utf8")), before);
  check.ok(!existsSync(join(directory, ".barnacle", "openclaw-plugin")), "the plugin's files are still there");
  check.ok(!existsSync(join(directory, ".barnacle", "openclaw.key")), "the key is still there");
  step("it was uninstalled without a trace");
}

/**
 * Sends messages until one has woken the agent in time, which answers each.
 *
 * @returns the prompt that it got
 */
async function wakeByMessage(
  scene: Scene,
  agent: Running,
  { here, there, from }: { readonly here: string; readonly there: string; readonly from: string },
): Promise<string> {
  const { directory, model } = scene;
  const [outbox, cursor] = ["outbox.ndjson", "inbox.cursor"].map((name) => join(directory, ".moltcomm", name));
  const reply = JSON.stringify({ to: there, msg: "a reply from the mock" });
  for (let count = 1;; count++) {
    model.command = `printf '%s\\n' '${reply}' >> ${outbox}; printf ${count} > ${cursor}`;
    const asked = model.prompts.length;
    const sentMs = Date.now();
    await scene.stage.run(["send", here, "are you awake?", "--dir", from], { environment: scene.environment });
    // Other turns than the one that the message caused may still be on their way.
    const prompt = await until(
      "a turn of the woken agent",
      () => model.prompts.slice(asked).find((text) => /Barnacle: \d+ new message/.test(text)),
      TURN_WITHIN_MS,
    );
    const tookMs = Date.now() - sentMs;
    const calls = agent.events.filter(({ event }) => event === "agent_woken");
    const calledMs = Date.parse(String(calls.at(-1)?.["time"])) - sentMs;
    step(
      `message ${count} of another host's agent: the gateway was called after ${(calledMs / 1_000).toFixed(1)} s, ` +
        `its agent's turn began after ${(tookMs / 1_000).toFixed(1)} s`,
    );
    if (tookMs <= WAKE_WITHIN_MS) return prompt;
    check.ok(count < MESSAGES_MAX, `none of ${count} messages woke the agent within ${WAKE_WITHIN_MS / 1_000} s`);
    await pause(MERGE_MS);
  }
}

/** A gateway's first turn reads in most of its code, which on a small machine takes longer than what is measured here. */
async function warmUp({ gateway, model }: Scene): Promise<void> {
  const asked = model.prompts.length;
  await fetch(`${gateway.url}/hooks/wake`, {
    method: "POST",
    headers: { authorization: `Bearer ${HOOK_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ text: "warm up", agentId: "main" }),
  });
  await until("a first turn", () => model.prompts[asked], TURN_WITHIN_MS);
}

interface AgentStatus {
  readonly mail: { readonly node_id: string; readonly address: string };
}

async function agentStatus(agent: Running): Promise<AgentStatus> {
  const url = await agent.url("http");
  return await until("the agent's mail", async () => {
    const status = await (await fetch(`${url}/status`)).json() as Partial<AgentStatus>;
    return status.mail?.address === undefined || status.mail.address === null ? undefined : status as AgentStatus;
  });
}

/** The gateway's command notes in `meta` when it wrote last. */
function withoutMeta(text: string): unknown {
  const { meta: _meta, ...config } = JSON.parse(text) as Record<string, unknown>;
  return config;
}

const { values } = parseArgs({ options: { packages: { type: "string" }, version: { type: "string" } } });
const versions = VERSIONS.filter((known: Version) => values.version === undefined || values.version === known);
if (versions.length === 0) throw new Error(`--version ${values.version}: wanted ${VERSIONS.join(" or ")}`);
const scratch = mkdtempSync(join(tmpdir(), "barnacle-openclaw-"));
try {
  for (const version of versions) {
    process.stdout.write(`OpenClaw ${version}\n`);
    const installed = installOpenClaw(values.packages ?? scratch, version);
    if ("unreachableBy" in installed) {
      process.stdout.write(
        `  skipped: the package cannot be had, the npm registry is out of reach (${installed.unreachableBy})\n`,
      );
      continue;
    }
    await play(join(scratch, version), installed.command);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
