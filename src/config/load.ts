/**
 * Loading the configuration: flags over environment over file over defaults, every value with its origin.
 *
 * @module
 */
import { isBarnacleError } from "../errors.ts";
import { SECRET_CHARACTERS_MIN } from "../limits.ts";
import type { Secret } from "../log/mod.ts";
import type { Files, Process } from "../runtime/port.ts";
import { resolvePath } from "../store/mod.ts";
import { assemble, resolveGivenPath } from "./assemble.ts";
import { checkTogether } from "./check.ts";
import { givenByFile, readConfigText } from "./file.ts";
import {
  type Environment,
  type Flags,
  type Given,
  givenByEnvironment,
  givenByFlags,
  mistypedVariables,
} from "./given.ts";
import type { HarborForgeFile } from "./harborforge.ts";
import type { Origin } from "./origin.ts";
import { ConfigProblems } from "./problems.ts";
import type { Config } from "./schema.ts";
import type { OtherAgent } from "./sections/service.ts";

/** What loading needs of the platform. */
export interface ConfigPorts {
  readonly files: Pick<Files, "read">;
  readonly process: Pick<Process, "workingDirectory">;
}

/** From where to load. */
export interface ConfigSources {
  /** The work directory, as given: `--dir`. Against it resolve the paths of flags, environment and defaults. */
  readonly directory: string;
  /** `--config`, if given; else `BARNACLE_CONFIG` counts, else `barnacle.json` in the work directory if it is there. */
  readonly configFile?: string | undefined;
  /** Flags by the path of the setting they stand for. */
  readonly flags: Flags;
  /** How those flags are written, by the same path, for messages. */
  readonly flagNames?: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** The work directory of the daemon, where it carries the mail of `directory` for one of its other agents; absolute. */
  readonly hostDirectory?: string | undefined;
}

/** A configuration that holds, and where each value of it comes from. */
export interface LoadedConfig {
  readonly config: Config;
  /** By the path of the setting, for every setting. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** The configuration file; `undefined` without one. */
  readonly file: string | undefined;
  /** The work directory, absolute. */
  readonly directory: string;
  /** Every secret of the configuration. */
  readonly secrets: readonly Secret[];
  /** Sentences about what is no error and yet hardly meant. */
  readonly warnings: readonly string[];
  /** Where another directory's daemon carries the mail of this one: which, and for whom. */
  readonly carriedBy?: CarriedBy;
}

/** The daemon that carries the mail of an agent of another directory than its own. */
export interface CarriedBy {
  /** The daemon's work directory, absolute. */
  readonly directory: string;
  /** What the agent is called there. */
  readonly agentId: string;
  /** `shared`: it has no identity but the daemon's. */
  readonly identity: "own" | "shared";
}

const DEFAULT_FILE = "barnacle.json";
const FILE_VARIABLE = "BARNACLE_CONFIG";

/**
 * Loads and checks the whole configuration.
 *
 * @throws `CONFIG_INVALID`, `CONFIG_UNKNOWN_KEY`, `SECRET_UNREADABLE`: one error with every problem; a code of the
 *   latter two only when all problems are of that kind. No message shows a secret.
 */
export async function loadConfig(ports: ConfigPorts, sources: ConfigSources): Promise<LoadedConfig> {
  const problems = new ConfigProblems();
  const directory = resolvePath(ports.process.workingDirectory(), sources.directory);
  const fromFile = await loadFile(ports.files, directory, sources, problems);
  const own = [
    ...fromFile.given,
    ...givenByEnvironment(sources.environment, problems),
    ...givenByFlags(sources.flags, sources.flagNames ?? {}, problems),
  ];
  const foreign = await loadMonitorFile(ports.files, directory, own, problems);
  const given = [...foreign.given, ...own];
  const { origins, secrets, ...assembled } = await assemble({ files: ports.files, directory, problems }, given);
  let { config } = assembled;
  checkTogether(config, origins, problems);
  if (config.agents.others.length > 0) {
    const { settleOtherAgents } = await import("./other-agents.ts");
    config = settleOtherAgents({ config, origins }, sources.hostDirectory ?? directory, problems);
  }
  if (!problems.isEmpty) throw problems.toError();
  return {
    config,
    origins,
    file: fromFile.path,
    directory,
    secrets,
    warnings: [...mistypedVariables(sources.environment), ...shortSecrets(config), ...foreign.warnings],
  };
}

/** What another Monitor's configuration gives, where `monitor.configFile` names one; all that is ours is stronger. */
async function loadMonitorFile(
  files: ConfigPorts["files"],
  directory: string,
  own: readonly Given[],
  problems: ConfigProblems,
): Promise<HarborForgeFile> {
  const named = own.findLast(({ setting }) => setting.path === "monitor.configFile");
  if (typeof named?.value !== "string" || named.value === "") return { given: [], warnings: [] };
  const { givenByHarborForge } = await import("./harborforge.ts");
  const path = resolveGivenPath(named.value, named.origin, directory);
  return await givenByHarborForge(files, path, named.origin, problems);
}

/** The configuration as one of the other agents of the host has it: its directory, and its node. */
export async function loadedForAgent(loaded: LoadedConfig, agent: OtherAgent): Promise<LoadedConfig> {
  const { configOfAgent } = await import("./other-agents.ts");
  return configOfAgent(loaded, agent);
}

async function loadFile(
  files: ConfigPorts["files"],
  directory: string,
  { configFile, environment }: ConfigSources,
  problems: ConfigProblems,
): Promise<{ readonly path: string | undefined; readonly given: Given[] }> {
  const asked = configFile ?? (environment[FILE_VARIABLE] || undefined);
  const path = resolvePath(directory, asked ?? DEFAULT_FILE);
  try {
    const text = await readConfigText(files, path, problems);
    return { path, given: text === undefined ? [] : await givenByFile(text, path, problems) };
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FILE_NOT_FOUND")) throw thrown;
    if (asked === undefined) return { path: undefined, given: [] };
    const origin: Origin = configFile === undefined
      ? { kind: "environment", name: FILE_VARIABLE }
      : { kind: "flag", name: "--config" };
    const fault = `got ${JSON.stringify(path)}, which is not there, wanted a configuration file`;
    problems.add({ code: "CONFIG_INVALID", path: "", fault, origin });
    return { path: undefined, given: [] };
  }
}

/**
 * A short secret is used, for the far end may have chosen it; but it cannot be told from ordinary words where it is
 * part of a text.
 */
function shortSecrets({ deadman, http, monitor, openclaw }: Config): string[] {
  const secrets = {
    "http.token": http.token,
    "openclaw.apiKey": openclaw.apiKey,
    "monitor.apiKey": monitor.apiKey,
    "deadman.token": deadman.token,
  };
  return Object.entries(secrets)
    .filter(([, secret]) => secret !== undefined && secret.reveal().length < SECRET_CHARACTERS_MIN)
    .map(([path]) =>
      `${path} has less than ${SECRET_CHARACTERS_MIN} characters: easily guessed, and not masked inside other texts`
    );
}
