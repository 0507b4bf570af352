/**
 * What the outside gives: settings by the environment and by flags, as text that becomes a value by the setting's kind.
 *
 * @module
 */
import { nearestName } from "./nearest.ts";
import type { Origin } from "./origin.ts";
import type { ConfigProblems } from "./problems.ts";
import { allSettings, ENVIRONMENT_PREFIX, SECRET_FILE_SUFFIX, type Setting, settingKind } from "./settings.ts";
import { unknownSettingFault } from "./unknown.ts";

/** A value that one source gives to one setting. */
export interface Given {
  readonly setting: Setting;
  /** Not yet checked; a secret's is its text or `{ file }`. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** The environment as the port gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Flags by the path of the setting they stand for; `undefined` where a flag was not given. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What the environment gives. An empty variable counts as unset. */
export function givenByEnvironment(environment: Environment, problems: ConfigProblems): Given[] {
  const given: Given[] = [];
  // Windows does not tell cases apart.
  const hasOurs = Object.keys(environment).some((name) => name.toUpperCase().startsWith(ENVIRONMENT_PREFIX));
  for (const setting of allSettings().values()) {
    if (!hasOurs && setting.environment === undefined) continue;
    const { variable } = setting;
    const text = environment[variable] ?? "";
    const fileVariable = variable + SECRET_FILE_SUFFIX;
    const file = setting.isSecret === true ? environment[fileVariable] ?? "" : "";
    if (text !== "" && file !== "") {
      problems.hide(text);
      const fault = `got both ${variable} and ${fileVariable}, wanted one of them`;
      problems.add({ code: "CONFIG_INVALID", path: setting.path, fault, origin: undefined });
    } else if (text !== "") {
      given.push({ setting, value: valueOfText(setting, text), origin: { kind: "environment", name: variable } });
    } else if (file !== "") {
      given.push({ setting, value: { file }, origin: { kind: "environment", name: fileVariable } });
    }
  }
  return given;
}

/**
 * What the flags give.
 *
 * @param names how a flag is written, by the path of its setting, for messages; default `--` and the path
 */
export function givenByFlags(
  flags: Flags,
  names: Readonly<Record<string, string>>,
  problems: ConfigProblems,
): Given[] {
  const given: Given[] = [];
  for (const [path, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const origin: Origin = { kind: "flag", name: names[path] ?? `--${path}` };
    const setting = allSettings().get(path);
    if (setting === undefined) {
      problems.add({ code: "CONFIG_UNKNOWN_KEY", path, fault: unknownSettingFault(path), origin });
    } else if (setting.isSecret === true) {
      if (typeof value === "string") problems.hide(value);
      const fault = "got a secret on the command line, where every user of this host can read it, wanted " +
        `${setting.variable} or ${setting.variable}${SECRET_FILE_SUFFIX} in the environment, or the configuration file`;
      problems.add({ code: "CONFIG_INVALID", path, fault, origin });
    } else {
      given.push({ setting, value: typeof value === "string" ? valueOfText(setting, value) : value, origin });
    }
  }
  return given;
}

/**
 * Variables that look like a mistyped one of ours. They are told of, not refused: an orchestrator may make variables of
 * its own that begin with `BARNACLE_` (Kubernetes does, for a service of that name).
 *
 * @returns a sentence for each
 */
export function mistypedVariables(environment: Environment): string[] {
  const contractNames = new Set(Array.from(allSettings().values(), (setting) => setting.environment));
  const strangers = Object.keys(environment).filter((name) =>
    /^(?:BARNACLE|OPENCLAW)_/.test(name) && environment[name] !== "" && !contractNames.has(name)
  );
  if (strangers.length === 0) return [];
  const known = new Set(["BARNACLE_CONFIG"]);
  for (const { variable, isSecret } of allSettings().values()) {
    known.add(variable);
    if (isSecret === true) known.add(variable + SECRET_FILE_SUFFIX);
  }
  return strangers.filter((name) => !known.has(name)).flatMap((name) => {
    const nearest = nearestName(name, known, { distanceMax: 2 });
    return nearest === undefined ? [] : [`environment ${name} is not read; the nearest that is read is ${nearest}`];
  });
}

const NUMBER_REGEXP = /^-?\d+(?:\.\d+)?$/;
const BOOLEAN_TEXTS: Readonly<Record<string, boolean>> = { true: true, false: false, "1": true, "0": false };

/**
 * The value that the text stands for. A text that stands for none is returned as it is, for the schema to refuse with
 * its words.
 */
function valueOfText(setting: Setting, text: string): unknown {
  if (setting.isJson === true) return valueOfJson(text);
  switch (settingKind(setting)) {
    case "text":
      return text;
    case "number":
      return NUMBER_REGEXP.test(text) ? Number(text) : text;
    case "boolean":
      return Object.hasOwn(BOOLEAN_TEXTS, text.toLowerCase()) ? BOOLEAN_TEXTS[text.toLowerCase()] : text;
    case "tags":
      return tagsOfText(text);
    case "list":
      return listOfText(text);
  }
}

function valueOfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema has the words for what is no such value.
    return text;
  }
}

function listOfText(text: string): string[] {
  return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
}

function tagsOfText(text: string): Record<string, string> | string {
  const pairs = text.split(",").map((pair) => pair.trim()).filter((pair) => pair !== "");
  if (pairs.some((pair) => pair.indexOf("=") < 1)) return text;
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  }));
}
