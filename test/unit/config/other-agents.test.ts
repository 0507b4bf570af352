/** Hunts: two agents that write into one directory, listen on one port or answer to one name; paths taken from the wrong place. */
import { describe, expect, test } from "vitest";
import { loadedForAgent } from "../../../src/config/mod.ts";
import { load } from "./support/load.ts";

const FILE = "/etc/barnacle/barnacle.json";

function loadOthers(others: readonly unknown[], more: Readonly<Record<string, unknown>> = {}) {
  const text = JSON.stringify({ agents: { others, ...more } });
  return load({ configFile: FILE, contents: { [FILE]: text } });
}

async function problemsOf(others: readonly unknown[], more?: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    await loadOthers(others, more);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "CONFIG_INVALID" });
    return (thrown as Error).message;
  }
  return "none";
}

describe("agents.others", () => {
  test("takes directories relative to the file, an identity of its own by default", async () => {
    const { config } = await loadOthers([{ id: "research", directory: "../research" }, { id: "b", directory: "/b" }]);
    expect(config.agents.others).toEqual([
      { id: "research", directory: "/etc/research", identity: "own" },
      { id: "b", directory: "/b", identity: "own" },
    ]);
  });

  test("may lie in each other: workspaces of one gateway do", async () => {
    const nested = [{ id: "a", directory: "/work/a" }, { id: "b", directory: "/work/a/b" }];
    expect(await problemsOf(nested)).toBe("none");
  });

  test.each([
    ["an id twice", [{ id: "a", directory: "/a" }, { id: "a", directory: "/b" }], "agents.others.[1].id"],
    ["the id of the daemon's own agent", [{ id: "main", directory: "/a" }], "agents.id"],
    ["an id that is no path's", [{ id: "A b", directory: "/a" }], "agents.others.[0].id"],
    ["a directory twice", [{ id: "a", directory: "/a" }, { id: "b", directory: "/a/" }], "agents.others.[1].directory"],
    ["the daemon's own directory", [{ id: "a", directory: "/work" }], "the daemon's own work directory"],
    ["a place inside another's mail", [{ id: "a", directory: "/work/.moltcomm/a" }], "outside .moltcomm"],
    ["a listener without a node", [{ id: "a", directory: "/a", identity: "shared", listen: "tcp://[::1]:9" }], "own"],
    ["advertised addresses without a node", [
      { id: "a", directory: "/a", identity: "shared", advertise: ["tcp://h.example:9"] },
    ], "agents.others.[0].advertise"],
    [
      "the port of the daemon's own node",
      [{ id: "a", directory: "/a", listen: "tcp://127.0.0.1:9001" }],
      "moltcomm.listen",
    ],
    ["a member that is unknown", [{ id: "a", directory: "/a", port: 9 }], "port"],
    ["no directory", [{ id: "a" }], "agents.others.[0].directory"],
  ])("refuses %s", async (_name, others, told) => {
    const problems = await problemsOf(others);
    expect(problems).toContain("got ");
    expect(problems).toContain(told);
  });

  test("may listen on port 0 each", async () => {
    const anywhere = { listen: "tcp://127.0.0.1:0" };
    expect(await problemsOf([{ id: "a", directory: "/a", ...anywhere }, { id: "b", directory: "/b", ...anywhere }]))
      .toBe("none");
  });
});

describe("loadedForAgent", () => {
  test("gives an agent with an identity of its own its directory and its node, and nobody's waking", async () => {
    const loaded = await loadOthers([{ id: "a", directory: "/a", listen: "tcp://127.0.0.1:9009" }]);
    const [agent] = loaded.config.agents.others;
    if (agent === undefined) throw new Error("Load one agent");
    const theirs = await loadedForAgent(loaded, agent);
    expect(theirs.directory).toBe("/a");
    expect(theirs.config.moltcomm).toMatchObject({ listen: "tcp://127.0.0.1:9009", advertise: [] });
    expect(theirs.origins.get("moltcomm.listen")?.kind).toBe("file");
    expect(loaded.config.moltcomm.listen).toBe("tcp://127.0.0.1:9001");
  });

  test("leaves one that shares the identity the daemon's node", async () => {
    const loaded = await loadOthers([{ id: "a", directory: "/a", identity: "shared" }]);
    const [agent] = loaded.config.agents.others;
    if (agent === undefined) throw new Error("Load one agent");
    expect((await loadedForAgent(loaded, agent)).config.moltcomm).toEqual(loaded.config.moltcomm);
  });
});
