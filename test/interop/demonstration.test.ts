/** Hunts: two nodes that talk to nobody but themselves, or only under one runtime. */
import { describe, expect, test } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import { TEST_TIMEOUT_MS } from "../e2e/timeout.ts";
import { Bench } from "./bench.ts";
import { demonstrate } from "./demonstration.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

describe("the two-node demonstration (§10)", () => {
  for (const way of ["node", "bun", "deno", "binary"] as const satisfies readonly Way[]) {
    test(`runs by ${way}`, timeout, () => demonstrate(way, way));
  }

  test("runs between the binary and Node", timeout, () => demonstrate("binary", "node"));

  test("has B ask A for its peers", timeout, async () => {
    const bench = new Bench("node");
    try {
      const a = await bench.stranger();
      await a.script.ask("trace");
      await bench.agent({ bootstrap: [a.address] });
      const asks = (event: Readonly<Record<string, unknown>>) =>
        (event["message"] as { readonly t: string } | undefined)?.t === "PEERS";
      expect(await a.script.event("frame", asks)).toMatchObject({ genuine: true });
    } finally {
      await bench.clear();
    }
  });
});
