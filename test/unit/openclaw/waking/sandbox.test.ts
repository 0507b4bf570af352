/** Hunts: an agent woken again and again for mail that it cannot see, and one that is told paths of another world. */
import { describe, expect, test } from "vitest";
import type { AgentSandbox } from "../../../../src/openclaw/mod.ts";
import { agent, makeGateway, makeWaker, MINUTE_MS, SECOND_MS } from "./support.ts";

describe("a sandboxed agent that cannot see the work directory", () => {
  const sandbox = {
    setting: "agents.defaults.sandbox",
    backend: "docker",
    access: "none",
    mounts: [],
    hasTools: false,
  } as const;
  const gatewayWith = (change: Partial<AgentSandbox>) =>
    makeGateway({ agents: [{ ...agent("main", "/work", true), sandbox: { ...sandbox, ...change } }] });

  test("is woken once for what is new, not again for the same, and waking says why and what to do", async () => {
    const { calls, clock, deliver, log, readAll, state, waker } = makeWaker();
    state.gateways = [gatewayWith({})];
    deliver();
    await clock.advance(300 * MINUTE_MS);
    expect(calls()).toHaveLength(1);
    expect(waker.answer()).toMatchObject({ state: "unheeded", problem: expect.stringContaining("works in a sandbox") });
    expect(waker.answer().hint).toContain('agents.defaults.sandbox.workspaceAccess to "rw"');
    expect(log.named("agent_not_woken").length).toBeGreaterThan(0);
    deliver();
    await clock.advance(MINUTE_MS);
    expect(calls()).toHaveLength(1);
    readAll();
    await clock.advance(6 * MINUTE_MS);
    expect(waker.answer()).toMatchObject({ state: "idle", problem: null });
  });

  test("is woken again once its sandbox has the directory, with the paths in there", async () => {
    const { clock, deliver, state, texts, waker } = makeWaker();
    state.gateways = [gatewayWith({})];
    deliver();
    await clock.advance(10 * MINUTE_MS);
    texts();
    const mounts = [{ host: "/work", inside: "/workspace", isWritable: true }];
    state.gateways = [gatewayWith({ access: "rw", mounts })];
    waker.gatewaysChanged();
    await clock.advance(MINUTE_MS);
    const [text, ...others] = texts();
    expect(others).toEqual([]);
    expect(text).toContain("/workspace/.moltcomm/inbox.ndjson");
    expect(text).toContain("/workspace/.moltcomm/outbox.ndjson");
    expect(text).not.toContain(" /work/.moltcomm");
    expect(waker.answer().problem).toBeNull();
  });

  test("is told of the tools, where the plugin's are in its sandbox", async () => {
    const { clock, deliver, state, texts } = makeWaker();
    state.gateways = [gatewayWith({ hasTools: true })];
    deliver(2);
    await clock.advance(SECOND_MS);
    const [text] = texts();
    expect(text).toMatch(/^Barnacle: 2 new messages\. Read them with the tool barnacle_read_messages/);
    expect(text).not.toContain(".moltcomm");
  });
});
