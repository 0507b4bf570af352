/** What is wrong with the envelope: fields, identity, signature, time, recipient, repetition. Specification: sections 1, 3, 4, 7, 11. */
import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import { envelopeInput, Identity, makeMessage, nodeIdOf } from "../wire.mjs";
import { writeByHand } from "./raw.mjs";

const SIGNATURE = ["BAD_SIG"];
const SHAPE = ["BAD_FRAME"];

/** Says one thing, made by `make`, on a new connection. */
const say = (make) => async (context) => {
  const raw = await context.dial();
  raw.say(make(context));
  return await raw.reaction();
};

const ping = (me, draft = {}) => makeMessage(me, { t: "PING", body: { nonce: "attack" }, ...draft });
const direct = (me, to, draft = {}) => makeMessage(me, { t: "DIRECT", to, body: { msg: "attack" }, ...draft });
const without = (message, name) => Object.fromEntries(Object.entries(message).filter(([key]) => key !== name));

const MISTYPED = {
  v: ['"1"', "null", "true", "[1]", "{}"],
  t: ["1", "null", '["PING"]', "{}"],
  id: ["1", "null", "[]", "{}", "true"],
  from: ["1", "null", "[]", "{}"],
  pub: ["1", "null", "[]", "{}"],
  to: ["1", "[]", "{}", "true", "false"],
  ts: ['"0"', "null", "[]", "true"],
  body: ["1", "null", "[]", '"{}"', "true"],
  sig: ["1", "null", "[]", "{}"],
};

const shapes = [
  ...["v", "t", "id", "from", "pub", "ts", "body", "sig"].map((name) => ({
    name: `a message without ${name} is refused`,
    section: "3",
    wants: SHAPE,
    run: say(({ me }) => without(ping(me), name)),
  })),
  ...Object.entries(MISTYPED).flatMap(([name, values]) =>
    values.map((value) => ({
      name: `a message with ${name} ${value} is refused`,
      section: "3",
      wants: SHAPE,
      run: say(({ me }) => {
        const draft = { [name]: JSON.parse(value) };
        return name === "sig" ? { ...ping(me), ...draft } : ping(me, draft);
      }),
    }))
  ),
  ...["0", "2", "-1", "1.5", "1e300", "9007199254740993"].map((v) => ({
    name: `a message with v ${v} is refused`,
    section: "3",
    wants: Number.isSafeInteger(Number(v)) ? ["UNSUPPORTED"] : SHAPE,
    run: say(({ me }) => writeByHand(ping(me, { v: Number(v) }), { v })),
  })),
  ...["1700000000000.5", "1e300", "9007199254740993", "-1e400"].map((ts) => ({
    name: `a message with ts ${ts} is refused`,
    section: "3",
    wants: SHAPE,
    run: say(({ me }) => writeByHand(ping(me, { ts: Number(ts) }), { ts })),
  })),
  {
    name: "a message with a fraction of a millisecond is refused",
    section: "3",
    wants: SHAPE,
    run: say(({ me }) => ping(me, { ts: Date.now() + 0.5 })),
  },
  {
    name: "a body inherited by __proto__ is none",
    section: "3",
    wants: SHAPE,
    run: say(({ me }) => {
      const message = ping(me);
      return writeByHand(without(message, "body"), { ["__proto__"]: JSON.stringify({ body: message.body }) });
    }),
  },
  ...["DIRECTS", "direct", "", " PING", "__proto__", "constructor", "toString", "hasOwnProperty", "PING\u0000"].map((
    t,
  ) => ({
    name: `the unknown type ${JSON.stringify(t)} is answered as such`,
    section: "5",
    wants: ["UNSUPPORTED"],
    run: say(({ me }) => ping(me, { t })),
  })),
];

/** The same number modulo the group's order: the signature that a lax verifier takes, too. */
function malleable(sig) {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const bytes = Buffer.from(sig, "base64");
  let scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString("hex")}`) + order;
  for (let index = 32; index < 64; index += 1, scalar >>= 8n) bytes[index] = Number(scalar & 255n);
  return bytes.toString("base64");
}

const resigned = (make) =>
  say((context) => {
    const message = ping(context.me);
    return { ...message, sig: make(message, context) };
  });

const signatures = [
  {
    name: "a signature with one bit changed is refused",
    section: "4",
    wants: SIGNATURE,
    run: resigned(({ sig }) => {
      const bytes = Buffer.from(sig, "base64");
      bytes[20] ^= 1;
      return bytes.toString("base64");
    }),
  },
  {
    name: "a signature by another key is refused",
    section: "4",
    wants: SIGNATURE,
    run: resigned((message, { other }) => other.sign(envelopeInput(message))),
  },
  {
    name: "a signature over the JSON is refused",
    section: "4",
    wants: SIGNATURE,
    run: resigned((message, { me }) => me.sign(Buffer.from(JSON.stringify(without(message, "sig"))))),
  },
  {
    name: "a signature of a record's domain is refused",
    section: "4",
    wants: SIGNATURE,
    run: resigned((message, { me }) =>
      me.sign(Buffer.concat([Buffer.from("moltcomm/peer/v1\n"), envelopeInput(message).subarray(12)]))
    ),
  },
  {
    name: "a signature with its other scalar is refused",
    section: "4",
    wants: SIGNATURE,
    run: resigned(({ sig }) => malleable(sig)),
  },
  ...[
    ["an empty signature", () => ""],
    ["a short signature", (sig) => Buffer.from(sig, "base64").subarray(0, 63).toString("base64")],
    ["a long signature", (sig) => Buffer.concat([Buffer.from(sig, "base64"), Buffer.alloc(1)]).toString("base64")],
    ["a signature of zeros", () => Buffer.alloc(64).toString("base64")],
    ["a signature that is no base64", () => "!".repeat(88)],
    ["a signature of a megabyte", () => "A".repeat(900_000)],
  ].map(([what, change]) => ({
    name: `${what} is refused`,
    section: "4",
    wants: SIGNATURE,
    run: resigned(({ sig }) => change(sig)),
  })),
  ...["id", "to", "ts", "t", "msg"].map((name) => ({
    name: `a message whose ${name} was changed after signing is refused`,
    section: "4",
    wants: name === "to" ? ["BAD_SIG", "NOT_FOR_ME"] : SIGNATURE,
    run: say(({ me, other, nodeId }) => {
      const message = direct(me, name === "to" ? other.nodeId : nodeId);
      if (name === "msg") return { ...message, body: { msg: "attack, changed" } };
      if (name === "t") return { ...message, t: "PING", body: { nonce: "attack", msg: "attack" } };
      const changed = { id: `${message.id}0`, to: nodeId, ts: message.ts + 1 };
      return { ...message, [name]: changed[name] };
    }),
  })),
];

const PUBS = {
  "with the spare bits set": ({ pub }) =>
    pub.slice(0, -2) + String.fromCharCode(pub.charCodeAt(pub.length - 2) + 1) + "=",
  "without its padding": ({ pub }) => pub.slice(0, -1),
  "with a line end": ({ pub }) => `${pub}\n`,
  "with a space inside": ({ pub }) => `${pub.slice(0, 30)} ${pub.slice(30)}`,
  "as base64url": ({ spki }) => `${spki.toString("base64url")}=`,
  "as hexadecimal": ({ spki }) => spki.toString("hex"),
  "as bare 32 bytes": ({ spki }) => spki.subarray(12).toString("base64"),
  "with a byte more": ({ spki }) => Buffer.concat([spki, Buffer.alloc(1)]).toString("base64"),
  "of an X25519 key": () =>
    generateKeyPairSync("x25519").publicKey.export({ format: "der", type: "spki" }).toString("base64"),
  "of an Ed448 key": () =>
    generateKeyPairSync("ed448").publicKey.export({ format: "der", type: "spki" }).toString("base64"),
  "of an X25519 key with the same bytes": ({ spki }) =>
    Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), spki.subarray(12)]).toString("base64"),
  "as PEM": ({ pub }) => `-----BEGIN PUBLIC KEY-----\n${pub}\n-----END PUBLIC KEY-----\n`,
  "that is empty": () => "",
};

/** An identity whose `-` and `_` differ from `+` and `/`, so that the two alphabets can be told apart. */
function identityWithSlash() {
  for (;;) {
    const identity = Identity.make();
    if (/[+/]/.test(identity.pub)) return identity;
  }
}

const identities = [
  {
    name: "a from that does not belong to pub is refused",
    section: "1",
    wants: SIGNATURE,
    run: say(({ me, other }) => ping(me, { from: other.nodeId })),
  },
  {
    name: "a DIRECT in the name of someone else is refused",
    section: "1",
    wants: SIGNATURE,
    run: say(({ me, other, nodeId }) => direct(me, nodeId, { from: other.nodeId })),
  },
  {
    name: "the agent's own name and key with another's signature are refused",
    section: "1",
    wants: SIGNATURE,
    run: async ({ dial, me, nodeId }) => {
      const raw = await dial();
      const { pub } = await raw.shakeHands(me);
      raw.say(direct(me, nodeId, { from: nodeId, pub }));
      return await raw.reaction();
    },
  },
  {
    name: "a from with padding is refused",
    section: "1",
    wants: SIGNATURE,
    run: say(({ me }) => ping(me, { from: `${me.nodeId}=` })),
  },
  {
    name: "a from in capitals is refused",
    section: "1",
    wants: SIGNATURE,
    run: say(({ me }) => ping(me, { from: me.nodeId.toUpperCase() })),
  },
  ...Object.entries(PUBS).map(([how, write]) => ({
    name: `a pub ${how} is refused`,
    section: "11.9",
    wants: SIGNATURE,
    run: say(() => {
      const identity = identityWithSlash();
      const pub = write(identity);
      // Whoever reads it laxly finds that the rest belongs together.
      const from = how.includes("448") || how.includes("X25519")
        ? nodeIdOf(Buffer.from(pub, "base64"))
        : identity.nodeId;
      return ping(identity, { pub, from });
    }),
  })),
  {
    name: "a pub with a byte more and the from of all its bytes is refused",
    section: "11.9",
    wants: SIGNATURE,
    run: say(({ me }) => {
      const spki = Buffer.concat([me.spki, Buffer.alloc(1)]);
      return ping(me, { pub: spki.toString("base64"), from: nodeIdOf(spki) });
    }),
  },
];

const MINUTE_MS = 60_000;
const times = [
  ...[-11, 11, -60 * 24 * 365, 60 * 24 * 365].map((minutes) => ({
    name: `a clock ${Math.abs(minutes)} minutes ${minutes < 0 ? "behind" : "ahead"} is refused`,
    section: "7",
    wants: ["BAD_TS"],
    run: say(({ me, nodeId }) => direct(me, nodeId, { ts: Date.now() + minutes * MINUTE_MS })),
  })),
  ...[0, -1].map((ts) => ({
    name: `a ts of ${ts} is refused`,
    section: "7",
    wants: ["BAD_TS"],
    run: say(({ me }) => ping(me, { ts })),
  })),
  ...[-9, 9].map((minutes) => ({
    name: `a clock ${Math.abs(minutes)} minutes ${minutes < 0 ? "behind" : "ahead"} is taken`,
    section: "7",
    wants: ["PONG"],
    run: say(({ me }) => ping(me, { ts: Date.now() + minutes * MINUTE_MS })),
  })),
  {
    name: "a HELLO of yesterday is refused",
    section: "7",
    wants: ["BAD_TS"],
    run: async ({ dial, me, hello }) => {
      const raw = await dial();
      raw.say(hello(me, { ts: Date.now() - 24 * 60 * MINUTE_MS }));
      return await raw.reaction();
    },
  },
];

const sayOrNothing = (make) => async (context) => {
  const raw = await context.dial();
  raw.say(make(context));
  return await raw.reactionOrNothing();
};

const recipients = [
  {
    name: "a DIRECT for someone else is refused",
    section: "7",
    wants: ["NOT_FOR_ME", "nothing"],
    run: sayOrNothing(({ me, other }) => direct(me, other.nodeId)),
  },
  { name: "a DIRECT without to is refused", section: "7", wants: SHAPE, run: say(({ me }) => direct(me, undefined)) },
  { name: "a DIRECT with to null is refused", section: "7", wants: SHAPE, run: say(({ me }) => direct(me, null)) },
  { name: "a DIRECT with to empty is refused", section: "7", wants: SHAPE, run: say(({ me }) => direct(me, "")) },
  {
    name: "a DIRECT whose to only begins with our name is refused",
    section: "7",
    wants: ["NOT_FOR_ME"],
    run: say(({ me, nodeId }) => direct(me, `${nodeId}=`)),
  },
  {
    name: "a PING for someone else is refused",
    section: "7",
    wants: ["NOT_FOR_ME", "nothing"],
    run: sayOrNothing(({ me, other }) => ping(me, { to: other.nodeId })),
  },
  {
    name: "a PING with to null is answered",
    section: "3",
    wants: ["PONG"],
    run: say(({ me }) => ping(me, { to: null })),
  },
  {
    name: "a PING with our name in to is answered",
    section: "3",
    wants: ["PONG"],
    run: say(({ me, nodeId }) => ping(me, { to: nodeId })),
  },
  {
    name: "a HELLO made for another is refused",
    section: "11.6",
    wants: ["NOT_FOR_ME", "nothing"],
    run: sayOrNothing(({ me, other, hello }) => hello(me, { to: other.nodeId })),
  },
];

/** Says the same twice and tells both reactions. */
const twice = (make, again = (first) => first) => async (context) => {
  const raw = await context.dial();
  const first = raw.say(make(context));
  const before = await raw.reaction();
  raw.say(again(first, context));
  return `${before} then ${await raw.reaction()}`;
};

const repetitions = [
  {
    name: "a PING played again is refused",
    section: "7",
    wants: ["PONG then REPLAY"],
    run: twice(({ me }) => ping(me)),
  },
  {
    name: "a DIRECT played again is refused, and its line is there once",
    section: "7",
    wants: ["ACK then REPLAY"],
    run: twice(({ me, nodeId }) => direct(me, nodeId, { body: { msg: "taken once though played twice" } })),
  },
  {
    name: "a DIRECT signed again under the same id is refused, and its line is there once",
    section: "11.3",
    wants: ["ACK then REPLAY"],
    run: twice(
      ({ me, nodeId }) => direct(me, nodeId, { body: { msg: "taken once though signed twice" } }),
      ({ id, ts, to, body }, { me }) => makeMessage(me, { t: "DIRECT", id, to, body, ts: ts + 1 }),
    ),
  },
  {
    name: "a HELLO played again is refused",
    section: "7",
    wants: ["HELLO_ACK then REPLAY"],
    run: twice(({ me, hello }) => hello(me)),
  },
  {
    name: "a DIRECT played again on another connection is refused",
    section: "7",
    wants: ["ACK then REPLAY"],
    run: async ({ dial, me, nodeId }) => {
      const [first, second] = [await dial(), await dial()];
      const message = first.say(direct(me, nodeId, { body: { msg: "taken once though played elsewhere" } }));
      const before = await first.reaction();
      second.say(message);
      return `${before} then ${await second.reaction()}`;
    },
  },
  {
    name: "ten twins at once on ten connections are one message",
    section: "11.2",
    wants: ["1 ACK, 9 REPLAY"],
    run: async ({ dial, me, nodeId }) => {
      const connections = await Promise.all(Array.from({ length: 10 }, () => dial()));
      const message = direct(me, nodeId, { body: { msg: "taken once of ten twins" } });
      connections.forEach((raw) => raw.say(message));
      const reactions = await Promise.all(connections.map((raw) => raw.reaction()));
      const count = (what) => reactions.filter((one) => one === what).length;
      return `${count("ACK")} ACK, ${count("REPLAY")} REPLAY`;
    },
  },
  {
    name: "the same id from two senders is two messages",
    section: "7",
    wants: ["ACK then ACK"],
    run: twice(
      ({ me, nodeId }) => direct(me, nodeId, { body: { msg: "taken from one sender" } }),
      ({ id }, { other, nodeId }) => direct(other, nodeId, { id, body: { msg: "taken from another sender" } }),
    ),
  },
  {
    name: "a message refused for its time is not seen: it is taken under the same id",
    section: "11.2",
    wants: ["BAD_TS then ACK"],
    run: twice(
      ({ me, nodeId }) => direct(me, nodeId, { ts: Date.now() - 11 * MINUTE_MS, body: { msg: "taken after BAD_TS" } }),
      ({ id, to, body }, { me }) => makeMessage(me, { t: "DIRECT", id, to, body }),
    ),
  },
  {
    name: "a forged message does not spend the id of the true one",
    section: "11.2",
    wants: ["BAD_SIG then ACK"],
    run: twice(
      ({ me, other, nodeId }) => {
        const message = direct(me, nodeId, { body: { msg: "taken after a forgery" } });
        return { ...message, sig: other.sign(envelopeInput(message)) };
      },
      ({ id, to, body }, { me }) => makeMessage(me, { t: "DIRECT", id, to, body }),
    ),
  },
];

export const envelopeAttacks = [...shapes, ...signatures, ...identities, ...times, ...recipients, ...repetitions];
