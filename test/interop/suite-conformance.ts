/** The conformance list of the protocol, row by row. Source: MoltComm v1, section 10. */
import { afterEach, describe, expect, test } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import { TEST_TIMEOUT_MS } from "../e2e/timeout.ts";
import type { Agent } from "./agent.ts";
import { Bench } from "./bench.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };

interface Heard {
  readonly message: { readonly t: string; readonly from: string; readonly to?: string };
  readonly genuine: boolean;
  readonly side: "accepted" | "dialled";
  readonly after_ms: number;
}

interface Told {
  readonly peer_id: string;
  readonly expires: number;
  readonly good: boolean;
}

export function defineConformanceTests(way: Way): void {
  let bench = new Bench(way);
  afterEach(async () => {
    await bench.clear();
    bench = new Bench(way);
  });

  /** Runs attacks by name and expects of each what the specification demands. */
  async function endures(agent: Agent, ...names: readonly string[]): Promise<void> {
    const hostile = bench.script("hostile.mjs");
    for (const name of names) {
      const { address, nodeId } = agent;
      const { wants, got } = await hostile.ask<{ wants: string[]; got: string }>("attack", {
        name,
        address,
        node_id: nodeId,
      });
      expect(wants).toContain(got);
    }
  }

  describe("§10", () => {
    test("§10 refuses oversized frames, on their length alone", timeout, async () => {
      const agent = await bench.agent({ environment: { BARNACLE_MOLTCOMM_MAX_FRAME_BYTES: "1048576" } });
      await endures(
        agent,
        "a frame of exactly the limit is read",
        "a frame one byte above the limit is refused",
        "a frame above the limit is refused on its length alone",
        "a frame above the limit closes the connection",
      );
    });

    test("§10 survives partial reads, and several frames in one", timeout, async () => {
      await endures(
        await bench.agent(),
        "a message that comes one byte at a time is read",
        "many messages in one write are all answered, in order",
        "half a frame then an end harms nobody",
      );
    });

    test("§10 answers invalid JSON with BAD_FRAME", timeout, async () => {
      await endures(
        await bench.agent(),
        "what is no JSON is refused",
        "JSON cut short is refused",
        "an empty frame is refused",
      );
    });

    test("§10 ignores unknown fields", timeout, async () => {
      await endures(
        await bench.agent(),
        "unknown fields in a DIRECT are ignored",
        "unknown fields in a HELLO and its record are ignored",
        "unknown fields in a PING are ignored",
        "unknown fields in a PEERS are ignored",
      );
    });

    test("§10 verifies every inbound message", timeout, async () => {
      await endures(
        await bench.agent(),
        "a signature by another key is refused",
        "a from that does not belong to pub is refused",
        "a message whose msg was changed after signing is refused",
        "a HELLO with a record with a bad signature is refused",
      );
    });

    test("§10 signs every outbound message last: whatever it says verifies as it was sent", timeout, async () => {
      const stranger = await bench.stranger();
      await stranger.script.ask("trace");
      const agent = await bench.agent({ bootstrap: [stranger.address] });
      await stranger.script.event("handshake");
      const { script } = stranger;
      await script.ask("dial", { address: agent.address, to: agent.nodeId });
      await script.ask("ping", { to: agent.nodeId });
      await script.ask("peers", { to: agent.nodeId });
      await script.ask("send", { to: agent.nodeId, msg: "one" });
      await script.ask("say", { to: agent.nodeId, draft: { t: "NONSENSE", body: {} } });
      agent.write({ to: stranger.nodeId, msg: "two" });
      await script.event("direct");
      const isError = (event: Readonly<Record<string, unknown>>) => (event as unknown as Heard).message.t === "ERROR";
      await script.event("frame", isError);
      const heard = script.all("frame").map((event) => event as unknown as Heard);
      const kinds = new Set(heard.map(({ message }) => message.t));
      expect([...kinds]).toEqual(
        expect.arrayContaining(["HELLO", "HELLO_ACK", "PONG", "PEERS", "PEERS_RES", "DIRECT", "ACK", "ERROR"]),
      );
      expect(heard.filter(({ genuine, message }) => !genuine || message.from !== agent.nodeId)).toEqual([]);
    });

    test("§10 says HELLO within 1 s of connecting", timeout, async () => {
      const stranger = await bench.stranger();
      await stranger.script.ask("trace");
      await bench.agent({ bootstrap: [stranger.address] });
      const first = await stranger.script.event("frame", (event) => event["side"] === "accepted") as unknown as Heard;
      expect(first.message.t).toBe("HELLO");
      expect(first.after_ms).toBeLessThan(1_000);
    });

    test("§10 answers PEERS from a store of checked records, and drops them once they expire", timeout, async () => {
      const agent = await bench.agent();
      const [lasting, asking] = [await bench.guest(agent), await bench.guest(agent)];
      const brief = await bench.stranger();
      await brief.script.ask("last", { ms: 3_000 });
      await brief.script.ask("dial", { address: agent.address, to: agent.nodeId });
      const ask = () => asking.script.ask<readonly Told[]>("peers", { to: agent.nodeId, n: 100 });
      const first = await ask();
      expect(first.every(({ good }) => good)).toBe(true);
      expect(first.map(({ peer_id }) => peer_id)).toEqual(expect.arrayContaining([lasting.nodeId]));
      const expires = first.find(({ peer_id }) => peer_id === brief.nodeId)?.expires ?? Date.now();
      while (Date.now() <= expires) await ask();
      const later = (await ask()).map(({ peer_id }) => peer_id);
      expect(later).toContain(lasting.nodeId);
      expect(later).not.toContain(brief.nodeId);
    });

    test(
      "§10 refuses a DIRECT without to, or for another; acknowledges one of its own to its sender",
      timeout,
      async () => {
        const agent = await bench.agent();
        await endures(agent, "a DIRECT without to is refused", "a DIRECT for someone else is refused");
        const guest = await bench.guest(agent);
        await guest.script.ask("trace");
        const { id } = await guest.script.ask<{ readonly id: string }>("send", { to: agent.nodeId, msg: "mine" });
        const isAck = (event: Readonly<Record<string, unknown>>) => (event as unknown as Heard).message.t === "ACK";
        expect(await guest.script.event("frame", isAck)).toMatchObject({
          message: { to: guest.nodeId, body: { ref: id } },
        });
      },
    );

    test("§10 connects again after each loss", timeout, async () => {
      const stranger = await bench.stranger();
      const agent = await bench.agent({ bootstrap: [stranger.address] });
      for (let meeting = 1; meeting <= 3; meeting += 1) {
        await stranger.script.some(meeting, "handshake", (event) => event["side"] === "accepted");
        await stranger.script.ask("cut");
      }
      agent.write({ to: stranger.nodeId, msg: "still here" });
      expect(await stranger.script.event("direct")).toMatchObject({ msg: "still here" });
    });

    test(
      "§10 limits the rate of each sender and harms no other; what was refused can come again",
      timeout,
      async () => {
        const agent = await bench.agent({
          environment: {
            BARNACLE_MOLTCOMM_MESSAGES_PER_SECOND_PER_SENDER: "1",
            BARNACLE_MOLTCOMM_MESSAGES_BURST_PER_SENDER: "5",
          },
        });
        const [many, few] = [await bench.guest(agent), await bench.guest(agent)];
        const { nodeId: to, address } = agent;
        const sent = await Promise.all(
          Array.from({ length: 20 }, () => many.script.ask<{ readonly outcome: string }>("send", { to, msg: "many" })),
        );
        const outcomes = sent.map(({ outcome }) => outcome);
        expect(outcomes[0]).toBe("ACK");
        expect(outcomes.filter((outcome) => outcome === "RATE_LIMIT").length).toBeGreaterThan(10);
        expect(await few.script.ask("send", { to, msg: "few" })).toMatchObject({ outcome: "ACK" });
        await many.script.ask("deliver", { to, address, messages: ["after all"], window: 1, timeoutMs: 2_000 });
        expect(agent.inbox().at(-1)).toMatchObject({ msg: "after all" });
      },
    );

    test("§10 limits the rate of each address", timeout, async () => {
      const agent = await bench.agent({
        environment: {
          BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_CONNECTION: "100000",
          BARNACLE_MOLTCOMM_FRAMES_PER_SECOND_PER_ADDRESS: "100",
        },
      });
      await endures(agent, "a flood of many made-up senders gets RATE_LIMIT by its address");
    });

    test("§10 answers a clock that is off with BAD_TS", timeout, async () => {
      await endures(
        await bench.agent(),
        "a clock 11 minutes behind is refused",
        "a clock 11 minutes ahead is refused",
        "a clock 9 minutes behind is taken",
        "a clock 9 minutes ahead is taken",
      );
    });
  });
}
