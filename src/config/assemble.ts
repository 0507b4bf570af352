/**
 * Putting the given values together; the later of two for one setting wins.
 *
 * @module
 */
import type { Secret } from "../log/mod.ts";
import type { Files } from "../runtime/port.ts";
import { parentPath, resolvePath } from "../store/mod.ts";
import { checkGiven } from "./check.ts";
import type { Given } from "./given.ts";
import type { Origin } from "./origin.ts";
import type { ConfigProblems } from "./problems.ts";
import type { Config } from "./schema.ts";
import { readSecret } from "./secrets.ts";
import { allSettings, type Setting } from "./settings.ts";

/** What putting together needs. */
export interface AssembleComponents {
  readonly files: Pick<Files, "read">;
  /** The work directory, absolute. */
  readonly directory: string;
  readonly problems: ConfigProblems;
}

/** The configuration with every path resolved and every secret read. */
export interface Assembled {
  readonly config: Config;
  /** Of every setting. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly secrets: readonly Secret[];
}

/**
 * @param given from the weakest source to the strongest; a value that is refused is among the problems and not in the
 *   result
 */
export async function assemble(components: AssembleComponents, given: readonly Given[]): Promise<Assembled> {
  // Secrets first: what they are must be known before any other value is shown in a message.
  const secrets = await readSecrets(components, given.filter((one) => one.setting.isSecret === true));
  const winners = winnersOf(given.filter((one) => one.setting.isSecret !== true), components.problems);
  const values: Record<string, Record<string, unknown>> = {};
  const origins = new Map<string, Origin>();
  for (const setting of allSettings().values()) {
    const { path, section, name } = setting;
    const secret = secrets.get(path);
    const winner = secret?.given ?? winners.get(path);
    const value = secret?.secret ?? valueOf(setting, winner, components.directory);
    origins.set(path, winner?.origin ?? { kind: "default" });
    const sectionValues = values[section] ??= {};
    if (value !== undefined) sectionValues[name] = value;
  }
  // Each given value passed its own setting's type, and a test checks the defaults: together they are a configuration.
  return {
    config: values as unknown as Config,
    origins,
    secrets: Array.from(secrets.values(), ({ secret }) => secret),
  };
}

function winnersOf(given: readonly Given[], problems: ConfigProblems): Map<string, Given> {
  const sound = given.filter((one) => checkGiven(one, problems));
  return new Map(sound.map((one) => [one.setting.path, one]));
}

interface GivenSecret {
  readonly given: Given;
  readonly secret: Secret;
}

/** Only the source that wins is read: a file that another host has must not stop this one. */
async function readSecrets(
  { files, directory, problems }: AssembleComponents,
  given: readonly Given[],
): Promise<Map<string, GivenSecret>> {
  for (const { value } of given) {
    if (typeof value === "string") problems.hide(value);
  }
  const secrets = new Map<string, GivenSecret>();
  for (const [path, winner] of winnersOf(given, problems)) {
    const secret = await readSecret(
      files,
      winner,
      (file) => resolveGivenPath(file, winner.origin, directory),
      problems,
    );
    if (secret !== undefined) secrets.set(path, { given: winner, secret });
  }
  return secrets;
}

function valueOf(setting: Setting, winner: Given | undefined, directory: string): unknown {
  const value = winner === undefined ? setting.default : winner.value;
  if (setting.isPath !== true) return value;
  const resolved = (path: string) => resolveGivenPath(path, winner?.origin, directory);
  if (typeof value === "string") return resolved(value);
  if (!Array.isArray(value)) return value;
  return value.map((item: string) => URL_REGEXP.test(item) ? item : withEnding(resolved(item), item));
}

/** A slash at the end says that a folder is meant, and is not lost with `./`. */
function withEnding(path: string, given: string): string {
  return given.endsWith("/") && !path.endsWith("/") ? `${path}/` : path;
}

const URL_REGEXP = /^[a-z][a-z0-9+.-]*:\/\//i;

/** File names of a file are relative to it, all others to the work directory. */
export function resolveGivenPath(path: string, origin: Origin | undefined, directory: string): string {
  return resolvePath(origin?.kind === "file" ? parentPath(origin.path) : directory, path);
}
