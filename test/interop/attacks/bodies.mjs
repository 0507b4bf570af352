/** What is wrong with a body, a record or a text, and what only looks so. Specification: sections 3, 4, 5, 6 and 11. */
import { Buffer } from "node:buffer";
import { Identity, makeMessage, makeRecord, recordInput } from "../wire.mjs";
import { writeByHand } from "./raw.mjs";

const SHAPE = ["BAD_FRAME"];
const WRONG = { text: [1, null, true, [], {}], record: [undefined, 1, null, "record", true, []] };

const say = (make) => async (context) => {
  const raw = await context.dial();
  raw.say(make(context));
  return await raw.reaction();
};
const sayOrNothing = (make) => async (context) => {
  const raw = await context.dial();
  raw.say(make(context));
  return await raw.reactionOrNothing();
};
const show = (value) => value === undefined ? "missing" : JSON.stringify(value);

/** Type, field, what it may not be. */
const MISTYPED_BODIES = [
  ["HELLO", "agent", WRONG.text],
  ["HELLO", "peer", WRONG.record],
  ["HELLO_ACK", "agent", WRONG.text],
  ["HELLO_ACK", "peer", WRONG.record],
  ["PING", "nonce", [undefined, ...WRONG.text]],
  ["PONG", "nonce", [undefined, ...WRONG.text]],
  ["PEERS", "n", ["20", null, true, [], {}, 2.5]],
  ["PEERS_RES", "ref", [undefined, ...WRONG.text]],
  ["PEERS_RES", "peers", [undefined, 1, null, "[]", true, {}]],
  ["DIRECT", "msg", [undefined, ...WRONG.text]],
  ["ACK", "ref", [undefined, ...WRONG.text]],
  ["ERROR", "code", [undefined, ...WRONG.text]],
  ["ERROR", "ref", WRONG.text],
  ["ERROR", "detail", WRONG.text],
];

/** What settles something need not be answered at all: two nodes that find fault with each other's answers would never end. */
const wantsOf = (t) => t === "ERROR" || t === "ACK" ? [...SHAPE, "nothing"] : SHAPE;

function usualBody(t, me) {
  const peer = makeRecord(me, { addrs: ["tcp://203.0.113.9:9001"] });
  const bodies = {
    HELLO: { agent: "hostile/1", peer },
    HELLO_ACK: { agent: "hostile/1", peer },
    PING: { nonce: "attack" },
    PONG: { nonce: "attack" },
    PEERS: { n: 5 },
    PEERS_RES: { ref: "attack", peers: [] },
    DIRECT: { msg: "attack" },
    ACK: { ref: "attack" },
    ERROR: { ref: "attack", code: "BAD_FRAME", detail: "attack" },
  };
  return bodies[t];
}

const bodies = MISTYPED_BODIES.flatMap(([t, name, values]) =>
  values.map((value) => ({
    name: `a ${t} with ${name} ${show(value)} is refused`,
    section: "4",
    wants: wantsOf(t),
    run: sayOrNothing(({ me, nodeId }) =>
      makeMessage(me, { t, to: nodeId, body: { ...usualBody(t, me), [name]: value } })
    ),
  }))
);

const RECORDS = {
  "expired": ({ me }) => makeRecord(me, { ts: Date.now() - 7_200_000, expires: Date.now() - 3_600_000 }),
  "just expired": ({ me }) => makeRecord(me, { expires: Date.now() - 1 }),
  "of someone else": ({ other }) => makeRecord(other),
  "with someone else's name": ({ me, other }) => makeRecord(me, { peer_id: other.nodeId }),
  "with someone else's key": ({ me, other }) => makeRecord(me, { pub: other.pub }),
  "with a bad signature": ({ me, other }) => {
    const record = makeRecord(me);
    return { ...record, sig: other.sign(recordInput(record)) };
  },
  "with an address added after signing": ({ me }) => ({ ...makeRecord(me), addrs: ["tcp://203.0.113.66:9001"] }),
  "prolonged after signing": ({ me }) => ({
    ...makeRecord(me, { expires: Date.now() + 1_000 }),
    expires: Date.now() + 3_600_000,
  }),
  "with pub in another form": ({ me }) => makeRecord(me, { pub: me.pub.slice(0, -1) }),
  "without addrs": ({ me }) => ({ ...makeRecord(me), addrs: undefined }),
  "with addrs a text": ({ me }) => ({ ...makeRecord(me), addrs: "tcp://203.0.113.9:9001" }),
  "with an address that is a number": ({ me }) => makeRecord(me, { addrs: [9001] }),
  "without expires": ({ me }) => ({ ...makeRecord(me), expires: undefined }),
  "with expires a text": ({ me }) => makeRecord(me, { expires: String(Date.now() + 3_600_000) }),
  "with a fraction in expires": ({ me }) => makeRecord(me, { expires: Date.now() + 3_600_000.5 }),
  "without ts": ({ me }) => ({ ...makeRecord(me), ts: undefined }),
  "without sig": ({ me }) => ({ ...makeRecord(me), sig: undefined }),
  "without pub": ({ me }) => ({ ...makeRecord(me), pub: undefined }),
  "without peer_id": ({ me }) => ({ ...makeRecord(me), peer_id: undefined }),
};
const RECORD_REFUSED = ["BAD_SIG", "BAD_FRAME", "BAD_TS", "close"];

const records = [
  ...Object.entries(RECORDS).map(([how, make]) => ({
    name: `a HELLO with a record ${how} is refused`,
    section: "6",
    wants: RECORD_REFUSED,
    run: say((context) => makeMessage(context.me, { t: "HELLO", body: { agent: "", peer: make(context) } })),
  })),
  {
    name: "a record that was refused is told to nobody",
    section: "6",
    wants: ["untold"],
    run: async (context) => {
      const raw = await context.dial();
      const names = [];
      for (const make of Object.values(RECORDS)) {
        const identities = { me: Identity.make(), other: Identity.make() };
        names.push(identities.me.nodeId, identities.other.nodeId);
        raw.say(makeMessage(identities.me, { t: "HELLO", body: { peer: make(identities) } }));
        const reaction = await raw.reaction();
        if (reaction === "close") return "untold";
        if (!RECORD_REFUSED.includes(reaction)) return reaction;
      }
      raw.say(makeMessage(context.me, { t: "PEERS", body: { n: 1_000 } }));
      const { body } = await raw.next(({ t }) => t === "PEERS_RES");
      return body.peers.some(({ peer_id }) => names.includes(peer_id)) ? "told" : "untold";
    },
  },
  {
    name: "a record with addresses not worth dialling harms nobody",
    section: "7",
    wants: ["HELLO_ACK", ...RECORD_REFUSED],
    run: say(({ me, hello }) =>
      hello(me, {
        record: {
          addrs: [
            "",
            "x",
            "tcp://",
            "tcp://0.0.0.0:0",
            "tcp://[::]:1",
            "http://localhost/",
            "javascript:1",
            "tcp://a:99999",
            "tcp://a b:1",
            "relay://relay://x:1",
            `tcp://${"a".repeat(10_000)}:1`,
            "tcp://127.0.0.1:1/../../etc",
            "tcp://255.255.255.255:9",
          ],
        },
      })
    ),
  },
  {
    name: "a record with 10,000 addresses harms nobody",
    section: "7",
    wants: ["HELLO_ACK", ...RECORD_REFUSED],
    run: say(({ me, hello }) =>
      hello(me, { record: { addrs: Array.from({ length: 10_000 }, (_, index) => `tcp://203.0.113.7:${index + 1}`) } })
    ),
  },
  {
    name: "a record that lasts for ever harms nobody",
    section: "6",
    wants: ["HELLO_ACK", ...RECORD_REFUSED],
    run: say(({ me, hello }) => hello(me, { record: { expires: Number.MAX_SAFE_INTEGER } })),
  },
  {
    name: "a HELLO_ACK nobody asked for, in another's name, makes no peer",
    section: "5",
    wants: ["untold"],
    run: async ({ dial, me, other }) => {
      const raw = await dial();
      raw.say(makeMessage(me, { t: "HELLO_ACK", body: { peer: makeRecord(other) } }));
      raw.say(makeMessage(me, { t: "PEERS", body: { n: 1_000 } }));
      const answer = await raw.next(({ t }) => t === "PEERS_RES");
      if (answer === undefined) return "untold";
      return answer.body.peers.some(({ peer_id }) => peer_id === other.nodeId) ? "told" : "untold";
    },
  },
];

const LONE = { high: "\\ud83d", low: "\\udc00", reversed: "\\udc00\\ud83d" };
/** Where a lone surrogate may stand: it must be written by hand, since no well-formed text holds it. */
const surrogates = Object.entries(LONE).flatMap(([which, text]) => [
  {
    name: `a lone surrogate (${which}) in a message is refused`,
    section: "11.8",
    wants: SHAPE,
    run: say(({ me, nodeId }) => {
      const message = makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: JSON.parse(`"attack ${text}"`) } });
      return writeByHand(message, { body: `{"msg":"attack ${text}"}` });
    }),
  },
  {
    name: `a lone surrogate (${which}) in an id is refused`,
    section: "11.8",
    wants: SHAPE,
    run: say(({ me }) => {
      const message = makeMessage(me, { t: "PING", id: JSON.parse(`"${text}"`), body: { nonce: "attack" } });
      return writeByHand(message, { id: `"${text}"` });
    }),
  },
  {
    name: `a lone surrogate (${which}) in an agent's name is refused`,
    section: "11.8",
    wants: SHAPE,
    run: say(({ me }) => {
      const message = makeMessage(me, { t: "HELLO", body: { agent: JSON.parse(`"${text}"`), peer: makeRecord(me) } });
      return writeByHand(message, { body: `{"agent":"${text}","peer":${JSON.stringify(message.body.peer)}}` });
    }),
  },
]);

const UNKNOWN = {
  extra: 1,
  nested: { a: [1, { b: null }] },
  "": "",
  constructor: 1,
  toString: "x",
  hasOwnProperty: 0,
  then: 1,
};
const WITH_PROTO = '{"__proto__":{"to":"x","t":"ERROR","v":2,"msg":"attack"},"constructor":{"prototype":{"x":1}}}';

const unknown = [
  {
    name: "unknown fields in a DIRECT are ignored",
    section: "3",
    wants: ["ACK"],
    run: say(({ me, nodeId }) =>
      makeMessage(me, { t: "DIRECT", to: nodeId, ...UNKNOWN, body: { ...UNKNOWN, msg: "taken with unknown fields" } })
    ),
  },
  {
    name: "unknown fields in a HELLO and its record are ignored",
    section: "3",
    wants: ["HELLO_ACK"],
    run: say(({ me }) =>
      makeMessage(me, {
        t: "HELLO",
        ...UNKNOWN,
        body: { ...UNKNOWN, agent: "hostile/1", peer: { ...UNKNOWN, ...makeRecord(me) } },
      })
    ),
  },
  ...["PING", "PEERS"].map((t) => ({
    name: `unknown fields in a ${t} are ignored`,
    section: "3",
    wants: [{ PING: "PONG", PEERS: "PEERS_RES" }[t]],
    run: say(({ me }) => makeMessage(me, { t, ...UNKNOWN, body: { ...UNKNOWN, ...usualBody(t, me) } })),
  })),
  {
    name: "__proto__ and constructor as fields are ignored",
    section: "3",
    wants: ["ACK"],
    run: say(({ me, nodeId }) => {
      const message = makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: "taken with __proto__" } });
      return writeByHand(message, {
        ["__proto__"]: WITH_PROTO,
        constructor: WITH_PROTO,
        body: `{"__proto__":${WITH_PROTO},"msg":"taken with __proto__"}`,
      });
    }),
  },
  {
    name: "a msg inherited by __proto__ is none",
    section: "3",
    wants: SHAPE,
    run: say(({ me, nodeId }) => {
      const message = makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: "attack" } });
      return writeByHand(message, { body: '{"__proto__":{"msg":"attack"}}' });
    }),
  },
  ...["__proto__", "constructor", "toString"].map((word) => ({
    name: `${word} as id and nonce is a text like any other`,
    section: "3",
    wants: ["PONG then REPLAY"],
    run: async ({ dial, me }) => {
      const raw = await dial();
      const message = raw.say(makeMessage(me, { t: "PING", id: word, body: { nonce: word } }));
      const before = await raw.reaction();
      raw.say(message);
      return `${before} then ${await raw.reaction()}`;
    },
  })),
  {
    name: "a PEERS without n is answered",
    section: "5",
    wants: ["PEERS_RES"],
    run: say(({ me }) => makeMessage(me, { t: "PEERS", body: {} })),
  },
  ...[0, 1e9, -1].map((n) => ({
    name: `a PEERS with n ${n} is answered or refused`,
    section: "5",
    wants: ["PEERS_RES", "BAD_FRAME"],
    run: say(({ me }) => makeMessage(me, { t: "PEERS", body: { n } })),
  })),
  {
    name: "a HELLO without agent is answered",
    section: "5",
    wants: ["HELLO_ACK"],
    run: say(({ me }) => makeMessage(me, { t: "HELLO", body: { peer: makeRecord(me) } })),
  },
];

const nested = (depth, open, close) => `${open.repeat(depth)}${close.repeat(depth)}`;
const odd = [
  ...[["lists", "[", "]"], ["objects", '{"a":', "1}"]].map(([what, open, close]) => ({
    name: `${what} nested 100,000 deep harm nobody`,
    section: "10",
    wants: ["PONG", "BAD_FRAME", "close"],
    run: say(({ me }) => {
      const message = makeMessage(me, { t: "PING", body: { nonce: "deep" } });
      const deep = what === "lists" ? nested(100_000, open, close) : `${open.repeat(100_000)}1${"}".repeat(100_000)}`;
      return writeByHand(message, { deep });
    }),
  })),
  {
    name: "100,000 unknown fields harm nobody",
    section: "10",
    wants: ["PONG", "BAD_FRAME", "close"],
    run: say(({ me }) => {
      const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`k${index}`, index]));
      return makeMessage(me, { t: "PING", ...many, body: { nonce: "wide" } });
    }),
  },
  {
    name: "an id of 100,000 characters harms nobody",
    section: "10",
    wants: ["PONG", "BAD_FRAME"],
    run: say(({ me }) => makeMessage(me, { t: "PING", id: "x".repeat(100_000), body: { nonce: "attack" } })),
  },
  {
    name: "an id that is empty harms nobody",
    section: "10",
    wants: ["PONG", "BAD_FRAME"],
    run: say(({ me }) => makeMessage(me, { t: "PING", id: "", body: { nonce: "attack" } })),
  },
  {
    name: "a message longer than taken is refused and not seen",
    section: "7",
    wants: ["refused"],
    run: async ({ dial, me, nodeId }) => {
      const raw = await dial();
      raw.say(makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: `attack ${"x".repeat(200_000)}` } }));
      const reaction = await raw.reaction();
      return ["BAD_FRAME", "UNSUPPORTED", "RATE_LIMIT"].includes(reaction) ? "refused" : reaction;
    },
  },
  {
    name: "every kind of character arrives as it was sent",
    section: "4",
    wants: ["ACK"],
    run: say(({ me, nodeId }) =>
      makeMessage(me, {
        t: "DIRECT",
        to: nodeId,
        body: { msg: 'taken: \u0000\u001b[31m\u2028\u202e\r\n\t"\\ \u00e9e\u0301 \u{1f40c} \ufeff' },
      })
    ),
  },
  {
    name: "a number in another spelling is the same number",
    section: "4",
    wants: ["PONG"],
    run: say(({ me }) => {
      const message = makeMessage(me, { t: "PING", body: { nonce: "attack" } });
      return writeByHand(message, { v: "1.0", ts: `${message.ts}.0` });
    }),
  },
  {
    name: "of two fields of one name only the signed one counts",
    section: "4",
    wants: ["BAD_SIG"],
    run: say(({ me, nodeId }) => {
      const message = makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: "attack" } });
      return Buffer.from(
        JSON.stringify(message).replace('"body":', '"body":{"msg":"attack"},"body":').replace(
          /"msg":"attack"\}(?=,"sig")/,
          '"msg":"attack 2"}',
        ),
      );
    }),
  },
];

export const bodyAttacks = [...bodies, ...records, ...surrogates, ...unknown, ...odd];
