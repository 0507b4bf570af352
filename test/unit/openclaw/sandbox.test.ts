/** Hunts: an agent that cannot see its mail and is not named, one that can and is warned of, and a path that is nothing in its sandbox. */
import { describe, expect, test } from "vitest";
import { type MailSight, sightOf } from "../../../src/openclaw/facts/mod.ts";
import { readRoster } from "../../../src/openclaw/roster.ts";

const WORKSPACE = "/home/ann/work";
const MAIL = `${WORKSPACE}/.moltcomm`;

/** What the agent `main` of a configuration sees of the mail in its workspace, or elsewhere. */
function sight(config: Readonly<Record<string, unknown>>, mail = MAIL): MailSight {
  const [agent] = readRoster(config, {
    profile: undefined,
    stateDirectory: "/home/ann/.openclaw",
    homeDirectory: "/home/ann",
    workspaceDirectory: undefined,
    generation: "scratch",
  });
  if (agent === undefined) throw new Error("No agent");
  return sightOf(agent, mail);
}

const withDefaults = (sandbox: unknown, more: object = {}) => ({
  agents: { defaults: { workspace: WORKSPACE, sandbox, ...more } },
});

/** Of both generations, as their documentation writes them. */
const shapes: readonly (readonly [generation: string, setting: string, make: (sandbox: unknown) => object])[] = [
  ["the defaults", "agents.defaults.sandbox", withDefaults],
  [
    "an entry of 2026.8.1 and newer",
    "agents.entries.main.sandbox",
    (sandbox) => ({ agents: { entries: { main: { workspace: WORKSPACE, sandbox } } } }),
  ],
  [
    "an entry of 2026.7.x",
    "agents.list[0].sandbox",
    (sandbox) => ({ agents: { list: [{ id: "main", workspace: WORKSPACE, sandbox }] } }),
  ],
];

for (const [generation, setting, make] of shapes) {
  describe(`a sandboxed agent that cannot see the work directory, by ${generation},`, () => {
    test("is found, with the setting that mends it", () => {
      const { kind, obstacle } = sight(make({ mode: "all" }) as Record<string, unknown>);
      expect(kind).toBe("none");
      expect(obstacle?.why).toBe(
        `main works in a sandbox (${setting}, docker) that does not have ${MAIL}: it cannot see its mail`,
      );
      expect(obstacle?.hint).toContain(`set ${setting}.workspaceAccess to "rw"`);
      expect(obstacle?.hint).toContain("openclaw sandbox recreate --agent main");
      expect(obstacle?.hint).toContain('add "barnacle" to tools.sandbox.tools.alsoAllow');
    });

    test("is one that reads and cannot write, where it has it read-only", () => {
      const { kind, mailDirectory, obstacle } = sight(
        make({ mode: "all", workspaceAccess: "ro" }) as Record<string, unknown>,
      );
      expect([kind, mailDirectory]).toEqual(["read-only", "/agent/.moltcomm"]);
      expect(obstacle?.why).toContain("can neither mark its mail as read nor answer");
    });

    test("is none where the workspace is in it: it sees its mail under another name", () => {
      expect(sight(make({ mode: "all", workspaceAccess: "rw" }) as Record<string, unknown>)).toEqual({
        kind: "mounted",
        mailDirectory: "/workspace/.moltcomm",
      });
    });
  });
}

describe("an agent is on the host", () => {
  test.each([
    ["nothing is said", {}],
    ["the mode is off", { mode: "off", workspaceAccess: "none" }],
    ["only other sessions than its main one are sandboxed", { mode: "non-main" }],
  ])("where %s", (_what, sandbox) => {
    expect(sight(withDefaults(sandbox))).toEqual({ kind: "host", mailDirectory: MAIL });
  });

  test("where its own entry takes it out of the sandbox of all", () => {
    const config = {
      agents: {
        defaults: { workspace: WORKSPACE, sandbox: { mode: "all" } },
        entries: { main: { sandbox: { mode: "off" } } },
      },
    };
    expect(sight(config).kind).toBe("host");
  });

  test("and not, where its heartbeat has a session of its own, and other sessions are sandboxed", () => {
    const sandbox = { mode: "non-main" };
    expect(sight(withDefaults(sandbox, { heartbeat: { isolatedSession: true } })).kind).toBe("none");
    expect(sight(withDefaults(sandbox, { heartbeat: { session: "agent:main:chores" } })).kind).toBe("none");
    expect(sight(withDefaults(sandbox, { heartbeat: { session: "main" } })).kind).toBe("host");
  });
});

describe("a directory that is mounted", () => {
  const bound = (binds: unknown, more: object = {}) => withDefaults({ mode: "all", docker: { binds }, ...more });

  test.each([
    [`${MAIL}:/mail:rw`, "mounted", "/mail"],
    [`${WORKSPACE}/:/here`, "mounted", "/here/.moltcomm"],
    ["/home:/hosts/home:rw", "mounted", "/hosts/home/ann/work/.moltcomm"],
    [`${MAIL}:/mail:ro`, "read-only", "/mail"],
    [`${MAIL}:/mail:z,ro`, "read-only", "/mail"],
    ["/home/ann/worker:/here:rw", "none", MAIL],
    ["a volume", "none", MAIL],
  ])("by %j is seen so", (bind, kind, mailDirectory) => {
    expect(sight(bound([bind]))).toMatchObject({ kind, mailDirectory });
  });

  test("by anything that is no list is not there", () => {
    expect([sight(bound("x:y")).kind, sight(bound([7, null])).kind]).toEqual(["none", "none"]);
  });

  test("for one agent counts beside those of all, and not in a container that all share", () => {
    const config = (scope: string) => ({
      agents: {
        defaults: { workspace: WORKSPACE, sandbox: { mode: "all", scope } },
        entries: { main: { sandbox: { docker: { binds: [`${MAIL}:/mail`] } } } },
      },
    });
    expect([sight(config("agent")).kind, sight(config("shared")).kind]).toEqual(["mounted", "none"]);
    const perSession = withDefaults({ mode: "all", perSession: false });
    expect(sight(perSession).kind).toBe("none");
  });

  test("into another working directory of the container is named by that", () => {
    const config = withDefaults({ mode: "all", workspaceAccess: "rw", docker: { workdir: "/srv" } });
    expect(sight(config).mailDirectory).toBe("/srv/.moltcomm");
  });

  test("for mail outside of the workspace is what the remedy names", () => {
    const { kind, obstacle } = sight(withDefaults({ mode: "all", workspaceAccess: "rw" }), "/srv/post/.moltcomm");
    expect(kind).toBe("none");
    expect(obstacle?.hint).toContain(
      'add "/srv/post/.moltcomm:/mail/.moltcomm:rw" to agents.defaults.sandbox.docker.binds',
    );
  });
});

test.each(["ssh", "openshell", "crabbox"])("an agent on a copy of its files (%s) does not see its mail", (backend) => {
  const { kind, obstacle } = sight(withDefaults({ mode: "all", backend, workspaceAccess: "rw" }));
  expect(kind).toBe("none");
  expect(obstacle?.why).toContain("on a copy of its files");
  expect(obstacle?.hint).toMatch(/^install the plugin/);
});

describe("the plugin's tools are a way out of the sandbox", () => {
  const plugins = { entries: { barnacle: { enabled: true } } };
  const tools = (policy: object) => ({ tools: { sandbox: { tools: policy } } });

  test.each([
    [{ alsoAllow: ["barnacle"] }],
    [{ alsoAllow: ["group:plugins"] }],
    [{ alsoAllow: ["Barnacle_*"] }],
    [{ allow: ["exec", "barnacle_read_messages"] }],
    [{ allow: [] }],
  ])("by %j", (policy) => {
    expect(sight({ ...withDefaults({ mode: "all" }), ...tools(policy), plugins })).toEqual({
      kind: "tools",
      mailDirectory: MAIL,
    });
  });

  test.each([
    [{}, plugins],
    [{ alsoAllow: ["other_*"] }, plugins],
    [{ alsoAllow: ["barnacle"], deny: ["barnacle_*"] }, plugins],
    [{ allow: ["exec"] }, plugins],
    [{ alsoAllow: ["barnacle"] }, {}],
    [{ alsoAllow: ["barnacle"] }, { entries: { barnacle: { enabled: false } } }],
  ])("not by %j with %j", (policy, installed) => {
    expect(sight({ ...withDefaults({ mode: "all" }), ...tools(policy), plugins: installed }).kind).toBe("none");
  });

  test("by the policy of the agent before that of all", () => {
    const entry = { tools: { sandbox: { tools: { alsoAllow: ["other"] } } } };
    const agents = { defaults: { workspace: WORKSPACE, sandbox: { mode: "all" } }, entries: { main: entry } };
    expect(sight({ agents, ...tools({ alsoAllow: ["barnacle"] }), plugins }).kind).toBe("none");
  });
});
