/**
 * Hunts: a simulation that promises less, or other things, than the real adapters do: what passes in it would fail
 * outside.
 */
import { beforeAll, describe, expect, test } from "vitest";
import type { Certificates, ContractCase } from "../contract/case.ts";
import { CASES } from "../contract/cases.ts";
import { makeCertificates } from "./certificates.ts";
import { makeSimContext } from "./contract-context.ts";
import { SimWorld } from "./world.ts";

/** Cases that cannot run in the simulation, with the reason. */
const LEFT_OUT: Readonly<Record<string, string>> = "Bun" in globalThis
  ? {
    "onUncaught is told of what nobody caught, and the process lives on":
      "`bun test` takes unhandled rejections before any listener; Node's runner lets the world have them",
  }
  : {};

const SEED = 1;
const CASE_WITHIN_MS = 10 * 60_000;

async function runCase(one: ContractCase, certificates: Certificates): Promise<void> {
  const world = new SimWorld({ seed: SEED });
  const context = await makeSimContext(world, certificates);
  await world.wait(Promise.resolve(one.run(context)), { withinMs: CASE_WITHIN_MS });
}

describe("the runtime port in the simulation", () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });

  for (const one of CASES) {
    if (LEFT_OUT[one.name] !== undefined) continue;
    test(`${one.capability}: ${one.name}`, () => runCase(one, certificates));
  }

  test("every case left out exists and has a reason", () => {
    const names = CASES.map(({ name }) => name);
    for (const [name, reason] of Object.entries(LEFT_OUT)) {
      expect(names).toContain(name);
      expect(reason.length).toBeGreaterThan(20);
    }
  });

  test("a case that can never go on is reported instead of hanging", async () => {
    const stuck: ContractCase = { capability: "timers", name: "stuck", run: () => new Promise(() => undefined) };
    await expect(runCase(stuck, certificates)).rejects.toThrow("nothing can ever become ready");
  });
});
