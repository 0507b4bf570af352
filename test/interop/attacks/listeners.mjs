/** The hostile end that is dialled: what it does with whoever connects. None may harm the agent or keep it from others. */
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { encodeFrame, Identity, makeMessage, makeRecord } from "../wire.mjs";
import { Raw } from "./raw.mjs";

const ack = (identity, to, record = {}) =>
  makeMessage(identity, { t: "HELLO_ACK", to, body: { agent: "hostile/1", peer: makeRecord(identity, record) } });

/** What is done once the agent has said its `HELLO`. */
const BEHAVIOURS = {
  "closes at once": (raw) => raw.close(),
  "resets at once": (raw) => raw.socket.resetAndDestroy(),
  "says garbage": (raw) => raw.write(Buffer.alloc(10_000, 0xfe)),
  "announces a huge frame": (raw) => raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff])),
  "answers as another than it signs": (raw, { me, other, from }) =>
    raw.say(makeMessage(me, { t: "HELLO_ACK", to: from, body: { peer: makeRecord(other) } })),
  "answers with an expired record": (raw, { me, from }) => raw.say(ack(me, from, { expires: Date.now() - 1 })),
  "answers for someone else": (raw, { me, other }) => raw.say(ack(me, other.nodeId)),
  "answers unsigned": (raw, { me, from }) => raw.say({ ...ack(me, from), sig: "" }),
  "answers with the agent's own words": (raw, { hello }) => raw.say(hello),
  "answers as the agent itself": (raw, { me, hello }) =>
    raw.say(makeMessage(me, { t: "HELLO_ACK", from: hello.from, pub: hello.pub, body: { peer: hello.body.peer } })),
  "answers twice, then as three others": (raw, { me, from }) => {
    raw.say(ack(me, from));
    raw.say(ack(me, from));
    for (let index = 0; index < 3; index += 1) raw.say(ack(Identity.make(), from));
  },
  "refuses every request": (raw, { me, from }) => {
    raw.socket.on("data", () => {
      for (const { id } of raw.messages.splice(0)) {
        raw.say(makeMessage(me, { t: "ERROR", to: from, body: { ref: id, code: "RATE_LIMIT" } }));
      }
    });
  },
  "answers PEERS with 10,000 records": (raw, { me, from }) => {
    raw.say(ack(me, from, { addrs: ["tcp://203.0.113.5:9001"] }));
    const peers = Array.from(
      { length: 2_000 },
      () => makeRecord(Identity.make(), { addrs: ["tcp://203.0.113.5:9001"] }),
    );
    void raw.next(({ t }) => t === "PEERS").then((asked) => {
      for (let frame = 0; frame < 5; frame += 1) {
        raw.say(makeMessage(me, { t: "PEERS_RES", to: from, body: { ref: asked?.id ?? randomUUID(), peers } }));
      }
    }, () => raw.close());
  },
  "answers one byte and no more": (raw, { me, from }) => raw.write(encodeFrame(ack(me, from)).subarray(0, 1)),
};

export const LISTENER_BEHAVIOURS = Object.keys(BEHAVIOURS);

/** Listens as a hostile bootstrap. @param onVisit told when an agent said its `HELLO` */
export async function listen(behaviour, onVisit) {
  const [me, other] = [Identity.make(), Identity.make()];
  let visits = 0;
  const server = createServer((socket) => {
    const raw = new Raw(socket);
    const atMs = performance.now();
    raw.next(({ t }) => t === "HELLO").then((hello) => {
      if (hello === undefined) return;
      visits += 1;
      onVisit({ behaviour, visit: visits, from: hello.from, at_ms: atMs });
      BEHAVIOURS[behaviour](raw, { me, other, hello, from: hello.from });
    }, () => raw.close());
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  return `tcp://127.0.0.1:${server.address().port}`;
}
