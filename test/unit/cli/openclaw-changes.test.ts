/** Hunts: an installation that touches what is not ours, an uninstallation that leaves a trace or an invalid configuration. */
import { describe, expect, test } from "vitest";
import {
  type Change,
  changesToInstall,
  changesToUninstall,
  installedEntry,
} from "../../../src/cli/openclaw/changes.ts";

const DIRECTORY = "/home/me/work/.barnacle/openclaw-plugin";
type Json = Record<string, unknown>;

/** What OpenClaw's own command makes of the changes. */
function apply(config: Json, changes: readonly Change[]): Json {
  const result = structuredClone(config);
  for (const change of changes) {
    const keys = change.path.split(".");
    const last = keys.pop() ?? "";
    let at = result;
    for (const key of keys) at = (at[key] ??= {}) as Json;
    if (change.act === "set") at[last] = change.value;
    else delete at[last];
  }
  return result;
}

const OTHERS = {
  "no plugins": { gateway: { port: 1 } },
  "another plugin": { plugins: { entries: { other: { enabled: true } } } },
  "another path": { plugins: { load: { paths: ["/opt/other"] } } },
  "another setting beside the paths": { plugins: { load: { watch: true, paths: ["/opt/other"] }, slots: {} } },
  "a list of those allowed": { plugins: { allow: ["other"], entries: { other: { enabled: true } } } },
};

describe("installing and uninstalling", () => {
  test.each(Object.entries(OTHERS))("leaves a configuration with %s as it was", (_, config) => {
    const installed = apply(config, changesToInstall(config, DIRECTORY, { keyFile: "/k" }));
    expect(installedEntry(installed)).toEqual({ enabled: true, config: { keyFile: "/k" } });
    expect(apply(installed, changesToUninstall(installed, DIRECTORY))).toEqual(config);
  });

  test("again changes the plugin's own entry alone", () => {
    const installed = apply({}, changesToInstall({}, DIRECTORY, {}));
    expect(changesToInstall(installed, DIRECTORY, { token: "t" }).map(({ path }) => path)).toEqual([
      "plugins.entries.barnacle",
    ]);
  });

  test("takes the entry out before the place where the plugin is found", () => {
    const config = apply(
      OTHERS["another setting beside the paths"],
      changesToInstall(OTHERS["another setting beside the paths"], DIRECTORY, {}),
    );
    const paths = changesToUninstall(config, DIRECTORY).map(({ path }) => path);
    expect(paths.indexOf("plugins.entries")).toBeLessThan(paths.indexOf("plugins.load.paths"));
  });

  test("changes nothing where the plugin is not", () => {
    for (const config of Object.values(OTHERS)) expect(changesToUninstall(config, DIRECTORY)).toEqual([]);
  });

  test("survives a configuration of strange shapes", () => {
    for (const plugins of [7, [], { load: 7, entries: [], allow: "x" }, { load: { paths: [7] } }]) {
      expect(changesToUninstall({ plugins }, DIRECTORY)).toEqual([]);
      expect(changesToInstall({ plugins }, DIRECTORY, {}).length).toBeGreaterThan(0);
    }
  });
});
