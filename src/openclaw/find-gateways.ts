/**
 * Finds the OpenClaw gateways of this host: from files and one question over loopback. No program is started and nothing is written.
 *
 * @module
 */
import type { Clock, Files, HttpClient, Process } from "../runtime/port.ts";
import { type ReadConfiguration, readConfiguration, readVariables } from "./configuration.ts";
import { readLockPort } from "./lock-port.ts";
import { findPlaces, homeDirectoryOf, isThere, type StatePlace, variableOf } from "./places.ts";
import { probe, type ProbeAnswer } from "./probe.ts";
import { recordOf } from "./record.ts";
import { expandPath, readRoster, type RosterAgent } from "./roster.ts";
import { type LookUp, readHooks, readPort, readWay } from "./settings.ts";
import type { Gateway, GatewayAgent, GatewayVersion, Generation, Unknown } from "./types.ts";
import { findInstalled, generationOf, readVersionNumber } from "./version.ts";

/** What finding needs of the platform. */
export interface FinderComponents {
  readonly files: Pick<Files, "read" | "stat" | "list">;
  readonly process: Pick<Process, "environment" | "hostFacts">;
  readonly clock: Clock;
  /** For plain questions over loopback; it must add no header of a proxy. */
  readonly fetch: HttpClient["fetch"];
}

/** Where to look beside the usual places. */
export interface FinderInit {
  /** State directories that our configuration names, absolute. */
  readonly stateDirectories?: readonly string[];
}

/** What is read before anybody is asked. */
interface Reading {
  readonly place: StatePlace;
  readonly read: ReadConfiguration;
  readonly lookUp: LookUp;
  readonly environmentPort: string | undefined;
  readonly installed: GatewayVersion | undefined;
  readonly homeDirectory: string;
  readonly workspaceDirectory: string | undefined;
}

/** The gateways, and the files that what is known of them rests on. */
export interface FoundGateways {
  /** The one that is named first, then the default one, then profiles by name. */
  readonly gateways: readonly Gateway[];
  /** State directories of none: no configuration, no lock of one that runs, and none answers. */
  readonly vacant: readonly VacantPlace[];
  /** Configuration files, included ones too. */
  readonly files: readonly string[];
}

/** A state directory without a gateway. */
export interface VacantPlace {
  readonly stateDirectory: string;
  /** The configuration that a gateway would have there. */
  readonly configPath: string;
  /** The environment or a setting of ours names it: somebody expects a gateway there. */
  readonly isNamed: boolean;
}

/**
 * Finds all gateways that keep their state where OpenClaw's rules or our configuration say, each with what is known of it and what is
 * not, and why. One that cannot be read is in the list all the same; a state directory in which none was ever set up is not.
 *
 * @param signal ends the questions; its reason is then thrown
 */
export async function findGateways(
  components: FinderComponents,
  init: FinderInit,
  signal: AbortSignal,
): Promise<FoundGateways> {
  const { files, process } = components;
  const environment = process.environment();
  const homeDirectory = homeDirectoryOf(process);
  const places = await findPlaces(files, environment, homeDirectory, init.stateDirectories ?? []);
  const installed = places.length === 0 ? undefined : await findInstalled(files, environment);
  const hasNamed = places.some(({ isNamed }) => isNamed);
  const gateways: Gateway[] = [];
  const vacant: VacantPlace[] = [];
  const watched: string[] = [];
  for (const place of places) {
    const read = await readConfiguration(files, place.configPath);
    watched.push(...read.files);
    // Variables of ours are meant for the gateway that is named, else for the default one.
    const isOurs = hasNamed ? place === places[0] : place.profile === undefined;
    const own = (name: string) => isOurs ? variableOf(environment, name) : undefined;
    const home = homeDirectory ?? "/";
    const workspace = own("OPENCLAW_WORKSPACE_DIR");
    const gateway = await assemble(components, {
      place,
      read,
      lookUp: await readVariables(files, { environment, stateDirectory: place.stateDirectory, config: read.config }),
      environmentPort: own("OPENCLAW_GATEWAY_PORT"),
      installed,
      homeDirectory: home,
      workspaceDirectory: workspace === undefined ? undefined : expandPath(workspace, home),
    }, signal);
    if (isVacant(read, gateway)) vacant.push(place);
    else gateways.push(gateway);
  }
  return { gateways, vacant, files: watched };
}

/** A gateway can run without a configuration; then it has a lock, or answers. */
function isVacant({ isMissing }: ReadConfiguration, { portFrom, state }: Gateway): boolean {
  return isMissing && portFrom !== "lock" && state !== "running" && state !== "starting";
}

/** Why a state directory counts for nothing, in words for the operator. */
export function describeVacant({ configPath, stateDirectory }: VacantPlace): string {
  return `${stateDirectory} is no gateway's: there is no ${configPath}, no lock of a gateway that runs, and none answers`;
}

async function assemble(components: FinderComponents, reading: Reading, signal: AbortSignal): Promise<Gateway> {
  const { place, read: { config, problem } } = reading;
  const unknown: Unknown[] = problem === undefined ? [] : [{ what: "configuration", why: problem }];
  const told = readVersionNumber(recordOf(config["meta"])["lastTouchedVersion"]);
  const fromFiles = reading.installed ??
    (told === undefined ? undefined : { number: told, from: "configuration" } as const);
  const { scheme, mode } = readWay(config);
  const locked = await readLockPort(components.files, place.stateDirectory);
  const { port, portFrom } = locked === undefined
    ? readPort(config, reading.environmentPort, place, generationOf(fromFiles?.number))
    : { port: locked, portFrom: "lock" } as const;
  const baseUrl = `${scheme}://127.0.0.1:${port}`;
  const answer: ProbeAnswer = mode === "remote" ? { state: "unknown" } : await probe(components, baseUrl, signal);
  if (mode === "remote") unknown.push({ what: "gateway", why: "gateway.mode is remote: it is on another host" });
  if (answer.unknown !== undefined) unknown.push(answer.unknown);
  const version = versionOf(answer, fromFiles);
  if (version === undefined) unknown.push({ what: "version", why: whyNoVersion(answer) });
  const generation = generationBy(answer, version);
  const roster = readRoster(config, { ...place, ...reading, generation });
  return {
    ...place,
    mode,
    port,
    portFrom,
    baseUrl,
    hooks: readHooks(config, baseUrl, reading.lookUp, unknown),
    version,
    generation,
    agents: problem === undefined ? await Promise.all(roster.map((agent) => withDisk(components.files, agent))) : [],
    state: answer.state,
    unknown,
  };
}

/** The gateway's own word comes first; the commit is of the installed package, if that is the one which runs. */
function versionOf(answer: ProbeAnswer, fromFiles: GatewayVersion | undefined): GatewayVersion | undefined {
  const { version: number } = answer;
  if (number === undefined) {
    // A gateway without the question of 2026.8.1 is older than that, whatever else is installed.
    const isOther = answer.isRecent === false && generationOf(fromFiles?.number) === "scratch";
    return isOther ? undefined : fromFiles;
  }
  const commit = fromFiles?.number === number ? fromFiles.commit : undefined;
  return { number, from: "gateway", ...(commit === undefined ? {} : { commit }) };
}

function whyNoVersion({ isRecent, state }: ProbeAnswer): string {
  if (isRecent === false) {
    return "the gateway is older than 2026.8.1 and does not tell, and its package was not found on the PATH";
  }
  const how = state === "stopped" ? "the gateway does not run" : "the gateway did not tell";
  return `${how}, no package was found on the PATH, and the configuration names none`;
}

function generationBy(answer: ProbeAnswer, version: GatewayVersion | undefined): Generation | undefined {
  if (answer.isRecent !== undefined) return answer.isRecent ? "scratch" : "heartbeat-file";
  return generationOf(version?.number);
}

async function withDisk(files: Pick<Files, "stat">, agent: RosterAgent): Promise<GatewayAgent> {
  return { ...agent, hasWorkspace: await isThere(files, agent.workspace) };
}
