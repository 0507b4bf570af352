/** What the tests of the mailbox share: a node that comes and goes, and a sender. @module */
import type { MessageOf } from "../../../../../src/moltcomm/wire/types.ts";
import { makeIdentity } from "../../node/support.ts";
import { makeScene, type RawPeer, type RelayOptions } from "../support.ts";

/** A relay with a mailbox, a sender, and a node that was here once. */
export async function makeBoxScene({ boxes = {}, ...options }: RelayOptions = {}) {
  const scene = await makeScene({ boxes, ...options });
  const { world, subject, register } = scene;
  const identity = makeIdentity(subject.runtime.crypto);
  const sender = await register(0);
  const leave = async (peer: RawPeer) => {
    peer.connection?.destroy();
    await world.until(() => subject.relay.view.registered === 1);
  };
  /** The node comes: what it gets, with its `PING` answered unless told otherwise. */
  const come = async (confirms = true, at = 1) => {
    const peer = await scene.dial(at, identity);
    if (confirms) peer.onMessage = (message) => pong(peer, message);
    peer.hello({ to: subject.nodeId });
    await peer.next("HELLO_ACK");
    return peer;
  };
  await leave(await come());
  /** Sends texts and waits until the relay has said what became of each. */
  const send = async (texts: readonly string[], from = sender) => {
    const sent = texts.map((text) => from.direct(identity.nodeId, text));
    await world.until(() => sent.every(({ id }) => from.all("ERROR").some(({ body }) => body.ref === id)));
    return sent;
  };
  const errorOf = (message: MessageOf<"DIRECT">, from = sender) =>
    from.all("ERROR").filter(({ body }) => body.ref === message.id).map(({ body }) => body.code);
  return { ...scene, identity, sender, come, leave, send, errorOf };
}

/** Answers a `PING` as every node does. */
export function pong(peer: RawPeer, message: RawPeer["received"][number]): void {
  if (message.t === "PING") peer.say("PONG", { nonce: message.body.nonce }, { to: message.from });
}

export function numbered(count: number, word = "m"): string[] {
  return Array.from({ length: count }, (_, index) => `${word}${index}`);
}
