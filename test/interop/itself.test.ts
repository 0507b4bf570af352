/** Hunts: a second implementation, or a proxy, that would blame the agent for its own mistakes. */
import { afterEach, describe, expect, test } from "vitest";
import { TEST_TIMEOUT_MS } from "../e2e/timeout.ts";
import { Script } from "./script.ts";
import { countedTexts, TROUBLES } from "./troubles.ts";

const timeout = { timeout: TEST_TIMEOUT_MS };
let scripts: Script[] = [];
afterEach(async () => {
  await Promise.all(scripts.map((script) => script.stop()));
  scripts = [];
});

function start(file: string): Script {
  const script = new Script(file);
  scripts.push(script);
  return script;
}

async function startPeer(): Promise<{ readonly peer: Script; readonly id: string; readonly address: string }> {
  const peer = start("peer.mjs");
  const { node_id: id } = await peer.ask<{ readonly node_id: string }>("id");
  return { peer, id, address: await peer.ask<string>("listen") };
}

describe("the second implementation", () => {
  test("shakes hands, pings, exchanges peers and delivers with itself", timeout, async () => {
    const [a, b] = await Promise.all([startPeer(), startPeer()]);
    expect(await b.peer.ask("dial", { address: a.address, to: a.id })).toBe(a.id);
    expect(await b.peer.ask("ping", { to: a.id, nonce: "n" })).toBe("n");
    expect(await b.peer.ask("peers", { to: a.id })).toMatchObject([{ peer_id: b.id, addrs: [b.address], good: true }]);
    const sent = await a.peer.ask<{ readonly id: string }>("send", { to: b.id, msg: "hello \u{1f40c}" });
    expect(sent).toMatchObject({ outcome: "ACK" });
    expect(b.peer.all("direct")).toMatchObject([{ from: a.id, id: sent.id, msg: "hello \u{1f40c}" }]);
    expect(await a.peer.ask("send", { to: b.id, msg: "again", id: sent.id })).toMatchObject({ outcome: "REPLAY" });
    expect(b.peer.all("direct").length).toBe(1);
  });

  for (const { name, plan, window, keepsOrder } of TROUBLES) {
    test(
      `delivers to itself 200 messages exactly once${keepsOrder ? " and in order" : ""} ${name}`,
      timeout,
      async () => {
        const [a, b] = await Promise.all([startPeer(), startPeer()]);
        const proxy = start("proxy.mjs");
        const address = await proxy.ask<string>("open", { to: b.address, plan });
        const messages = countedTexts(200);
        await a.peer.ask("deliver", { to: b.id, address, messages, window, timeoutMs: 200 });
        const got = b.peer.all("direct").map((event) => String(event["msg"]));
        expect(keepsOrder ? got : got.toSorted()).toEqual(messages);
        const [counts] = await proxy.ask<readonly Record<string, number>[]>("counts");
        for (const trouble of Object.keys(plan)) {
          if (trouble !== "seed") {
            expect(counts?.[trouble === "bytesPerSecond" ? "trickled" : trouble]).toBeGreaterThan(0);
          }
        }
      },
    );
  }
});
