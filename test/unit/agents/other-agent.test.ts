/** Hunts: a host that says it is degraded at each start, and one that says it is well while an agent has no mail. */
import { expect, test } from "vitest";
import { OtherAgent } from "../../../src/agents/other-agent.ts";
import { SimWorld } from "../../sim/mod.ts";
import { load } from "../config/support/load.ts";
import { makeBench } from "../scheduler/support.ts";

const START_MS = 10_000;

async function makeAgent() {
  const bench = makeBench();
  const host = new SimWorld({ seed: 1 }).addHost("alpha");
  const { runtime } = host.startIdle();
  const agent = new OtherAgent({ ...runtime, ...bench }, {
    agent: { id: "research", directory: "/nowhere", identity: "own" },
    loaded: await load(),
    hostDirectory: "/work",
    makeMail: undefined,
    endpointText: "",
  });
  return { agent, host, ...bench };
}

test("an agent whose mail is starting is no failure, unless it takes long", async () => {
  const { agent, clock } = await makeAgent();
  agent.start();
  expect([agent.problem(), agent.failure()]).toEqual(["its mail is starting", undefined]);
  await clock.advance(START_MS - 1);
  expect(agent.failure()).toBeUndefined();
  await clock.advance(1);
  expect(agent.failure()).toBe("its mail is starting");
});

test("an agent whose mail could not start is a failure at once", async () => {
  const { agent, clock, host, scheduler } = await makeAgent();
  agent.start();
  scheduler.start();
  await clock.advance(1);
  await host.world.run(1_000);
  expect(agent.failure()).toContain("FILE_NOT_FOUND");
});
