/**
 * Which agents a configuration names, and where each of them works. Source: OpenClaw's own rules, of both generations.
 *
 * @module
 */
import { isAbsolutePath, joinPath } from "../store/mod.ts";
import { type AgentSandbox, readSandbox } from "./facts/mod.ts";
import { isRecord, recordOf, textOf } from "./record.ts";
import type { Generation } from "./types.ts";

/** An agent without what only the disk knows. */
export interface RosterAgent {
  readonly id: string;
  readonly name: string;
  readonly workspace: string;
  readonly isWorkspacePinned: boolean;
  readonly isDefault: boolean;
  /** Only where its heartbeats run in one. */
  readonly sandbox?: AgentSandbox;
}

/** Where a gateway keeps things. */
export interface RosterPlaces {
  readonly profile: string | undefined;
  readonly stateDirectory: string;
  /** For `~`. */
  readonly homeDirectory: string;
  /** `OPENCLAW_WORKSPACE_DIR`, where it can be meant for this gateway. */
  readonly workspaceDirectory: string | undefined;
  /** Unknown counts as the newer one. */
  readonly generation: Generation | undefined;
}

interface Entry {
  readonly id: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** Where it stands in the configuration. */
  readonly path: string;
}

/** Of one gateway; more would be no roster. */
const AGENTS_MAX = 256;
const IMPLICIT_ID = "main";
const ID_CHARACTERS_MAX = 64;
const VALID_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** The agents of a configuration, in its order; one called `main` where it names none. */
export function readRoster(config: unknown, places: RosterPlaces): readonly RosterAgent[] {
  const agents = recordOf(recordOf(config)["agents"]);
  const entries = unique(listEntries(agents));
  const ownerId = findOwner(agents, entries);
  const fallback = textOf(recordOf(agents["defaults"])["workspace"]);
  return entries.map(({ id, entry, path }) => {
    const configured = textOf(entry["workspace"]);
    const isDefault = id === ownerId;
    const shared = fallback === undefined ? undefined : expandPath(fallback, places.homeDirectory);
    const implied = isDefault
      ? shared ?? ownWorkspace(places)
      : shared === undefined
      ? joinPath(places.stateDirectory, `workspace-${id}`)
      : joinPath(shared, id);
    const workspace = configured === undefined ? implied : expandPath(configured, places.homeDirectory);
    const sandbox = readSandbox(config, { id, entry, path, workspace });
    return {
      id,
      name: textOf(entry["name"]) ?? textOf(recordOf(entry["identity"])["name"]) ?? id,
      workspace,
      isWorkspacePinned: configured !== undefined,
      isDefault,
      ...(sandbox === undefined ? {} : { sandbox }),
    };
  });
}

/** The map of 2026.8.1 and newer counts before the list of older ones, which newer ones still read. */
function listEntries(agents: Readonly<Record<string, unknown>>): Entry[] {
  const { entries, list } = agents;
  if (isRecord(entries)) {
    return Object.entries(entries).flatMap(([id, entry]) =>
      isRecord(entry) ? [{ id: plainId(id), entry, path: `agents.entries.${id}` }] : []
    );
  }
  if (entries === undefined && Array.isArray(list)) {
    return list.flatMap((entry: unknown, index) =>
      isRecord(entry) ? [{ id: plainId(entry["id"]), entry, path: `agents.list[${index}]` }] : []
    );
  }
  return [];
}

function unique(found: readonly Entry[]): readonly Entry[] {
  const byId = new Map<string, Entry>();
  for (const entry of found) if (!byId.has(entry.id) && byId.size < AGENTS_MAX) byId.set(entry.id, entry);
  return byId.size === 0 ? [{ id: IMPLICIT_ID, entry: {}, path: `agents.entries.${IMPLICIT_ID}` }] : [...byId.values()];
}

/**
 * Whose workspace is the gateway's own: the only one's, the marked one's, or of a list the first one's. With `ownership: "explicit"` it is
 * nobody's but an only one's.
 */
function findOwner(agents: Readonly<Record<string, unknown>>, entries: readonly Entry[]): string | undefined {
  const [first] = entries;
  if (entries.length === 1) return first?.id;
  if (agents["ownership"] === "explicit") return undefined;
  const marked = entries.filter(({ entry }) => entry["default"] === true);
  if (isRecord(agents["entries"])) return marked.length === 1 ? marked[0]?.id : undefined;
  return (marked[0] ?? first)?.id;
}

/** Up to 2026.7.x it lies in the default state directory, whichever the gateway's own is. */
function ownWorkspace(places: RosterPlaces): string {
  if (places.workspaceDirectory !== undefined) return places.workspaceDirectory;
  if (places.generation !== "heartbeat-file") return joinPath(places.stateDirectory, "workspace");
  const name = places.profile === undefined ? "workspace" : `workspace-${places.profile}`;
  return joinPath(joinPath(places.homeDirectory, ".openclaw"), name);
}

/** An id as OpenClaw writes it in paths. */
function plainId(value: unknown): string {
  const text = textOf(value) ?? "";
  if (VALID_ID.test(text)) return text.toLowerCase();
  const plain = text.toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, ID_CHARACTERS_MAX);
  return plain === "" ? IMPLICIT_ID : plain;
}

/** `~` is the home; a relative path means another place to each process, and is taken from the home. */
export function expandPath(path: string, homeDirectory: string): string {
  const plain = path.replaceAll("\0", "");
  if (plain === "~") return homeDirectory;
  if (/^~[\\/]/.test(plain)) return joinPath(homeDirectory, plain.slice(2));
  return isAbsolutePath(plain) ? plain : joinPath(homeDirectory, plain.replace(/^(?:\.\/+)+/, ""));
}
