/**
 * What installing and uninstalling change in a gateway's configuration.
 *
 * Only `plugins.load.paths`, `plugins.allow` where there is one, and `plugins.entries.barnacle`: each other setting stays as it is, and
 * uninstalling leaves no empty setting behind that installing made.
 *
 * @module
 */
import { PLUGIN_ID, recordOf } from "../../openclaw/facts/mod.ts";

type Json = Readonly<Record<string, unknown>>;

/** One change, as `openclaw config set` or `unset` takes it. */
export type Change =
  | { readonly act: "set"; readonly path: string; readonly value: unknown }
  | { readonly act: "unset"; readonly path: string };

/** @param config the gateway's, as it is now */
export function changesToInstall(config: Json, directory: string, pluginConfig: Json): Change[] {
  const { allow, paths } = readPlugins(config);
  return [
    ...(allow === undefined || allow.includes(PLUGIN_ID) ? [] : [set("plugins.allow", [...allow, PLUGIN_ID])]),
    ...(paths.includes(directory) ? [] : [set("plugins.load.paths", [...paths, directory])]),
    set(`plugins.entries.${PLUGIN_ID}`, { enabled: true, config: pluginConfig }),
  ];
}

/** The entry goes first: a configuration that names a plugin which cannot be found is no longer valid. */
export function changesToUninstall(config: Json, directory: string): Change[] {
  const { allow, entries, load, paths, plugins } = readPlugins(config);
  if (!(PLUGIN_ID in entries) && !paths.includes(directory)) return [];
  const [otherEntries, otherPaths] = [
    Object.keys(entries).filter((id) => id !== PLUGIN_ID),
    paths.filter((path) => path !== directory),
  ];
  const isLoadGone = otherPaths.length === 0 && Object.keys(load).every((key) => key === "paths");
  const isAllGone = isLoadGone && otherEntries.length === 0 &&
    Object.keys(plugins).every((key) => key === "load" || key === "entries");
  if (isAllGone) return [unset("plugins")];
  return [
    ...(PLUGIN_ID in entries
      ? [unset(otherEntries.length === 0 ? "plugins.entries" : `plugins.entries.${PLUGIN_ID}`)]
      : []),
    ...(allow?.includes(PLUGIN_ID) === true ? [set("plugins.allow", allow.filter((id) => id !== PLUGIN_ID))] : []),
    ...(paths.includes(directory)
      ? [
        isLoadGone
          ? unset("plugins.load")
          : otherPaths.length === 0
          ? unset("plugins.load.paths")
          : set("plugins.load.paths", otherPaths),
      ]
      : []),
  ];
}

/** The plugin's entry; `undefined` when it is not installed. */
export function installedEntry(config: Json): Json | undefined {
  const { entries } = readPlugins(config);
  return PLUGIN_ID in entries ? recordOf(entries[PLUGIN_ID]) : undefined;
}

function readPlugins(config: Json) {
  const plugins = recordOf(config["plugins"]);
  const load = recordOf(plugins["load"]);
  const texts = (value: unknown) => Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
  return {
    plugins,
    load,
    entries: recordOf(plugins["entries"]),
    allow: texts(plugins["allow"]),
    paths: texts(load["paths"]) ?? [],
  };
}

function set(path: string, value: unknown): Change {
  return { act: "set", path, value };
}

function unset(path: string): Change {
  return { act: "unset", path };
}
