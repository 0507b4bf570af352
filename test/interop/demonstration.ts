/**
 * The two-node demonstration: A listens; B has A as its bootstrap; they shake hands; B asks `PEERS`; A sends `DIRECT` to B and gets the
 * `ACK`. Source: MoltComm v1, section 10.
 */
import { expect } from "vitest";
import type { Way } from "../e2e/barnacle.ts";
import { Bench } from "./bench.ts";

/** Runs it with A and B by these ways, from an empty work directory each. */
export async function demonstrate(wayOfA: Way, wayOfB: Way): Promise<void> {
  const [benchOfA, benchOfB] = [new Bench(wayOfA), new Bench(wayOfB)];
  try {
    const folder = benchOfA.stage.folder();
    expect((await benchOfA.stage.run(["init", "--dir", folder])).exit.code).toBe(0);
    const a = await benchOfA.agent({ folder });
    const shown = await benchOfA.stage.run(["id", "--json", "--dir", folder]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ node_id: a.nodeId });
    const b = await benchOfB.agent({ bootstrap: [a.address] });
    a.write({ to: b.nodeId, msg: "hello from A" });
    const [id] = await a.delivered(1);
    expect(b.inbox()).toMatchObject([{ seq: 1, from: a.nodeId, to: b.nodeId, id, msg: "hello from A" }]);
    b.write({ to: a.nodeId, msg: "hello from B" });
    await b.delivered(1);
    expect(a.inbox()).toMatchObject([{ seq: 1, from: b.nodeId, to: a.nodeId, msg: "hello from B" }]);
    expect(await a.running.stop()).toEqual({ code: 0, signal: null });
    expect(await b.running.stop()).toEqual({ code: 0, signal: null });
  } finally {
    await Promise.all([benchOfA.clear(), benchOfB.clear()]);
  }
}
