/** Mail between the agent and a stranger who knows the protocol from the specification alone. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import { TEST_TIMEOUT_MS } from "../e2e/timeout.ts";
import type { Agent } from "./agent.ts";
import { Bench } from "./bench.ts";
import { countedTexts, TROUBLES } from "./troubles.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
const troubled = { timeout: 3 * TEST_TIMEOUT_MS };
/** A second without an answer is long enough where answers are lost on purpose. */
const IMPATIENT = { BARNACLE_MOLTCOMM_REQUEST_TIMEOUT_SECONDS: "1" };

export function defineMailTests(way: Way): void {
  let bench = new Bench(way);
  afterEach(async () => {
    await bench.clear();
    bench = new Bench(way);
  });

  describe("mail", () => {
    test("from a stranger gets its line, then its ACK", timeout, async () => {
      const agent = await bench.agent();
      const stranger = await bench.guest(agent);
      const msg = 'hello \u{1f40c}\n"\\\u2028';
      const sent = await stranger.script.ask<{ readonly id: string }>("send", { to: agent.nodeId, msg });
      expect(sent).toMatchObject({ outcome: "ACK" });
      const [line, ...more] = agent.inbox();
      expect(more).toEqual([]);
      expect(line).toMatchObject({ seq: 1, from: stranger.nodeId, id: sent.id, to: agent.nodeId, msg });
      expect(Object.keys(line ?? {})).toEqual(["seq", "received_ts", "from", "id", "to", "msg"]);
    });

    test("from the outbox reaches a stranger who shook hands, on the connection it made", timeout, async () => {
      const agent = await bench.agent();
      const stranger = await bench.guest(agent);
      agent.write({ to: stranger.nodeId, msg: "to you" });
      const direct = await stranger.script.event("direct");
      expect(direct).toMatchObject({ from: agent.nodeId, msg: "to you" });
      expect(await agent.delivered(1)).toEqual([direct["id"]]);
    });

    test("from the outbox reaches a stranger who is a bootstrap", timeout, async () => {
      const stranger = await bench.stranger();
      const agent = await bench.agent({ bootstrap: [stranger.address] });
      agent.write({ to: stranger.nodeId, msg: "to the bootstrap" });
      const direct = await stranger.script.event("direct");
      expect(direct).toMatchObject({ from: agent.nodeId, msg: "to the bootstrap" });
      expect(await agent.delivered(1)).toEqual([direct["id"]]);
    });

    test("from the outbox waits for a stranger who comes later", timeout, async () => {
      const agent = await bench.agent();
      const stranger = await bench.stranger();
      agent.write({ to: stranger.nodeId, msg: "whenever you come" });
      await stranger.script.ask("dial", { address: agent.address, to: agent.nodeId });
      expect(await stranger.script.event("direct")).toMatchObject({ msg: "whenever you come" });
    });

    test("goes both ways at once, each in order", timeout, async () => {
      const agent = await bench.agent();
      const stranger = await bench.guest(agent);
      const messages = countedTexts(300);
      agent.write(...messages.map((msg) => ({ to: stranger.nodeId, msg })));
      const { nodeId: to, address } = agent;
      await Promise.all([
        stranger.script.ask("deliver", { to, address, messages, window: 64, timeoutMs: 20_000 }),
        stranger.script.some(messages.length, "direct"),
      ]);
      expect(agent.inbox().map(({ msg }) => msg)).toEqual(messages);
      expect(stranger.script.all("direct").map((event) => event["msg"])).toEqual(messages);
    });

    test("keeps its id through refusals and cuts, and is signed anew each time", timeout, async () => {
      const agent = await bench.agent({ environment: IMPATIENT });
      const stranger = await bench.guest(agent);
      await stranger.script.ask("policy", { is: "RATE_LIMIT" });
      agent.write({ to: stranger.nodeId, msg: "again and again" });
      const refused = await stranger.script.event("refused", (event) => event["t"] === "DIRECT");
      await stranger.script.ask("policy", { is: "hold" });
      const [first, second] = await stranger.script.some(2, "held");
      expect(first?.["id"]).toBe(refused["id"]);
      expect(second?.["id"]).toBe(refused["id"]);
      expect(Number(second?.["ts"])).toBeGreaterThan(Number(first?.["ts"]));
      await stranger.script.ask("cut");
      await stranger.script.ask("policy", { is: "ack" });
      expect(await stranger.script.event("direct")).toMatchObject({ id: refused["id"] });
      expect(await agent.delivered(1)).toEqual([refused["id"]]);
    });

    test("is taken for delivered when the recipient itself says REPLAY (section 11.4)", timeout, async () => {
      const agent = await bench.agent();
      const stranger = await bench.guest(agent);
      await stranger.script.ask("policy", { is: "REPLAY" });
      agent.write({ to: stranger.nodeId, msg: "seen before" });
      const { id } = await stranger.script.event("refused", (event) => event["t"] === "DIRECT");
      expect(await agent.delivered(1)).toEqual([id]);
    });

    test("is settled by nobody but its recipient (section 11.4)", timeout, async () => {
      const agent = await bench.agent();
      const [stranger, third] = [await bench.guest(agent), await bench.guest(agent)];
      await stranger.script.ask("policy", { is: "hold" });
      agent.write({ to: stranger.nodeId, msg: "only you" });
      const { id: ref } = await stranger.script.event("held");
      const [ack, to] = [{ t: "ACK", to: agent.nodeId, body: { ref } }, agent.nodeId];
      const errors = ["REPLAY", "NOT_FOR_ME", "BAD_SIG"].map((code) => ({ t: "ERROR", to, body: { ref, code } }));
      for (const draft of [ack, ...errors]) {
        await third.script.ask("say", { to, draft });
        await stranger.script.ask("say", { to, draft, as: "other" });
        await stranger.script.ask("say", { to, draft, over: { sig: "" } });
        await stranger.script.ask("say", { to, draft, as: "other", over: { from: stranger.nodeId } });
        await stranger.script.ask("say", { to, draft: { ...draft, to: third.nodeId } });
      }
      await stranger.script.ask("say", { to, draft: { ...ack, body: { ref: "another" } } });
      await stranger.script.ask("say", { to, draft: { ...ack, ts: Date.now() - 3_600_000 } });
      expect([
        await third.script.ask("ping", { to, nonce: "1" }),
        await stranger.script.ask("ping", { to, nonce: "2" }),
      ])
        .toEqual(["1", "2"]);
      expect([...agent.ids("delivered"), ...agent.ids("failed")]).toEqual([]);
      // What was settled would not be sent again.
      await stranger.script.ask("policy", { is: "ack" });
      await stranger.script.ask("cut");
      expect(await stranger.script.event("direct")).toMatchObject({ id: ref });
      expect(await agent.delivered(1)).toEqual([ref]);
    });

    test("keeps its order though most of it is refused for its rate", timeout, async () => {
      const agent = await bench.agent({
        environment: {
          BARNACLE_MOLTCOMM_MESSAGES_PER_SECOND_PER_SENDER: "500",
          BARNACLE_MOLTCOMM_MESSAGES_BURST_PER_SENDER: "2",
        },
      });
      const [stranger, messages] = [await bench.stranger(), countedTexts(100)];
      const { nodeId: to, address } = agent;
      await stranger.script.ask("deliver", { to, address, messages, window: 64, timeoutMs: 10_000 });
      expect(agent.inbox().map(({ msg }) => msg)).toEqual(messages);
    });

    test("to a dead recipient delays nobody else's", timeout, async () => {
      const agent = await bench.agent();
      const [dead, alive] = [await bench.guest(agent), await bench.guest(agent)];
      await dead.script.ask("policy", { is: "ignore" });
      agent.write(...countedTexts(100).flatMap((msg) => [{ to: dead.nodeId, msg }, { to: alive.nodeId, msg }]));
      const directs = await alive.script.some(100, "direct");
      expect(directs.map((event) => event["msg"])).toEqual(countedTexts(100));
      expect(dead.script.all("direct")).toEqual([]);
    });
  });

  describe("peers", () => {
    test("are told with the records they signed, and no more than asked for", timeout, async () => {
      const agent = await bench.agent();
      const guests = [await bench.guest(agent), await bench.guest(agent), await bench.guest(agent)];
      const [first] = guests;
      const told = await first?.script.ask<readonly { readonly peer_id: string; readonly good: boolean }[]>("peers", {
        to: agent.nodeId,
      });
      const ids = told?.map((record) => record.peer_id);
      expect(ids).toEqual(expect.arrayContaining(guests.slice(1).map((guest) => guest.nodeId)));
      expect(told?.every((record) => record.good)).toBe(true);
      expect(await first?.script.ask("peers", { to: agent.nodeId, n: 1 })).toHaveLength(1);
    });

    test("are asked for, and those told are reached", timeout, async () => {
      const [bootstrap, hidden] = [await bench.stranger(), await bench.stranger()];
      await hidden.script.ask("dial", { address: bootstrap.address, to: bootstrap.nodeId });
      const agent = await bench.agent({ bootstrap: [bootstrap.address] });
      agent.write({ to: hidden.nodeId, msg: "found you" });
      expect(await hidden.script.event("direct")).toMatchObject({ from: agent.nodeId, msg: "found you" });
    });
  });

  describe("200 messages", () => {
    const shared = new Bench(way);
    let receiver: Agent;
    beforeAll(async () => {
      receiver = await shared.agent();
    }, TEST_TIMEOUT_MS);
    afterAll(() => shared.clear());

    for (const { name, plan, window, keepsOrder } of TROUBLES) {
      const promise = `exactly once${keepsOrder ? " and in order" : ""}`;
      const inOrder = (got: readonly string[]) => keepsOrder ? got : got.toSorted();

      test(`reach the agent ${promise} ${name}`, troubled, async () => {
        const [stranger, proxy] = [await bench.stranger(), bench.script("proxy.mjs")];
        const address = await proxy.ask<string>("open", { to: receiver.address, plan });
        const messages = countedTexts(200);
        const before = receiver.inbox().length;
        await stranger.script.ask("deliver", { to: receiver.nodeId, address, messages, window });
        const lines = receiver.inbox().slice(before);
        expect(lines.map(({ seq }) => seq)).toEqual(messages.map((_, index) => before + index + 1));
        expect(inOrder(lines.map(({ msg }) => msg))).toEqual(messages);
      });

      test(`reach a stranger ${promise} ${name}`, troubled, async () => {
        const [stranger, proxy] = [await bench.stranger(), bench.script("proxy.mjs")];
        const address = await proxy.ask<string>("open", { to: stranger.address, plan });
        await stranger.script.ask("advertise", { addrs: [address] });
        const agent = await bench.agent({
          bootstrap: [address],
          environment: { ...IMPATIENT, BARNACLE_MOLTCOMM_IN_FLIGHT_PER_RECIPIENT: String(window) },
        });
        const messages = countedTexts(200);
        agent.write(...messages.map((msg) => ({ to: stranger.nodeId, msg })));
        expect((await agent.delivered(200)).length).toBe(200);
        expect(inOrder(stranger.script.all("direct").map((event) => String(event["msg"])))).toEqual(messages);
      });
    }
  });
}
