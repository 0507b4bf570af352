/** What is wrong before there is any JSON object: lengths, bytes, text. Specification: sections 2, 4, 10 and 11. */
import { Buffer } from "node:buffer";
import { setImmediate as turn } from "node:timers/promises";
import { encodeFrame, FRAME_BYTES_MAX, Identity, makeMessage } from "../wire.mjs";
import { bytesOf } from "./raw.mjs";

const REFUSED = ["BAD_FRAME"];
const REFUSED_OR_CLOSED = ["BAD_FRAME", "close"];

/** Says bytes on a new connection. */
const bytes = (what) => async ({ dial }) => {
  const raw = await dial();
  raw.write(typeof what === "function" ? what() : what);
  return await raw.reaction();
};

const frame = (content) => bytes(() => encodeFrame(content));
const length = (value) => {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(value, 0);
  return prefix;
};
const ping = (nonce) => makeMessage(Identity.make(), { t: "PING", body: { nonce } });

/** A `PING` whose frame has exactly so many bytes. */
function pingOf(bytesTotal) {
  const message = ping("long");
  const bare = Buffer.byteLength(JSON.stringify({ ...message, padding: "" }));
  return { ...message, padding: "x".repeat(bytesTotal - bare) };
}

const notObjects = {
  "an array": "[]",
  "an array of a message": () => JSON.stringify([ping("x")]),
  "a string": '"v"',
  "a number": "1",
  "null": "null",
  "true": "true",
};

export const frameAttacks = [
  { name: "a frame of exactly the limit is read", section: "2", wants: ["PONG"], run: frame(pingOf(FRAME_BYTES_MAX)) },
  {
    name: "a frame one byte above the limit is refused",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: frame(pingOf(FRAME_BYTES_MAX + 1)),
  },
  {
    name: "a frame above the limit is refused on its length alone",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: bytes(length(FRAME_BYTES_MAX + 1)),
  },
  {
    name: "a frame above the limit closes the connection",
    section: "2",
    wants: ["close"],
    run: async ({ dial }) => {
      const raw = await dial();
      raw.write(length(0xffff_ffff));
      while (await raw.next() !== undefined);
      return "close";
    },
  },
  {
    name: "a length with the bytes the wrong way round is refused",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: bytes(bytesOf([0x2c, 0x01, 0, 0], "x".repeat(300))),
  },
  { name: "an empty frame is refused", section: "2", wants: REFUSED, run: bytes(length(0)) },
  {
    name: "a length shorter than the frame is refused",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: bytes(() => {
      const whole = encodeFrame(ping("short"));
      whole.writeUInt32BE(whole.length - 4 - 10, 0);
      return whole;
    }),
  },
  {
    name: "a length longer than the frame takes the next frame's bytes, and is refused",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: bytes(() => {
      const [first, second] = [encodeFrame(ping("long")), encodeFrame(ping("next"))];
      first.writeUInt32BE(first.length - 4 + 10, 0);
      return Buffer.concat([first, second]);
    }),
  },
  {
    name: "an HTTP request is refused",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  },
  {
    name: "a TLS greeting is refused",
    section: "2",
    wants: REFUSED_OR_CLOSED,
    run: bytes(bytesOf([0x16, 0x03, 0x01, 0x02, 0, 1, 0, 1, 0xfc, 3, 3], Buffer.alloc(505))),
  },
  {
    name: "bytes that are no UTF-8 are refused",
    section: "11.8",
    wants: REFUSED,
    run: frame(bytesOf([0xff, 0xfe, 0x7b, 0x7d])),
  },
  ...[
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate in UTF-8", [0xed, 0xa0, 0x80]],
    ["a torn character", [0xe2, 0x82]],
    ["a character beyond Unicode", [0xf5, 0x80, 0x80, 0x80]],
  ].map(([what, bad]) => ({
    name: `${what} inside a message is refused`,
    section: "11.8",
    wants: REFUSED,
    run: frame(bytesOf('{"v":1,"t":"PING","x":"', bad, '"}')),
  })),
  {
    name: "a message whose text is no UTF-8 is refused though all else is right",
    section: "11.8",
    wants: REFUSED,
    run: bytes(() => {
      const text = Buffer.from(JSON.stringify(ping("~~")), "utf8");
      text.writeUInt16BE(0xc328, text.indexOf("~~"));
      return encodeFrame(text);
    }),
  },
  { name: "what is no JSON is refused", section: "10", wants: REFUSED, run: frame("{not json}") },
  {
    name: "JSON cut short is refused",
    section: "10",
    wants: REFUSED,
    run: bytes(() => encodeFrame(JSON.stringify(ping("x")).slice(0, -1))),
  },
  {
    name: "JSON with more behind it is refused",
    section: "10",
    wants: REFUSED,
    run: bytes(() => encodeFrame(`${JSON.stringify(ping("x"))}{}`)),
  },
  {
    name: "JSON with a comment is refused",
    section: "10",
    wants: REFUSED,
    run: bytes(() => encodeFrame(`/* */${JSON.stringify(ping("x"))}`)),
  },
  ...Object.entries(notObjects).map(([what, text]) => ({
    name: `${what} instead of an object is refused`,
    section: "2",
    wants: REFUSED,
    run: bytes(() => encodeFrame(typeof text === "function" ? text() : text)),
  })),
  {
    name: "whitespace and another order of keys change nothing",
    section: "4",
    wants: ["PONG"],
    run: bytes(() => encodeFrame(JSON.stringify(Object.fromEntries(Object.entries(ping("x")).reverse()), null, "\t"))),
  },
  {
    name: "after a frame that is no JSON the next one is read",
    section: "10",
    wants: ["BAD_FRAME then PONG", "BAD_FRAME then close"],
    run: async ({ dial }) => {
      const raw = await dial();
      raw.write(Buffer.concat([encodeFrame("{"), encodeFrame(ping("after"))]));
      return `${await raw.reaction()} then ${await raw.reaction()}`;
    },
  },
  {
    name: "a message that comes one byte at a time is read",
    section: "10",
    wants: ["ACK"],
    run: async ({ dial, nodeId, me }) => {
      const raw = await dial();
      const whole = encodeFrame(makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: "taken byte by byte" } }));
      for (const byte of whole) {
        raw.write(Buffer.from([byte]));
        await turn();
      }
      return await raw.reaction();
    },
  },
  {
    name: "many messages in one write are all answered, in order",
    section: "10",
    wants: ["all"],
    run: async ({ dial }) => {
      const raw = await dial();
      const nonces = Array.from({ length: 100 }, (_, index) => `n${index}`);
      raw.write(Buffer.concat(nonces.map((nonce) => encodeFrame(ping(nonce)))));
      for (const nonce of nonces) {
        const answer = await raw.next(({ t }) => t === "PONG" || t === "ERROR");
        if (answer?.body.nonce !== nonce) return `${nonce}: ${JSON.stringify(answer?.body)}`;
      }
      return "all";
    },
  },
  {
    name: "half a frame then an end harms nobody",
    section: "10",
    wants: ["close"],
    run: async ({ dial }) => {
      const raw = await dial();
      const whole = encodeFrame(ping("half"));
      raw.socket.end(whole.subarray(0, 100));
      return await raw.reaction();
    },
  },
  {
    name: "half a frame then a reset harms nobody",
    section: "10",
    wants: ["reset"],
    run: async ({ dial }) => {
      const raw = await dial();
      raw.write(encodeFrame(ping("half")).subarray(0, 100));
      raw.socket.resetAndDestroy();
      return "reset";
    },
  },
];
