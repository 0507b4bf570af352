/** Hunts: an import against the one-way order of the house, a folder entered past its door, a cycle waiting to happen. */
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { sourceFiles } from "./sources.ts";

const GROUND = [
  "address",
  "errors",
  "join-bytes",
  "limits",
  "rate-limiter",
  "turns",
  "version",
  "licences",
  "openclaw-plugin",
  "runtime",
];
const BASE = ["contract", "log", "metrics", "store", "config", "scheduler", "http"];
const FEATURES = ["status", "hub", "moltcomm", "mailbox", "openclaw", "bridge", "deadman", "monitor"];

/** Which rooms each room may import from. What is not listed is forbidden. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  address: ["runtime"],
  errors: [],
  "join-bytes": [],
  limits: [],
  "rate-limiter": ["runtime"],
  turns: [],
  version: [],
  licences: [],
  "openclaw-plugin": [],
  runtime: ["errors", "join-bytes", "limits", "turns"],
  contract: ["address", "errors", "limits"],
  log: ["runtime", "errors", "limits"],
  metrics: ["runtime", "errors", "limits", "version"],
  store: ["log", "runtime", "errors", "limits"],
  config: ["address", "contract", "log", "store", "runtime", "errors", "limits", "version"],
  scheduler: ["log", "metrics", "runtime", "errors", "limits"],
  http: ["address", "contract", "log", "metrics", "runtime", "errors", "limits", "version"],
  ...Object.fromEntries(FEATURES.map((feature) => [feature, [...GROUND, ...BASE]])),
  "monitored-host": ["config", "runtime", "limits"],
  monitor: [...GROUND, ...BASE, "monitored-host"],
  "carried-by": [...GROUND, ...BASE],
  cli: [...GROUND, ...BASE, ...FEATURES, "carried-by", "cli"],
  agent: [
    ...GROUND,
    ...BASE,
    ...FEATURES,
    "mail-part",
    "mail-routes",
    "monitored-host",
    "openclaw-route",
    "relay",
    "status-init",
    "watched",
    "cli",
  ],
  "mail-part": [...GROUND, ...BASE, ...FEATURES, "agents", "mail", "mail-routes", "waking"],
  agents: [...GROUND, ...BASE, ...FEATURES, "carried-by", "mail", "mail-routes"],
  "mail-routes": [...GROUND, ...BASE],
  "openclaw-route": [...GROUND, ...BASE],
  // A program of its own, which runs in a gateway.
  "openclaw/plugin": [...GROUND, ...BASE, "hub", "openclaw"],
  relay: [...GROUND, ...BASE, ...FEATURES],
  waking: [...GROUND, ...BASE, ...FEATURES, "mail"],
  instructions: [...GROUND, ...BASE, ...FEATURES],
  watched: [...GROUND, ...BASE, ...FEATURES, "instructions"],
  "status-init": [...GROUND, ...BASE, ...FEATURES, "monitored-host"],
  mail: [...GROUND, ...BASE, ...FEATURES, "mail-routes"],
  main: [...GROUND, ...BASE, "cli", "agent", "#runtime"],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly room: string;
  readonly targetRoom: string;
}

function roomOf(path: string): string {
  if (path.startsWith("src/openclaw/plugin/")) return "openclaw/plugin";
  const [, first = ""] = path.split("/");
  return first.replace(/\.ts$/, "");
}

function allImports(): Import[] {
  return sourceFiles("src").flatMap((file) =>
    [...file.code.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+|#runtime)"/g)].map((match) => {
      const specifier = match[1] ?? "";
      const to = specifier === "#runtime" ? specifier : join(dirname(file.path), specifier).replaceAll("\\", "/");
      const targetRoom = specifier === "#runtime" ? specifier : to === "package.json" ? "package.json" : roomOf(to);
      return { from: file.path, to, room: roomOf(file.path), targetRoom };
    })
  );
}

function isBefore(left: string, right: string): boolean {
  const [leftUp, rightUp] = [left, right].map((specifier) => specifier.split("../").length) as [number, number];
  return leftUp === rightUp ? left < right : leftUp > rightUp;
}

describe("imports", () => {
  test("every room of src has its place in the order", () => {
    const rooms = new Set(sourceFiles("src").map((file) => roomOf(file.path)));
    expect([...rooms].filter((room) => !(room in ALLOWED))).toEqual([]);
  });

  test("go one way", () => {
    const wrong = allImports().filter(({ room, targetRoom }) =>
      room !== targetRoom && targetRoom !== "package.json" && !ALLOWED[room]?.includes(targetRoom)
    );
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test("enter another folder by its door", () => {
    const doors =
      /^src\/[^/]+\.ts$|^src\/[^/]+\/mod\.ts$|^src\/openclaw\/(facts|instructions|waking)\/mod\.ts$|^src\/mailbox\/commands\.ts$|^src\/runtime\/port\.ts$|^package\.json$|^#runtime$/;
    const wrong = allImports().filter(({ room, targetRoom, to }) => room !== targetRoom && !doors.test(to));
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test("stand in order: the farthest folder first, and by name in each", () => {
    const everywhere = ["src", "test", "scripts"].flatMap((folder) => sourceFiles(folder));
    const wrong = everywhere.flatMap(({ code, path }) => {
      const specifiers = [...code.matchAll(/^import\s[^;"]*?from "(\.[^"]+)"/gm)].map(([, specifier = ""]) =>
        specifier
      );
      return specifiers.flatMap((specifier, index) => {
        const next = specifiers[index + 1];
        return next !== undefined && isBefore(next, specifier) ? [`${path}: ${next} before ${specifier}`] : [];
      });
    });
    expect(wrong).toEqual([]);
  });

  test("name an adapter only in main", () => {
    const adapters = allImports().filter(({ room, to }) =>
      room !== "runtime" && /runtime\/(node|bun|deno|shared)/.test(to)
    );
    expect(adapters).toEqual([]);
    expect(allImports().filter(({ to }) => to === "#runtime").map(({ from }) => from)).toEqual(["src/main.ts"]);
  });
});
