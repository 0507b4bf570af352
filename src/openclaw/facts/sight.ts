/**
 * What an agent sees of its mail.
 *
 * @module
 */
import type { AgentSandbox, SandboxMount } from "./sandbox.ts";

/**
 * `host`: its tools run on the host. `mounted`: the directory is in its sandbox, perhaps under another name. `tools`: it is not, and our
 * plugin's tools are the way. `read-only` and `none`: it cannot do with its mail what it should.
 */
export type SightKind = "host" | "mounted" | "tools" | "read-only" | "none";

/** Why an agent does not see its mail, and what to do about it. */
export interface SightObstacle {
  readonly why: string;
  readonly hint: string;
}

/** How an agent comes to its mail. */
export interface MailSight {
  readonly kind: SightKind;
  /** `.moltcomm` as the agent has to name it. */
  readonly mailDirectory: string;
  readonly obstacle?: SightObstacle;
}

const CONTAINERS: readonly string[] = ["docker", "podman"];

/** @param mailDirectory `.moltcomm`, absolute, on the host */
export function sightOf(
  { id, sandbox, workspace }: {
    readonly id: string;
    readonly workspace: string;
    readonly sandbox?: AgentSandbox | undefined;
  },
  mailDirectory: string,
): MailSight {
  if (sandbox === undefined) return { kind: "host", mailDirectory };
  const isContainer = CONTAINERS.includes(sandbox.backend);
  const found = isContainer ? findMount(sandbox.mounts, mailDirectory) : undefined;
  const seen = found === undefined ? mailDirectory : found.inside + mailDirectory.slice(found.host.length);
  if (found?.isWritable === true) return { kind: "mounted", mailDirectory: seen };
  if (sandbox.hasTools) return { kind: "tools", mailDirectory };
  const isReadOnly = found !== undefined;
  const where = `${id} works in a sandbox (${sandbox.setting}, ${sandbox.backend})`;
  const why = isReadOnly
    ? `${where} that has ${mailDirectory} read-only: it can neither mark its mail as read nor answer`
    : isContainer
    ? `${where} that does not have ${mailDirectory}: it cannot see its mail`
    : `${where} on a copy of its files: it does not see its mail as it comes`;
  const isInWorkspace = relativeTo(workspace, mailDirectory) !== undefined;
  const mend = !isContainer
    ? []
    : isInWorkspace
    ? [`set ${sandbox.setting}.workspaceAccess to "rw", then run openclaw sandbox recreate --agent ${id}`]
    : [
      `add "${mailDirectory}:/mail/.moltcomm:rw" to ${sandbox.setting}.docker.binds and set ` +
      `${sandbox.setting}.docker.dangerouslyAllowExternalBindSources, then run openclaw sandbox recreate --agent ${id}`,
    ];
  const tools = 'install the plugin (barnacle openclaw install) and add "barnacle" to tools.sandbox.tools.alsoAllow';
  return {
    kind: isReadOnly ? "read-only" : "none",
    mailDirectory: seen,
    obstacle: { why, hint: [...mend, tools].join("; or ") },
  };
}

/** Of several the one that is nearest, and of those the one that can be written. */
function findMount(mounts: readonly SandboxMount[], path: string): SandboxMount | undefined {
  const fitting = mounts.map(withoutSlashes).filter(({ host }) => relativeTo(host, path) !== undefined);
  return fitting.sort((left, right) =>
    right.host.length - left.host.length || Number(right.isWritable) - Number(left.isWritable)
  )[0];
}

function withoutSlashes({ host, inside, isWritable }: SandboxMount): SandboxMount {
  return { host: withoutSlash(host), inside: withoutSlash(inside), isWritable };
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

/** The rest of the path below the directory; `undefined` when it is not in it. */
function relativeTo(directory: string, path: string): string | undefined {
  const base = withoutSlash(directory);
  return path === base || path.startsWith(`${base}/`) ? path.slice(base.length) : undefined;
}
