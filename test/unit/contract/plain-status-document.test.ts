/** Hunts: a document that the quick look takes and the schema would not, or would change. */
import { expect, test } from "vitest";
import { isPlainStatusDocument, receivedStatusDocument } from "../../../src/contract/mod.ts";
import { SeededRandom } from "../../sim/random.ts";

const ROUNDS = 20_000;

function wholeDocument(): Record<string, unknown> {
  return {
    schema_version: "1.0.0",
    service_name: "svc",
    instance_id: "host-1",
    message_id: "8c5b1a2e-0d3f-4a6b-9c7d-1e2f3a4b5c6d",
    timestamp: "2026-03-31T12:00:00.250Z",
    uptime_seconds: 12,
    version: "1.2.3-rc.1+build",
    capabilities: ["one", "two"],
    capacity: { concurrent_tasks: 4, active_tasks: 1, queue_length: 0 },
    health: { status: "healthy", reason: "well", details: { last_task_success_seconds: 3, more: [1] } },
    availability: "available",
    expires_in_seconds: 90,
    tags: { region: "eu", host: "a" },
    node_id: `ed25519:${"A".repeat(43)}`,
    unknown: { kept: true },
  };
}

/** What may go wrong with a value, and what may look as if it had. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1,
  1.5,
  86_400,
  86_401,
  2 ** 53,
  "",
  "x",
  " ",
  "a\nb",
  "\u0085",
  "\u00a0",
  "\ud800",
  "é",
  "x".repeat(128),
  "x".repeat(256),
  "x".repeat(257),
  "x".repeat(1_024),
  "x".repeat(1_025),
  "1.0",
  "01.0.0",
  "1.0.0-é",
  "2026-02-29T00:00:00Z",
  "2024-02-29T00:00:00Z",
  "2026-04-31T00:00:00Z",
  "2026-03-31T24:00:00Z",
  "2026-03-31T23:59:60Z",
  "2026-03-31T23:59Z",
  "2026-03-31T23:59:59+00:00",
  "2026-03-31T23:59:59.Z",
  "2026-03-31t23:59:59z",
  "2026-03-31",
  "8C5B1A2E-0D3F-4A6B-9C7D-1E2F3A4B5C6D",
  "00000000-0000-0000-0000-000000000000",
  "8c5b1a2e0d3f4a6b9c7d1e2f3a4b5c6d",
  `ed25519:${"A".repeat(42)}`,
  "offline",
  "paused",
  "draining",
  "unwell",
  [],
  ["one", ""],
  ["a", 1],
  Array.from({ length: 65 }, (_, index) => `c${index}`),
  Array.from({ length: 1_025 }, (_, index) => `c${index}`),
  {},
  { status: "offline" },
  { a: "b" },
  { a: 1 },
  { "": "b" },
  { "a\tb": "c" },
  JSON.parse('{"__proto__":"x"}'),
  Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`t${index}`, "v"])),
];

function spoil(random: SeededRandom, document: Record<string, unknown>): void {
  const nested = ["capacity", "health", "tags"].map((key) => document[key]).filter((value) => isObject(value));
  const target = random.chance(0.5) ? document : random.pick([document, ...nested]);
  const key = random.chance(0.05) ? "added" : random.pick(Object.keys(target).concat("details"));
  if (random.chance(0.2)) delete target[key];
  else target[key] = random.pick(STRANGE);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("isPlainStatusDocument takes a whole document, and one without what is optional", () => {
  expect(isPlainStatusDocument(wholeDocument())).toBe(true);
  const { message_id: _id, availability: _, expires_in_seconds: _e, tags: _t, node_id: _n, ...least } = wholeDocument();
  expect(isPlainStatusDocument(least)).toBe(true);
});

test("isPlainStatusDocument takes nothing that the schema refuses or changes", () => {
  const random = new SeededRandom(11);
  const seen = { plain: 0, taken: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const document = wholeDocument();
    spoil(random, document);
    if (random.chance(0.3)) spoil(random, document);
    const checked = receivedStatusDocument.safeParse(document);
    seen[isPlainStatusDocument(document) ? "plain" : checked.success ? "taken" : "refused"]++;
    if (!isPlainStatusDocument(document)) continue;
    expect(checked.success, JSON.stringify(document)).toBe(true);
    expect(checked.data).toEqual(document);
  }
  // Each kind was met often, so that the comparison says something.
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(ROUNDS / 100);
});

test("isPlainStatusDocument leaves what is no object to the schema", () => {
  for (const value of STRANGE) expect(isPlainStatusDocument(value)).toBe(false);
  expect(isPlainStatusDocument(undefined)).toBe(false);
});
