/**
 * The settings as a flat list.
 *
 * @module
 */
import type * as z from "zod/mini";
import { BarnacleError } from "../errors.ts";
import type { SectionDefinition, SettingDefinition } from "./definition.ts";
import { configSections } from "./schema.ts";

/** How a setting's text (a flag, an environment variable) becomes its value. */
export type SettingKind = "text" | "number" | "boolean" | "tags" | "list";

/** One setting and its place. */
export interface Setting extends SettingDefinition {
  /** Its place in the configuration, dotted: `http.listen`. */
  readonly path: string;
  readonly section: string;
  readonly name: string;
  /** Its environment variable; a secret's can also be read from the file that `<variable>_FILE` names. */
  readonly variable: string;
}

/** Begins the name of each variable that no contract names. */
export const ENVIRONMENT_PREFIX = "BARNACLE_";

/** Ends the name of the variable that names a file with a secret. */
export const SECRET_FILE_SUFFIX = "_FILE";

let settingsByPath: ReadonlyMap<string, Setting> | undefined;

/** Every setting by its path, in the order of the schema. */
export function allSettings(): ReadonlyMap<string, Setting> {
  return settingsByPath ??= new Map(listSettings().map((setting) => [setting.path, setting]));
}

/** The names of the sections, in the order of the schema. */
export function sectionNames(): readonly string[] {
  return Object.keys(configSections);
}

/** How text becomes this setting's value. A secret's text is the secret. */
export function settingKind(setting: Setting): SettingKind {
  const { type } = unwrapLazy(setting.type())._zod.def;
  const kind = setting.isSecret === true ? "text" : KINDS[type];
  if (kind !== undefined) return kind;
  throw new BarnacleError({
    code: "INTERNAL",
    action: `Find out how text becomes ${setting.path}`,
    value: `the type ${type}`,
    wanted: `one of ${Object.keys(KINDS).join(", ")}`,
  });
}

/** The contract's types are made on demand; what kind they are shows only then. */
function unwrapLazy(type: z.core.$ZodType): z.core.$ZodType {
  let innermost = type;
  while (innermost._zod.def.type === "lazy") innermost = (innermost as z.core.$ZodLazy)._zod.innerType;
  return innermost;
}

const KINDS: Readonly<Record<string, SettingKind>> = {
  string: "text",
  enum: "text",
  number: "number",
  boolean: "boolean",
  record: "tags",
  array: "list",
};

function listSettings(): Setting[] {
  return Object.entries<SectionDefinition>(configSections).flatMap(([section, { settings }]) =>
    Object.entries(settings).map(([name, definition]) => {
      const path = `${section}.${name}`;
      return {
        ...definition,
        path,
        section,
        name,
        // Made when it is asked for: a start with no variable of ours asks for few.
        get variable() {
          return definition.environment ?? variableOf(path);
        },
      };
    })
  );
}

/** `http.tlsCertFile` is `BARNACLE_HTTP_TLS_CERT_FILE`. */
function variableOf(path: string): string {
  return ENVIRONMENT_PREFIX + path.replaceAll(".", "_").replace(/[A-Z]/g, "_$&").toUpperCase();
}
