/**
 * Hunts: an adapter that does not keep a promise of the port. Each adapter runs in its own real runtime, in a process of its
 * own, whichever runtime executes this file; a runtime that is missing fails.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CASES } from "./cases.ts";
import type { CaseResult } from "./run.ts";

const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");
const RUN = join(import.meta.dirname, "run.ts");
const PEERS = join(import.meta.dirname, "peers.ts");
const SUITE_TIMEOUT_MS = 60_000;
/** Nothing listens there: whatever is sent by way of a proxy fails. */
const NO_PROXY_THERE = "http://127.0.0.1:1";
const PROXIES = {
  HTTP_PROXY: NO_PROXY_THERE,
  HTTPS_PROXY: NO_PROXY_THERE,
  ALL_PROXY: NO_PROXY_THERE,
  http_proxy: NO_PROXY_THERE,
  https_proxy: NO_PROXY_THERE,
};

/** How each runtime executes the suite. */
const LAUNCHERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  node: ["node", "--import", "tsx"],
  bun: ["bun"],
  deno: ["deno", "run", "-A", "--config", join(ROOT, ".deno-closed.json")],
};

interface Outcome {
  readonly results: ReadonlyMap<string, CaseResult>;
  /** How the run ended, and what it said besides; for the message when a result is missing. */
  readonly ending: string;
}

function launch(
  commandLine: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const [command, ...commandArguments] = commandLine;
  const env = { ...process.env, PATH: `${BIN}:${process.env["PATH"] ?? ""}`, ...environment };
  return spawn(join(BIN, command), commandArguments, { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"], env });
}

function keyOf({ capability, name }: { readonly capability: string; readonly name: string }): string {
  return `${capability}: ${name}`;
}

/** The first line of a process's output. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the peers ended with ${code}`)));
    if (child.stdout !== null) createInterface(child.stdout).once("line", resolve);
  });
}

function runSuite(launcher: readonly [string, ...string[]], peers: string): Promise<Outcome> {
  const results = new Map<string, CaseResult>();
  let errors = "";
  const child = launch([...launcher, RUN], { CONTRACT_PEERS: peers, ...PROXIES });
  return new Promise((resolve) => {
    if (child.stdout === null || child.stderr === null) throw new TypeError("A piped child has streams");
    createInterface(child.stdout).on("line", (line) => {
      if (!line.startsWith("{")) return;
      const result: CaseResult = JSON.parse(line);
      results.set(keyOf(result), result);
    });
    child.stderr.on("data", (text: Uint8Array) => errors += new TextDecoder().decode(text));
    child.once("error", (error) => resolve({ results, ending: error.message }));
    child.once("close", (code, signal) => resolve({ results, ending: `ended with ${code ?? signal}\n${errors}` }));
  });
}

const outcomes = new Map<string, Outcome>();
let peersProcess: ChildProcess | undefined;

beforeAll(async () => {
  peersProcess = launch(["node", "--import", "tsx", PEERS]);
  const peers = await firstLine(peersProcess);
  await Promise.all(
    Object.entries(LAUNCHERS).map(async ([name, launcher]) => outcomes.set(name, await runSuite(launcher, peers))),
  );
}, SUITE_TIMEOUT_MS);

afterAll(() => {
  // They end with their input, and take what they started along.
  peersProcess?.stdin?.end();
});

for (const name of Object.keys(LAUNCHERS)) {
  describe(`the ${name} adapter`, () => {
    for (const one of CASES) {
      test(keyOf(one), () => {
        const outcome = outcomes.get(name);
        const result = outcome?.results.get(keyOf(one));
        if (result === undefined) throw new Error(`no result; the run ${outcome?.ending ?? "never began"}`);
        expect(result.failure).toBeUndefined();
      });
    }
  });
}

test("each case has a name of its own", () => {
  expect(new Set(CASES.map(keyOf)).size).toBe(CASES.length);
});
