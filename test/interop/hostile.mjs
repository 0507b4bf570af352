/**
 * The hostile end: attacks by name, each with what the specification demands as the answer.
 *
 *     node test/interop/hostile.mjs --list
 *     {"do":"attack","ask":1,"name":"an empty frame is refused","address":"tcp://127.0.0.1:9001","node_id":"ed25519:…"}
 *
 * Every attack comes from new identities. After each one a newcomer shakes hands and delivers a message, so that "no effect" is seen and
 * not believed. Texts of messages that must not arrive begin with `attack`, of those that must with `taken`.
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { answerAttacks } from "./attacks/answers.mjs";
import { bodyAttacks } from "./attacks/bodies.mjs";
import { envelopeAttacks } from "./attacks/envelopes.mjs";
import { floodAttacks } from "./attacks/floods.mjs";
import { frameAttacks } from "./attacks/frames.mjs";
import { listen, LISTENER_BEHAVIOURS } from "./attacks/listeners.mjs";
import { helloOf, Raw } from "./attacks/raw.mjs";
import { report, serveLines } from "./lines.mjs";
import { Identity, makeMessage, readAddress } from "./wire.mjs";

export const ATTACKS = [...frameAttacks, ...envelopeAttacks, ...bodyAttacks, ...answerAttacks, ...floodAttacks];

/**
 * Where a flood comes from: all of 127/8 is this host on Linux, so each has an address of its own, and what limits one address leaves the
 * others and the newcomers alone. Elsewhere they share one.
 */
const addressOf = (index) => process.platform === "linux" ? `127.0.9.${1 + index % 250}` : undefined;

/** A newcomer is served as if nothing had happened. @throws Error when not */
async function serveNewcomer(target, nodeId, name) {
  const me = Identity.make();
  const raw = await Raw.dial(target);
  try {
    await raw.shakeHands(me, { to: nodeId });
    const { id } = raw.say(makeMessage(me, { t: "DIRECT", to: nodeId, body: { msg: `probe: ${name}` } }));
    const answer = await raw.next(({ t, body }) => (t === "ACK" || t === "ERROR") && body.ref === id);
    if (answer?.t !== "ACK") throw new Error(`a newcomer got ${answer?.body.code ?? "a close"}`);
    if (answer.from !== nodeId) throw new Error(`the ACK comes from ${answer.from}`);
  } finally {
    raw.close();
  }
}

/** Runs one attack. @returns what came of it, and whether that is what must */
export async function attack({ name, address, node_id: nodeId }) {
  const index = ATTACKS.findIndex((one) => one.name === name);
  if (index < 0) throw new Error(`No attack ${name}`);
  const { wants, run, isFlood } = ATTACKS[index];
  const target = readAddress(address);
  const opened = [];
  let probes = 0;
  const dial = async () => {
    const raw = await Raw.dial(target, isFlood ? addressOf(index) : undefined);
    opened.push(raw);
    return raw;
  };
  const probe = async () => {
    await serveNewcomer(target, nodeId, name);
    probes += 1;
  };
  const context = { dial, probe, nodeId, me: Identity.make(), other: Identity.make(), hello: helloOf };
  let got;
  try {
    got = await run(context);
  } catch (error) {
    got = error instanceof Error ? error.message : String(error);
  }
  await probe();
  opened.forEach((raw) => raw.close());
  return { name, wants, got, probes, isRight: wants.includes(got) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--list")) {
    const attacks = ATTACKS.map(({ name, section, isFlood }) => ({ name, section, isFlood: isFlood === true }));
    process.stdout.write(`${JSON.stringify({ attacks, listeners: LISTENER_BEHAVIOURS })}\n`);
  } else {
    serveLines({
      attack,
      /** `behaviour`. Gives the address; each visit is told as the event `visit`. */
      listen: ({ behaviour }) => listen(behaviour, (visit) => report("visit", visit)),
    });
  }
}
