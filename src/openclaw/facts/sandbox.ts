/**
 * Whether an agent's heartbeats and wake-ups run in a sandbox, and what of the host is in it. Source: OpenClaw's documentation,
 * "Sandboxing" with its pages "Workspace access" and "Multiple folders for one agent", of both generations.
 *
 * @module
 */
import { isRecord, recordOf, textOf } from "../record.ts";
import { PLUGIN_ID } from "./plugin-id.ts";
import { gatewayToolName } from "./tool-names.ts";

type Json = Readonly<Record<string, unknown>>;

/** A directory of the host that is in the sandbox. */
export interface SandboxMount {
  readonly host: string;
  readonly inside: string;
  readonly isWritable: boolean;
}

/** The sandbox in which an agent reads its mail. */
export interface AgentSandbox {
  /** Where it is configured: `agents.defaults.sandbox`, `agents.entries.main.sandbox`. */
  readonly setting: string;
  /** `docker`, `podman`: a container on this host. Others (`ssh`, `openshell`, `crabbox`) work on a copy. */
  readonly backend: string;
  /** What of the agent's workspace is in it. */
  readonly access: "none" | "ro" | "rw";
  readonly mounts: readonly SandboxMount[];
  /** The tools of our plugin, which runs outside of it, can be called from it. */
  readonly hasTools: boolean;
}

/** An agent as its configuration has it. */
export interface SandboxedAgent {
  readonly id: string;
  readonly entry: Json;
  /** `agents.entries.main`, `agents.list[0]` */
  readonly path: string;
  readonly workspace: string;
}

const WORKSPACE_INSIDE = "/workspace";
const WORKSPACE_INSIDE_READ_ONLY = "/agent";
const MOUNTS_MAX = 64;

/** The sandbox of the session that heartbeats and wake-ups run in; `undefined` where that runs on the host. */
export function readSandbox(config: unknown, agent: SandboxedAgent): AgentSandbox | undefined {
  const { entry, path } = agent;
  const root = recordOf(config);
  const agents = recordOf(root["agents"]);
  const [own, shared] = [recordOf(entry["sandbox"]), recordOf(recordOf(agents["defaults"])["sandbox"])];
  const given = (name: string): unknown => own[name] ?? shared[name];
  const mode = textOf(given("mode")) ?? "off";
  if (mode === "off" || (mode === "non-main" && beatsInMainSession(agents, entry))) return undefined;
  const access = textOf(given("workspaceAccess"));
  const sandbox = {
    setting: Object.keys(own).length > 0 ? `${path}.sandbox` : "agents.defaults.sandbox",
    backend: textOf(given("backend")) ?? "docker",
    access: access === "ro" || access === "rw" ? access : "none",
  } as const;
  // A container that all share has nothing of a single agent's own.
  const isShared = textOf(given("scope")) === "shared" ||
    (given("scope") === undefined && given("perSession") === false);
  const docker = [recordOf(shared["docker"]), isShared ? {} : recordOf(own["docker"])];
  return {
    ...sandbox,
    mounts: [...workspaceMounts(sandbox.access, agent.workspace, docker), ...docker.flatMap(bindMounts)],
    hasTools: hasTools(root, entry),
  };
}

/** A heartbeat of its own session, or of another one than the main one, is not the main session. */
function beatsInMainSession(agents: Json, entry: Json): boolean {
  const [own, shared] = [recordOf(entry["heartbeat"]), recordOf(recordOf(agents["defaults"])["heartbeat"])];
  const session = textOf(own["session"] ?? shared["session"]) ?? "main";
  return (own["isolatedSession"] ?? shared["isolatedSession"]) !== true &&
    /^(?:main|global|agent:[^:]+:main)$/.test(session);
}

function workspaceMounts(access: AgentSandbox["access"], host: string, docker: readonly Json[]): SandboxMount[] {
  if (access === "none") return [];
  if (access === "ro") return [{ host, inside: WORKSPACE_INSIDE_READ_ONLY, isWritable: false }];
  const inside = docker.map(({ workdir }) => textOf(workdir)).findLast((workdir) => workdir !== undefined);
  return [{ host, inside: inside ?? WORKSPACE_INSIDE, isWritable: true }];
}

/** `host:inside`, `host:inside:ro`; writable unless it says otherwise. */
function bindMounts({ binds }: Json): SandboxMount[] {
  return (Array.isArray(binds) ? binds : []).slice(0, MOUNTS_MAX).flatMap((bind: unknown) => {
    const [, host, inside, options = ""] = /^((?:[A-Za-z]:)?[^:]+):([^:]+)(?::(.*))?$/.exec(String(bind)) ?? [];
    if (host === undefined || inside === undefined) return [];
    return [{ host, inside, isWritable: !options.split(",").includes("ro") }];
  });
}

/** Whether the plugin is there, and the policy for sandboxes lets its tools through, which by default it does not. */
function hasTools(config: Json, entry: Json): boolean {
  const plugin = recordOf(recordOf(config["plugins"])["entries"])[PLUGIN_ID];
  if (!isRecord(plugin) || plugin["enabled"] === false) return false;
  const policies = [entry, config].map((holder) => recordOf(recordOf(recordOf(holder["tools"])["sandbox"])["tools"]));
  const list = (name: string) => policies.map((policy) => policy[name]).find((value) => Array.isArray(value));
  const [allow, alsoAllow, deny] = [list("allow"), list("alsoAllow"), list("deny")];
  if (names(deny)) return false;
  if (allow !== undefined) return allow.length === 0 || names(allow) || names(alsoAllow);
  return names(alsoAllow);
}

/** Whether one of a policy's patterns means the tool by which mail is read. */
function names(patterns: readonly unknown[] | undefined): boolean {
  const name = gatewayToolName("read_messages");
  return (patterns ?? []).some((pattern) => {
    const text = String(pattern).trim().toLowerCase();
    if (text === "group:plugins" || text === PLUGIN_ID || text === "*") return true;
    const parts = text.split("*").map((part) => part.replace(/[^\w-]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`).test(name);
  });
}
