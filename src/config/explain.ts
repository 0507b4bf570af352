/**
 * The configuration as people look at it.
 *
 * @module
 */
import { SECRET_MASK } from "../log/mod.ts";
import type { LoadedConfig } from "./load.ts";
import type { Origin } from "./origin.ts";
import { allSettings } from "./settings.ts";

/** One row of `config show`. */
export interface ExplainedSetting {
  readonly path: string;
  /** The value; `[secret]` for a secret that is set; `undefined` for what is not set. */
  readonly value: unknown;
  readonly origin: Origin;
}

/** Every setting with its value and where it came from, in the order of the schema. No secret is among the values. */
export function explainConfig(loaded: LoadedConfig): ExplainedSetting[] {
  const sections: Readonly<Record<string, Readonly<Record<string, unknown>>>> = loaded.config;
  return [...allSettings().values()].map(({ path, section, name, isSecret }) => {
    const value = sections[section]?.[name];
    const shown = isSecret === true && value !== undefined ? SECRET_MASK : value;
    return { path, value: shown, origin: loaded.origins.get(path) ?? { kind: "default" } };
  });
}
