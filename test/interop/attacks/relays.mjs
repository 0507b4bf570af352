/** What a relay meets. Each attack says what must come of it and which of the relay's counters must have seen it. */
import { once } from "node:events";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { encodeFrame, FrameReader, Identity, makeMessage } from "../wire.mjs";

const KIB = 1_024;
/** Longer than a connection that takes nothing is kept. Source: docs/relay.md, "Limits". */
const NOT_READING_MS = 45_000;

const direct = (me, to, msg = "attack", more = {}) => makeMessage(me, { t: "DIRECT", to, body: { msg }, ...more });
const codesOf = (raw, code) => raw.messages.filter(({ t, body }) => t === "ERROR" && body.code === code).length;
const hasError = (code) => ({ t, body }) => t === "ERROR" && body.code === code;

/** Writes one frame so often, as fast as it is taken, for so long at most. @returns how often */
async function pour(raw, frame, times, untilMs = Infinity) {
  for (let count = 0; count < times; count += 1) {
    if (raw.isClosed || performance.now() > untilMs) return count;
    if (!raw.write(frame)) await Promise.race([once(raw.socket, "drain"), once(raw.socket, "close"), pause(1_000)]);
  }
  return times;
}

/** Takes frames without looking into them. @returns how many came, by now */
function countFrames(raw) {
  const reader = new FrameReader();
  const counts = { frames: 0 };
  raw.socket.removeAllListeners("data").on("data", (chunk) => void (counts.frames += reader.push(chunk).length));
  return counts;
}

export const relayAttacks = [
  {
    name: "a reader that never reads is refused for, and closed after 30 s",
    wants: ["refused for, and closed"],
    counters: ['frames_refused_total{reason="recipient_slow"}', 'closed_connections_total{reason="not_reading"}'],
    isLong: true,
    run: async ({ register, sample, probe }) => {
      const [deaf, sender] = [await register(), await register()];
      deaf.socket.pause();
      const frame = encodeFrame(direct(sender.me, deaf.me.nodeId, "x".repeat(60 * KIB)));
      const untilMs = performance.now() + NOT_READING_MS;
      // What a paused socket does not take the kernel takes for it, ever more of it: so there is always more.
      while (await sample('closed_connections_total{reason="not_reading"}') === 0) {
        if (performance.now() > untilMs) return "still registered";
        await pour(sender, frame, 100, performance.now() + 2_000);
        await probe();
        await pause(500);
      }
      await sender.next(hasError("RATE_LIMIT"));
      return "refused for, and closed";
    },
  },
  {
    name: "a slow reader gets in order what its sender was not refused for",
    wants: ["each frame came in order or was refused"],
    counters: ['pauses_total{reason="slow_recipient"}'],
    run: async ({ register, probe }) => {
      const [slow, sender] = [await register(), await register()];
      slow.socket.pause();
      const texts = Array.from({ length: 300 }, (_, index) => `${index} ${"x".repeat(60 * KIB)}`);
      const ids = texts.map((text) => sender.say(direct(sender.me, slow.me.nodeId, text)).id);
      await probe();
      for (let turn = 0; turn < 30; turn += 1) {
        slow.socket.resume();
        await pause(5);
        slow.socket.pause();
        await pause(20);
      }
      slow.socket.resume();
      const came = () => slow.messages.filter(({ t }) => t === "DIRECT").map(({ id }) => id);
      const refused = () => new Set(sender.messages.filter(hasError("RATE_LIMIT")).map(({ body }) => body.ref));
      const untilMs = performance.now() + 20_000;
      while (came().length + refused().size < ids.length && performance.now() < untilMs) await pause(20);
      const kept = ids.filter((id) => !refused().has(id));
      return kept.join() === came().join() && came().length > 0
        ? "each frame came in order or was refused"
        : `${came().length} came, ${refused().size} were refused of ${ids.length}`;
    },
  },
  {
    name: "ten thousand ids on one connection are one registration",
    wants: ["one registration"],
    counters: ['frames_refused_total{reason="foreign_sender"}'],
    run: async ({ register, hello, sample, probe }) => {
      const raw = await register();
      const before = await sample("registered");
      for (let count = 0; count < 10_000; count += 1) {
        raw.say(hello(Identity.make()));
        if (count % 500 === 0) await pause(1);
      }
      await probe();
      // What it was told of the others has used up its budget for a while.
      while (!raw.messages.some(({ t }) => t === "PONG")) {
        if (raw.isClosed) return "closed";
        raw.say(makeMessage(raw.me, { t: "PING", body: { nonce: "after all" } }));
        await pause(200);
      }
      const more = (await sample("registered")) - before;
      return more === 0 ? "one registration" : `${more} more registrations`;
    },
  },
  {
    name: "a thousand connections with an id each from one address are as many as one address may have",
    wants: ["within bounds"],
    counters: ['closed_connections_total{reason="address_connections_max"}'],
    run: async ({ dial, hello, probe }) => {
      const all = await Promise.all(Array.from({ length: 1_000 }, async () => {
        const raw = await dial().catch(() => undefined);
        raw?.say(hello(Identity.make()));
        return raw;
      }));
      for (let round = 0; round < 3; round += 1) await probe();
      const open = all.filter((raw) => raw?.isClosed === false).length;
      return open <= 256 && open > 0 ? "within bounds" : `${open} are open`;
    },
  },
  {
    name: "one that floods is read at its rate, and others are served",
    wants: ["slowed down"],
    counters: ['pauses_total{reason="rate"}'],
    run: async ({ register, probe }) => {
      const [flooder, target] = [await register(), await register()];
      const counts = countFrames(target);
      const startMs = performance.now();
      const frame = encodeFrame(direct(flooder.me, target.me.nodeId));
      const poured = pour(flooder, frame, 1_000_000, startMs + 4_000);
      for (let round = 0; round < 5; round += 1) await probe();
      await poured;
      const seconds = (performance.now() - startMs) / 1_000;
      // A second's worth at once, and the rate from then on.
      const most = 5_000 * (seconds + 2);
      return counts.frames > 5_000 && counts.frames <= most ? "slowed down" : `${counts.frames} in ${seconds} s`;
    },
  },
  {
    name: "frames to itself are refused",
    wants: ["UNSUPPORTED"],
    counters: ['frames_refused_total{reason="to_itself"}'],
    run: async ({ register }) => {
      const raw = await register();
      raw.say(direct(raw.me, raw.me.nodeId));
      return await raw.reaction();
    },
  },
  {
    name: "frames for nobody are refused, a flood of them within a budget",
    wants: ["UNREACHABLE within a budget"],
    counters: ['frames_refused_total{reason="unreachable"}'],
    run: async ({ register, probe }) => {
      const raw = await register();
      const frame = encodeFrame(direct(raw.me, Identity.make().nodeId));
      await pour(raw, frame, 8_000);
      await probe();
      await raw.next(hasError("UNREACHABLE"));
      const told = codesOf(raw, "UNREACHABLE");
      return told < 1_000 ? "UNREACHABLE within a budget" : `${told} answers`;
    },
  },
  {
    name: "a frame that somebody carries round goes round no faster than he carries it",
    wants: ["once for each time it was carried"],
    counters: ["forwarded_frames_total"],
    run: async ({ dial, register, probe }) => {
      const [inside, outside] = [await register(), await dial()];
      const frame = encodeFrame(direct(Identity.make(), inside.me.nodeId));
      const reader = new FrameReader();
      let [carried, came] = [1, 0];
      const untilMs = performance.now() + 1_000;
      inside.socket.removeAllListeners("data").on("data", (chunk) => {
        for (const body of reader.push(chunk)) {
          came += 1;
          if (performance.now() > untilMs) continue;
          carried += 1;
          outside.write(encodeFrame(body));
        }
      });
      outside.write(frame);
      await pause(1_200);
      while (came < carried) await pause(10);
      await probe();
      return came === carried && carried > 10 ? "once for each time it was carried" : `${came} of ${carried}`;
    },
  },
  {
    name: "a foreign from is dropped",
    wants: ["UNSUPPORTED, and nobody got it"],
    counters: ['frames_refused_total{reason="foreign_sender"}'],
    run: async ({ register }) => {
      const [raw, target] = [await register(), await register()];
      const other = Identity.make();
      raw.say(direct(other, target.me.nodeId));
      const code = await raw.reaction();
      raw.say(direct(raw.me, target.me.nodeId, "taken"));
      const came = await target.next(({ t }) => t === "DIRECT");
      return came?.from === raw.me.nodeId ? `${code}, and nobody got it` : "handed on";
    },
  },
  {
    name: "a captured HELLO that is played again binds nothing",
    wants: ["REPLAY, and its node is still found"],
    counters: ['frames_refused_total{reason="replay"}', 'registrations_total{outcome="refused"}'],
    run: async ({ dial, register, hello, nodeId }) => {
      const [node, sender] = [await dial(), await register()];
      const me = Identity.make();
      const said = node.say(hello(me, { to: nodeId }));
      await node.next(({ t }) => t === "HELLO_ACK");
      const thief = await dial();
      thief.say(said);
      const code = await thief.reaction();
      sender.say(direct(sender.me, me.nodeId, "taken"));
      const came = await node.next(({ t }) => t === "DIRECT");
      return came === undefined ? "taken over" : `${code}, and its node is still found`;
    },
  },
  {
    name: "a HELLO that was captured at another relay binds nothing here",
    wants: ["UNREACHABLE, then UNREACHABLE"],
    counters: ['frames_refused_total{reason="unreachable"}'],
    run: async ({ dial, register, hello }) => {
      const [thief, sender] = [await dial(), await register()];
      const me = Identity.make();
      thief.say(hello(me, { to: Identity.make().nodeId }));
      const code = await thief.reaction();
      sender.say(direct(sender.me, me.nodeId));
      return `${code}, then ${await sender.reaction()}`;
    },
  },
  {
    name: "a record with strange addresses is its sender's own trouble",
    wants: ["registered, and told to nobody at length"],
    counters: ['registrations_total{outcome="registered"}'],
    run: async ({ dial, register, hello, probe }) => {
      const strange = [
        "relay://[::1%25eth0]:9003",
        "tcp://999.1.2.3:99999",
        "relay://:0",
        "",
        "http://x",
        "tcp://a b:1",
      ];
      const long = Array.from({ length: 500 }, (_, index) => `relay://${"x".repeat(200)}.example:${index}`);
      const asking = await register();
      for (const addrs of [strange, long, [`relay://${"y".repeat(200 * KIB)}:1`]]) {
        const raw = await dial();
        raw.say(hello(Identity.make(), { record: { addrs } }));
        await raw.next(({ t }) => t === "HELLO_ACK");
      }
      await probe();
      const { id } = asking.say(makeMessage(asking.me, { t: "PEERS", body: { n: 1_000 } }));
      const { body } = await asking.next(({ t, body }) => t === "PEERS_RES" && body.ref === id);
      const longest = Math.max(0, ...body.peers.map(({ addrs }) => addrs.join("").length));
      return longest <= 1_024 ? "registered, and told to nobody at length" : `told ${longest} characters`;
    },
  },
  {
    name: "half a frame, then silence, harms nobody",
    wants: ["served"],
    counters: ["received_bytes_total"],
    run: async ({ register, probe }) => {
      const raw = await register();
      raw.write(encodeFrame(direct(raw.me, randomUUID(), "x".repeat(500 * KIB))).subarray(0, 400 * KIB));
      await probe();
      return "served";
    },
  },
];
