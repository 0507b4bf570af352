/**
 * Where gateways of this host may keep their state. Source: OpenClaw's documentation, "Environment variables" and "Multiple gateways".
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import type { Files, Process } from "../runtime/port.ts";
import { joinPath, statIfThere } from "../store/mod.ts";
import { expandPath } from "./roster.ts";

/** One state directory that may be a gateway's. */
export interface StatePlace {
  /** `undefined` for the default one. */
  readonly profile: string | undefined;
  readonly stateDirectory: string;
  readonly configPath: string;
  readonly isNamed: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROFILE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;
const STATE_NAME = ".openclaw";
const CONFIG_NAME = "openclaw.json";
/** What OpenClaw was called before, and still reads. */
const FORMER_NAMES: readonly (readonly [state: string, config: string])[] = [
  [".clawdbot", "clawdbot.json"],
  [".moldbot", "moldbot.json"],
  [".moltbot", "moltbot.json"],
];
/** Profiles on one host; a home directory may hold any number of names. */
const PLACES_MAX = 32;

/** A variable that says something. */
export function variableOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim() ?? "";
  return value === "" || value === "undefined" || value === "null" ? undefined : value;
}

/** The home directory as OpenClaw sees it; `undefined` on a host where this process has none. */
export function homeDirectoryOf(process: Pick<Process, "environment" | "hostFacts">): string | undefined {
  const environment = process.environment();
  const plain = variableOf(environment, "HOME") ?? variableOf(environment, "USERPROFILE") ??
    process.hostFacts().homeDirectory;
  const own = variableOf(environment, "OPENCLAW_HOME");
  if (own === undefined) return plain;
  return plain === undefined ? own : expandPath(own, plain);
}

/**
 * The state directories to look into, the one that is named first; those that are not there are left out, unless they are named.
 *
 * @param extra state directories that our own configuration names
 */
export async function findPlaces(
  files: Pick<Files, "list" | "stat">,
  environment: Environment,
  homeDirectory: string | undefined,
  extra: readonly string[],
): Promise<readonly StatePlace[]> {
  const named = namedPlace(environment, homeDirectory);
  const found: StatePlace[] = named === undefined ? [] : [named];
  for (const stateDirectory of extra) found.push(await placeAt(files, stateDirectory, undefined, true));
  if (homeDirectory !== undefined) found.push(...await homePlaces(files, homeDirectory));
  const unique = new Map<string, StatePlace>();
  for (const place of found) {
    const known = unique.get(place.stateDirectory);
    if (known === undefined) unique.set(place.stateDirectory, place);
    else if (known.profile === undefined) unique.set(place.stateDirectory, { ...known, profile: place.profile });
  }
  return [...unique.values()].slice(0, PLACES_MAX);
}

/** What the environment names, if it is set for OpenClaw at all. */
function namedPlace(environment: Environment, homeDirectory: string | undefined): StatePlace | undefined {
  const profile = profileOf(variableOf(environment, "OPENCLAW_PROFILE"));
  const state = variableOf(environment, "OPENCLAW_STATE_DIR");
  const config = variableOf(environment, "OPENCLAW_CONFIG_PATH");
  if (profile === undefined && state === undefined && config === undefined) return undefined;
  const home = homeDirectory ?? "/";
  const stateDirectory = state === undefined
    ? joinPath(home, profile === undefined ? STATE_NAME : `${STATE_NAME}-${profile}`)
    : trimSlash(expandPath(state, home));
  const configPath = config === undefined ? joinPath(stateDirectory, CONFIG_NAME) : expandPath(config, home);
  return { profile, stateDirectory, configPath, isNamed: true };
}

function profileOf(name: string | undefined): string | undefined {
  return name === undefined || name.toLowerCase() === "default" || !PROFILE_NAME.test(name) ? undefined : name;
}

function trimSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

async function homePlaces(files: Pick<Files, "list" | "stat">, home: string): Promise<StatePlace[]> {
  const names = await listIfThere(files, home);
  const places: StatePlace[] = [];
  const [former] = FORMER_NAMES.filter(([name]) => names.includes(name));
  if (names.includes(STATE_NAME)) places.push(await placeAt(files, joinPath(home, STATE_NAME), undefined, false));
  else if (former !== undefined) places.push(await placeAt(files, joinPath(home, former[0]), undefined, false));
  for (const name of names.filter((one) => one.startsWith(`${STATE_NAME}-`))) {
    const profile = profileOf(name.slice(STATE_NAME.length + 1));
    if (profile === undefined) continue;
    const place = await placeAt(files, joinPath(home, name), profile, false);
    // A directory of such a name may be anything, a copy for instance; what has a configuration is a profile.
    if (await isThere(files, place.configPath)) places.push(place);
  }
  return places;
}

async function placeAt(
  files: Pick<Files, "stat">,
  stateDirectory: string,
  profile: string | undefined,
  isNamed: boolean,
): Promise<StatePlace> {
  const current = joinPath(stateDirectory, CONFIG_NAME);
  const candidates = [current, ...FORMER_NAMES.map(([, name]) => joinPath(stateDirectory, name))];
  for (const configPath of candidates) {
    if (await isThere(files, configPath)) return { profile, stateDirectory, configPath, isNamed };
  }
  return { profile, stateDirectory, configPath: current, isNamed };
}

/** What may not be looked at counts as not there. */
export async function isThere(files: Pick<Files, "stat">, path: string): Promise<boolean> {
  try {
    return await statIfThere(files, path) !== undefined;
  } catch (thrown) {
    if (isBarnacleError(thrown)) return false;
    throw thrown;
  }
}

async function listIfThere(files: Pick<Files, "list">, path: string): Promise<readonly string[]> {
  try {
    return await files.list(path);
  } catch (thrown) {
    // A home that is not there, or not ours to look into, holds no gateway of ours.
    if (isBarnacleError(thrown)) return [];
    throw thrown;
  }
}
