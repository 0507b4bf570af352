/** Hunts: sums that drift when an instance changes its document or its owner, message ids that pile up or are lost too soon. */
import { describe, expect, test } from "vitest";
import type { HeardInstance } from "../../../src/hub/instance.ts";
import { Registry } from "../../../src/hub/registry.ts";

const WORDS = { capabilities: [], tags: [] };

function heard(id: string, changes: Partial<HeardInstance> = {}): HeardInstance {
  return {
    serviceName: "service",
    status: "healthy",
    availability: "available",
    free: 1,
    nodeId: undefined,
    host: undefined,
    timestampMs: 1,
    expiresInMs: 90_000,
    id,
    owner: "first",
    verified: false,
    heardAtMs: 1,
    documentText: "{}",
    ...changes,
  };
}

describe("Registry", () => {
  test("counts the characters and the owners of what it holds now", () => {
    const registry = new Registry(() => undefined);
    registry.put(heard("one"), WORDS);
    registry.put(heard("two"), WORDS);
    registry.put(heard("one", { documentText: '{"longer":true}' }), WORDS);
    registry.put(heard("two", { owner: "second" }), WORDS);
    expect([registry.documentCharacters, registry.countOf("first"), registry.countOf("second")]).toEqual([17, 1, 1]);
    registry.remove("one");
    expect([registry.documentCharacters, registry.countOf("first"), registry.countOf("second")]).toEqual([2, 0, 1]);
  });

  test("remembers the last eight message ids of an instance, and keeps them when one comes without", () => {
    const registry = new Registry(() => undefined);
    for (let id = 1; id <= 10; id++) registry.put(heard("one"), WORDS, id);
    registry.put(heard("one"), WORDS);
    expect(registry.get("one")?.messageIds).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
