/** Hunts: an agent sought in a workspace that is another's, or that OpenClaw resolves elsewhere. */
import { describe, expect, test } from "vitest";
import { readRoster, type RosterPlaces } from "../../../src/openclaw/roster.ts";

const PLACES: RosterPlaces = {
  profile: undefined,
  stateDirectory: "/home/ann/.openclaw",
  homeDirectory: "/home/ann",
  workspaceDirectory: undefined,
  generation: "scratch",
};

function workspaces(agents: unknown, places: Partial<RosterPlaces> = {}): Record<string, string> {
  const roster = readRoster({ agents }, { ...PLACES, ...places });
  return Object.fromEntries(roster.map(({ id, workspace }) => [id, workspace]));
}

describe("a sole agent works", () => {
  test("in the state directory when nothing is configured", () => {
    expect(workspaces(undefined)).toEqual({ main: "/home/ann/.openclaw/workspace" });
    expect(workspaces({ entries: { solo: {} } })).toEqual({ solo: "/home/ann/.openclaw/workspace" });
    expect(workspaces({ list: [] })).toEqual({ main: "/home/ann/.openclaw/workspace" });
  });

  test("where OPENCLAW_WORKSPACE_DIR says, then the defaults, then its own entry", () => {
    const workspaceDirectory = "/srv/env";
    expect(workspaces({}, { workspaceDirectory })).toEqual({ main: "/srv/env" });
    const defaults = { workspace: "~/shared" };
    expect(workspaces({ defaults }, { workspaceDirectory })).toEqual({ main: "/home/ann/shared" });
    expect(workspaces({ defaults, entries: { main: { workspace: "/own" } } })).toEqual({ main: "/own" });
  });

  test("of a named profile: in its state directory, and before 2026.8.1 beside the default one", () => {
    const places = { profile: "ops", stateDirectory: "/home/ann/.openclaw-ops" };
    expect(workspaces({}, places)).toEqual({ main: "/home/ann/.openclaw-ops/workspace" });
    expect(workspaces({}, { ...places, generation: "heartbeat-file" })).toEqual({
      main: "/home/ann/.openclaw/workspace-ops",
    });
    expect(workspaces({}, { ...places, generation: undefined })).toEqual({ main: "/home/ann/.openclaw-ops/workspace" });
  });
});

describe("several agents work", () => {
  test("each below the shared workspace, or in the state directory; a second one moves main", () => {
    const entries = { main: {}, helper: {} };
    expect(workspaces({ ownership: "explicit", entries })).toEqual({
      main: "/home/ann/.openclaw/workspace-main",
      helper: "/home/ann/.openclaw/workspace-helper",
    });
    expect(workspaces({ ownership: "explicit", entries, defaults: { workspace: "/data" } })).toEqual({
      main: "/data/main",
      helper: "/data/helper",
    });
  });

  test("of a list: the marked one, or the first, keeps the gateway's own workspace", () => {
    const list = [{ id: "main" }, { id: "helper", workspace: "~/helper" }, { id: "third" }];
    expect(workspaces({ list }, { generation: "heartbeat-file" })).toEqual({
      main: "/home/ann/.openclaw/workspace",
      helper: "/home/ann/helper",
      third: "/home/ann/.openclaw/workspace-third",
    });
    const marked = [{ id: "main" }, { id: "other", default: true }];
    expect(workspaces({ list: marked })).toEqual({
      main: "/home/ann/.openclaw/workspace-main",
      other: "/home/ann/.openclaw/workspace",
    });
  });

  test("of a map with one marked entry, unless ownership is explicit", () => {
    const entries = { main: { default: true }, helper: {} };
    expect(workspaces({ entries })["main"]).toBe("/home/ann/.openclaw/workspace");
    expect(workspaces({ ownership: "explicit", entries })["main"]).toBe("/home/ann/.openclaw/workspace-main");
  });
});

describe("readRoster", () => {
  test("takes the map before the list, ids in OpenClaw's form, each once, and names from the entry or the identity", () => {
    const entries = { "My Agent!": { name: "Ann's" }, Main: { identity: { name: "Molly" } }, main: {}, bad: 7 };
    const roster = readRoster({ agents: { entries, list: [{ id: "old" }] } }, PLACES);
    expect(roster.map(({ id, name }) => [id, name])).toEqual([["my-agent", "Ann's"], ["main", "Molly"]]);
  });

  test("says which workspaces would move with the roster", () => {
    const roster = readRoster({ agents: { entries: { a: { workspace: "/a" }, b: {} } } }, PLACES);
    expect(roster.map(({ isWorkspacePinned }) => isWorkspacePinned)).toEqual([true, false]);
  });

  test("makes of anything else one agent called main", () => {
    for (
      const config of [undefined, null, 7, [], { agents: 7 }, { agents: { list: {} } }, { agents: { entries: [] } }]
    ) {
      expect(readRoster(config, PLACES).map(({ id }) => id)).toEqual(["main"]);
    }
  });

  test("never takes more than its bound", () => {
    const entries = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`a${index}`, {}]));
    expect(readRoster({ agents: { entries } }, PLACES)).toHaveLength(256);
  });
});
