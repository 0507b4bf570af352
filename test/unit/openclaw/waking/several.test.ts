/** Hunts: an agent that is woken for another one's mail, and a gateway that pays for each agent's call what one call would have told. */
import { describe, expect, test } from "vitest";
import { GatewayAccount } from "../../../../src/openclaw/waking/mod.ts";
import { agent, json, KEY, makeGateway, makeWaker, MINUTE_MS, SECOND_MS } from "./support.ts";

describe("the wakers of several agents", () => {
  const gateways = [
    makeGateway({ agents: [agent("main", "/work", true), agent("research", "/research"), agent("desk", "/desk")] }),
  ];
  const agentIds = (calls: readonly { readonly body?: string | undefined }[]) =>
    calls.map(({ body }) => (JSON.parse(body ?? "") as { readonly agentId: string }).agentId);

  test("wake each its own agent: the one that works in its directory, else the one that is called so", async () => {
    for (
      const [directory, id, woken] of [["/desk", "research", "desk"], ["/elsewhere", "research", "research"]] as const
    ) {
      const { calls, clock, deliver } = makeWaker({ gateways: () => gateways, directory, id });
      deliver();
      await clock.advance(50);
      expect(agentIds(calls())).toEqual([woken]);
    }
  });

  test("wake nobody else for an agent that no gateway has, and say so", async () => {
    const { calls, clock, deliver, state, waker } = makeWaker({
      gateways: () => gateways,
      directory: "/elsewhere",
      id: "nobody",
    });
    state.key = KEY;
    deliver();
    await clock.advance(MINUTE_MS);
    expect(calls()).toEqual([]);
    expect(waker.answer()).toMatchObject({ state: "stopped", problem: expect.stringContaining('"nobody"') });
  });

  test("do not take for the daemon's own agent one whose mail lies elsewhere", async () => {
    const others = [makeGateway({ agents: [agent("research", "/r", true), agent("main", "/m")] })];
    const { calls, clock, deliver, far, state } = makeWaker({
      gateways: () => others,
      directory: "/elsewhere",
      otherIds: ["research"],
    });
    state.key = KEY;
    far.behave = ({ url }) =>
      url.endsWith("/health") ? json(200, { plugin_version: "1" })() : json(200, { ok: true })();
    deliver();
    await clock.advance(50);
    expect(agentIds(calls())).toEqual(["main"]);
  });

  test("show a gateway a token once that it refused, until it has changed", async () => {
    const account = new GatewayAccount();
    const first = makeWaker({ gateways: () => gateways, account });
    first.far.behave = json(401, {});
    first.deliver();
    await first.clock.advance(50);
    expect(first.calls()).toHaveLength(1);
    const state = { gateways };
    const second = makeWaker({ gateways: () => state.gateways, account, directory: "/research", id: "research" });
    second.deliver();
    await second.clock.advance(MINUTE_MS);
    expect(second.calls()).toEqual([]);
    expect(second.waker.answer()).toMatchObject({ state: "stopped", problem: first.waker.answer().problem });
    state.gateways = [makeGateway({ ...gateways[0], version: { number: "2026.9.7", from: "gateway" } })];
    second.waker.gatewaysChanged();
    await second.clock.advance(50);
    expect(second.calls()).toHaveLength(1);
  });

  test("wait together while a gateway takes no calls", async () => {
    const account = new GatewayAccount();
    const first = makeWaker({ gateways: () => gateways, account });
    first.far.behave = json(429, {}, { "retry-after": "40" });
    first.deliver();
    await first.clock.advance(50);
    const second = makeWaker({ gateways: () => gateways, account, directory: "/research", id: "research" });
    second.deliver();
    await second.clock.advance(30 * SECOND_MS);
    expect(second.calls()).toEqual([]);
    await second.clock.advance(20 * SECOND_MS);
    expect(second.calls()).toHaveLength(1);
  });
});
