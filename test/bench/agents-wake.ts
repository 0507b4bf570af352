/** From a message's arrival to the call that wakes its agent: two agents as processes, and a gateway of a few lines. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Stage } from "../e2e/barnacle.ts";
import { ScriptedGateway } from "../e2e/gateway.ts";
import { makeWakingPair } from "../e2e/waking-pair.ts";

/** Of one message, in milliseconds; with a fresh recipient, because a gateway is called a few times a minute at most. */
export async function wakeCallMs(): Promise<number> {
  const stage = new Stage("binary");
  const gateway = new ScriptedGateway();
  try {
    const gatewayPort = await gateway.start();
    const { folder, send } = await makeWakingPair(stage, { gatewayPort, isContact: true });
    const called = gateway.wake().then(() => Date.now());
    await send("hello");
    const calledAtMs = await called;
    const line = JSON.parse(readFileSync(join(folder, ".moltcomm", "inbox.ndjson"), "utf8")) as {
      readonly received_ts: number;
    };
    return calledAtMs - line.received_ts;
  } finally {
    await stage.clear();
    await gateway.stop();
  }
}
