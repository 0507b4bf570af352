/** Hunts: a host that the hub shows twice; a host's name told to somebody who did not know it. */
import { expect, test } from "vitest";
import { hostIdentifier, hostTag } from "../../src/monitored-host.ts";
import { load } from "./config/support/load.ts";

const OWN_HUB = { url: "http://127.0.0.1:7411" };

const process = (hostName = "vps") => ({
  hostFacts: () => ({
    hostName,
    os: "linux",
    architecture: "x64",
    processorCount: 1,
    homeDirectory: undefined,
  } as const),
});

async function tagOf(environment: Readonly<Record<string, string>>, ownHub?: typeof OWN_HUB) {
  const { config } = await load({ environment });
  return hostTag(config, process(), ownHub);
}

test("an agent is tagged with the identifier that was configured, whoever is told", async () => {
  expect(await tagOf({ BARNACLE_MONITOR_IDENTIFIER: "vps.t1" })).toEqual({ host: "vps.t1" });
});

test("an agent with a hub of its own is tagged with the host's name, by which its Monitor reports", async () => {
  expect(await tagOf({}, OWN_HUB)).toEqual({ host: "vps" });
  expect(await tagOf({ BARNACLE_MONITOR_ENABLED: "off" }, OWN_HUB)).toEqual({});
});

test.each([
  ["the receiver is the backend too", "https://hub.example/base", "https://hub.example", { host: "vps" }],
  ["the receiver is another", "https://backend.example", "https://hub.example", {}],
  ["there is no backend", "", "https://hub.example", {}],
  ["there is no receiver", "https://backend.example", "", {}],
])("the host's own name is told only where the Monitor tells it: %s", async (_what, backend, receiver, tag) => {
  const environment = {
    ...(backend === "" ? {} : { BARNACLE_MONITOR_BACKEND_URL: backend }),
    ...(receiver === "" ? {} : { OPENCLAW_BASE_URL: receiver }),
  };
  expect(await tagOf(environment)).toEqual(tag);
});

test("a host without a name, or with a very long one, still has an identifier", async () => {
  const { config } = await load({});
  expect(hostIdentifier(config, process(""))).toBe("localhost");
  expect(hostIdentifier(config, process("h".repeat(5_000))).length).toBeLessThan(5_000);
});
