/** Answers nobody asked for. None may have an effect, and none may be answered by more than an error. Specification: sections 5 and 11. */
import { randomUUID } from "node:crypto";
import { makeMessage, makeRecord } from "../wire.mjs";

const NO_EFFECT = ["nothing", "BAD_FRAME", "UNSUPPORTED"];

const say = (make) => async (context) => {
  const raw = await context.dial();
  raw.say(make(context));
  return await raw.reactionOrNothing();
};

export const answerAttacks = [
  {
    name: "an ACK for what was never sent has no effect",
    section: "5",
    wants: NO_EFFECT,
    run: say(({ me, nodeId }) => makeMessage(me, { t: "ACK", to: nodeId, body: { ref: randomUUID() } })),
  },
  {
    name: "an ACK for someone else has no effect",
    section: "7",
    wants: ["nothing", "NOT_FOR_ME"],
    run: say(({ me, other }) => makeMessage(me, { t: "ACK", to: other.nodeId, body: { ref: randomUUID() } })),
  },
  {
    name: "a PONG nobody asked for has no effect",
    section: "5",
    wants: NO_EFFECT,
    run: say(({ me }) => makeMessage(me, { t: "PONG", body: { nonce: "attack" } })),
  },
  ...["REPLAY", "BAD_SIG", "NO_SUCH_CODE", "", "__proto__"].map((code) => ({
    name: `an ERROR ${JSON.stringify(code)} for what was never sent has no effect`,
    section: "5",
    wants: ["nothing"],
    run: say(({ me, nodeId }) => makeMessage(me, { t: "ERROR", to: nodeId, body: { ref: randomUUID(), code } })),
  })),
  {
    name: "an ERROR without ref has no effect",
    section: "5",
    wants: ["nothing"],
    run: say(({ me }) => makeMessage(me, { t: "ERROR", body: { code: "RATE_LIMIT" } })),
  },
  {
    name: "an ERROR with a bad signature is not answered for ever",
    section: "5",
    wants: ["nothing", "BAD_SIG", "close"],
    run: say(({ me }) => ({ ...makeMessage(me, { t: "ERROR", body: { code: "RATE_LIMIT" } }), id: "changed" })),
  },
  {
    name: "PEERS_RES nobody asked for makes no peers",
    section: "7",
    wants: ["untold"],
    run: async ({ dial, me, other }) => {
      const raw = await dial();
      const record = makeRecord(other, { addrs: ["tcp://203.0.113.5:9001"] });
      raw.say(makeMessage(me, { t: "PEERS_RES", body: { ref: randomUUID(), peers: [record] } }));
      raw.say(makeMessage(me, { t: "PEERS", body: { n: 1_000 } }));
      const answer = await raw.next(({ t }) => t === "PEERS_RES");
      return answer?.body.peers.some(({ peer_id }) => peer_id === other.nodeId) ? "told" : "untold";
    },
  },
];
