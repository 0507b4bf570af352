/** Too much of something. What counts is what others notice of it: nothing. Specification: sections 7 and 10. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { encodeFrame, Identity, makeMessage, makeRecord } from "../wire.mjs";

const count = (messages, t, code) =>
  messages.filter((one) => one.t === t && (code === undefined || one.body.code === code)).length;

/** Writes frames as fast as they are taken; tells whether all were, before the connection was closed or stalled. */
async function pour(raw, frames, stallMs = 2_000) {
  for (const frame of frames) {
    if (raw.isClosed) return "closed";
    if (raw.write(frame)) continue;
    const outcome = await Promise.race([
      once(raw.socket, "drain").then(() => "drained"),
      once(raw.socket, "close").then(() => "closed"),
      new Promise((done) => setTimeout(done, stallMs, "stalled").unref()),
    ]);
    if (outcome !== "drained") return outcome;
  }
  return "poured";
}

const directs = (me, nodeId, total, msg) =>
  Array.from({ length: total }, () => encodeFrame(makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg } })));

export const floodAttacks = [
  {
    name: "a line-rate flood of messages gets RATE_LIMIT, and another sender is served meanwhile",
    section: "7",
    wants: ["limited"],
    isFlood: true,
    run: async ({ dial, me, nodeId, probe }) => {
      const raw = await dial();
      await raw.shakeHands(me);
      const poured = pour(raw, directs(me, nodeId, 3_000, "flood"));
      for (let round = 0; round < 5; round += 1) await probe();
      await poured;
      // A node need not answer every single frame of a flood, but it says what is wrong.
      await raw.next(({ t, body }) => t === "ERROR" && body.code === "RATE_LIMIT");
      const [acks, limits] = [count(raw.messages, "ACK"), count(raw.messages, "ERROR", "RATE_LIMIT")];
      const others = count(raw.messages, "ERROR") - limits;
      return others === 0 && acks > 0 && limits > 0 ? "limited" : `${acks} ACK, ${limits} RATE_LIMIT, ${others} other`;
    },
  },
  {
    name: "a flood of forgeries harms no other sender",
    section: "7",
    wants: ["refused"],
    isFlood: true,
    run: async ({ dial, me, nodeId, probe }) => {
      const raw = await dial();
      const forged = { ...makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: "attack" } }), ts: Date.now() - 1 };
      const frames = Array.from({ length: 5_000 }, () => encodeFrame({ ...forged, id: randomUUID() }));
      const poured = pour(raw, frames);
      for (let round = 0; round < 5; round += 1) await probe();
      await poured;
      return count(raw.messages, "ACK") === 0 ? "refused" : "taken";
    },
  },
  {
    name: "a flood of many made-up senders gets RATE_LIMIT by its address",
    section: "7",
    wants: ["limited", "close"],
    isFlood: true,
    run: async ({ dial }) => {
      const raw = await dial();
      const senders = Array.from({ length: 200 }, () => Identity.make());
      const frames = Array.from(
        { length: 4_000 },
        (_, index) => encodeFrame(makeMessage(senders[index % 200], { t: "PING", body: { nonce: "attack" } })),
      );
      await pour(raw, frames);
      const limit = await raw.next(({ t, body }) => t === "ERROR" && body.code === "RATE_LIMIT");
      return limit === undefined ? "close" : "limited";
    },
  },
  {
    name: "a storm of HELLOs harms nobody",
    section: "7",
    wants: ["survived"],
    isFlood: true,
    run: async ({ dial, hello, probe }) => {
      const raw = await dial();
      const frames = Array.from({ length: 2_000 }, () => encodeFrame(hello(Identity.make())));
      const poured = pour(raw, frames);
      await probe();
      await poured;
      await raw.next(({ t }) => t === "HELLO_ACK" || t === "ERROR");
      return "survived";
    },
  },
  {
    name: "10,000 records nobody asked for make no peers",
    section: "7",
    wants: ["untold"],
    isFlood: true,
    run: async ({ dial, me, probe }) => {
      const raw = await dial();
      const addrs = ["tcp://203.0.113.5:9001"];
      for (let frame = 0; frame < 5; frame += 1) {
        const peers = Array.from({ length: 2_000 }, () => makeRecord(Identity.make(), { addrs }));
        raw.say(makeMessage(me, { t: "PEERS_RES", body: { ref: randomUUID(), peers } }));
      }
      await probe();
      raw.say(makeMessage(me, { t: "PEERS", body: { n: 100_000 } }));
      const answer = await raw.next(({ t }) => t === "PEERS_RES");
      return answer?.body.peers.some((record) => record.addrs.includes(addrs[0])) ? "told" : "untold";
    },
  },
  {
    name: "who never reads the answers is not waited for by others",
    section: "10",
    wants: ["stalled", "closed", "poured"],
    run: async ({ dial, me, probe }) => {
      const raw = await dial();
      raw.socket.pause();
      const nonce = "x".repeat(30_000);
      const frames = Array.from({ length: 500 }, () => encodeFrame(makeMessage(me, { t: "PING", body: { nonce } })));
      const poured = await pour(raw, frames);
      for (let round = 0; round < 3; round += 1) await probe();
      return poured;
    },
  },
  {
    name: "half a frame then silence harms no other",
    section: "10",
    wants: ["survived"],
    run: async ({ dial, probe }) => {
      const halves = await Promise.all(Array.from({ length: 50 }, () => dial()));
      halves.forEach((raw) => raw.write(Buffer.concat([Buffer.from([0, 15, 0, 0]), Buffer.alloc(500_000, 0x20)])));
      for (let round = 0; round < 3; round += 1) await probe();
      return "survived";
    },
  },
  {
    name: "1,000 idle connections harm nobody",
    section: "10",
    wants: ["survived"],
    isFlood: true,
    run: async ({ dial, probe }) => {
      for (let batch = 0; batch < 10; batch += 1) await Promise.all(Array.from({ length: 100 }, () => dial()));
      for (let round = 0; round < 3; round += 1) await probe();
      return "survived";
    },
  },
  {
    name: "500 connections opened and reset at once harm nobody",
    section: "10",
    wants: ["survived"],
    isFlood: true,
    run: async ({ dial, probe }) => {
      const all = await Promise.all(Array.from({ length: 500 }, () => dial()));
      all.forEach((raw) => raw.socket.resetAndDestroy());
      await probe();
      return "survived";
    },
  },
];
