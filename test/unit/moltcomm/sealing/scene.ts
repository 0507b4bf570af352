/** A node, and a peer whose announcement a test chooses. @module */
import { Sealer } from "../../../../src/moltcomm/sealing/sealer.ts";
import type { Message } from "../../../../src/moltcomm/wire/types.ts";
import { makeIdentity, makeScene, newId, RawPeer, SECOND_MS, startNode } from "../node/support.ts";

export type Mode = "auto" | "required" | "off";

export const SEALS = "other/1 (hpke1)";

/** A node, and a peer that listens, says in each handshake what `peer.agent` is at the time, and acknowledges what it gets. */
export async function makeSealingScene(mode: Mode = "auto", options: Parameters<typeof makeScene>[0] = {}) {
  const unsealed = new Map<string, number>();
  const scene = await makeScene({
    addressesOf: () => ["tcp://10.0.0.2:9001"],
    sealing: { mode, unsealedAtMs: (nodeId) => unsealed.get(nodeId) },
    ...options,
  });
  const { world, runtime, there, subject } = scene;
  const identity = makeIdentity(runtime.crypto);
  const raw = await RawPeer.listen(world, runtime, there, identity);
  const peer = Object.assign(raw, { agent: SEALS as string | undefined, answer: "ACK" as string });
  const hello = () => ({ ...(peer.agent === undefined ? {} : { agent: peer.agent }), peer: peer.record() });
  peer.onMessage = (message) => {
    if (message.t === "HELLO") peer.say("HELLO_ACK", hello(), { to: message.from });
    if (message.t !== "DIRECT") return;
    if (peer.answer === "ACK") peer.say("ACK", { ref: message.id }, { to: message.from });
    else peer.say("ERROR", { ref: message.id, code: peer.answer }, { to: message.from });
  };
  const attempt = (msg = "hi", id = newId()) => subject.node.attempt({ to: peer.nodeId, id, msg });
  /** The peer loses its connection, and comes back saying this. */
  const comesBack = async (agent: string | undefined) => {
    peer.connection?.destroy();
    peer.agent = agent;
    await world.run(SECOND_MS);
  };
  const texts = () => peer.all("DIRECT").map(({ body }) => body.msg);
  /** The node stops, and starts again with sealing off. */
  const turnOff = async () => {
    await world.wait(subject.node.stop());
    subject.process.kill("SIGKILL");
    const again = await startNode(world, scene.here, {
      identity: subject.identity,
      addressesOf: () => ["tcp://10.0.0.2:9001"],
      sealing: { mode: "off", unsealedAtMs: (nodeId) => unsealed.get(nodeId) },
    });
    const say = (msg: string) => world.wait(again.node.attempt({ to: peer.nodeId, id: newId(), msg }));
    return { again, say };
  };
  return {
    ...scene,
    turnOff,
    unsealed,
    identity,
    peer,
    attempt,
    comesBack,
    texts,
    sealer: new Sealer(runtime, identity),
  };
}

export function openAll(sealer: Sealer, messages: readonly Message[]): Promise<string[]> {
  return Promise.all(messages.map(async (message) => {
    if (message.t !== "DIRECT") return message.t;
    const { from, to = "", id, body } = message;
    const opened = await sealer.open(body.msg, { from, to, id });
    return "msg" in opened ? opened.msg : opened.wrong;
  }));
}
