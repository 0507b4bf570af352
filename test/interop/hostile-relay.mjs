/**
 * The hostile end of a relay: attacks by name, each with what must come of it and the counters that must have seen it.
 *
 *     node test/interop/hostile-relay.mjs --list
 *     {"do":"attack","ask":1,"name":"…","address":"relay://127.0.0.1:9003","node_id":"ed25519:…","metrics":"http://…/metrics"}
 *
 * While an attack runs and after it, two newcomers register and write to each other over the relay: "no effect on others" is seen.
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { helloOf, Raw } from "./attacks/raw.mjs";
import { relayAttacks } from "./attacks/relays.mjs";
import { serveLines } from "./lines.mjs";
import { Identity, makeMessage, readAddress } from "./wire.mjs";

/** All of 127/8 is this host on Linux: an attacker's address is another than that of those who must be served meanwhile. */
const addressOf = (index) => process.platform === "linux" ? `127.0.8.${1 + index}` : undefined;
const SERVED_WITHIN_MS = 10_000;

async function register(target, nodeId, localAddress) {
  const raw = await Raw.dial(target, localAddress);
  raw.me = Identity.make();
  await raw.shakeHands(raw.me, { to: nodeId });
  return raw;
}

/** Two newcomers are served as if nothing had happened. @throws Error when not */
async function serveNewcomers(target, nodeId) {
  const startMs = performance.now();
  const [one, other] = await Promise.all([register(target, nodeId), register(target, nodeId)]);
  try {
    const { id } = one.say(makeMessage(one.me, { t: "DIRECT", to: other.me.nodeId, body: { msg: "probe" } }));
    const came = await other.next(({ t }) => t === "DIRECT");
    if (came?.id !== id) throw new Error("the newcomer's message did not come");
    other.say(makeMessage(other.me, { t: "ACK", to: one.me.nodeId, body: { ref: id } }));
    const answer = await one.next(({ t, body }) => (t === "ACK" || t === "ERROR") && body.ref === id);
    if (answer?.t !== "ACK") throw new Error(`a newcomer got ${answer?.body.code ?? "a close"}`);
    const tookMs = performance.now() - startMs;
    if (tookMs > SERVED_WITHIN_MS) throw new Error(`newcomers were served after ${Math.round(tookMs)} ms`);
  } finally {
    one.close();
    other.close();
  }
}

/** A value of the relay's metrics, by what stands between `barnacle_relay_` and the value. */
async function sampleOf(metrics, name) {
  const text = await (await fetch(metrics)).text();
  const line = text.split("\n").find((one) => one.startsWith(`barnacle_relay_${name} `));
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ") + 1));
}

async function attack({ name, address, node_id: nodeId, metrics }) {
  const index = relayAttacks.findIndex((one) => one.name === name);
  if (index < 0) throw new Error(`No attack ${name}`);
  const { wants, counters, run } = relayAttacks[index];
  const target = readAddress(address);
  const from = addressOf(index);
  const opened = [];
  const keep = (raw) => {
    opened.push(raw);
    return raw;
  };
  const sample = (counter) => sampleOf(metrics, counter);
  const before = await Promise.all(counters.map(sample));
  const context = {
    dial: async () => keep(await Raw.dial(target, from)),
    register: async () => keep(await register(target, nodeId, from)),
    probe: () => serveNewcomers(target, nodeId),
    hello: helloOf,
    nodeId,
    sample,
  };
  let got;
  try {
    got = await run(context);
    await context.probe();
  } catch (error) {
    got = error instanceof Error ? error.message : String(error);
  }
  opened.forEach((raw) => raw.close());
  const after = await Promise.all(counters.map(sample));
  return { wants, got, unseen: counters.filter((_, at) => after[at] <= before[at]) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  if (process.argv.includes("--list")) {
    const attacks = relayAttacks.map(({ name, isLong }) => ({ name, isLong: isLong === true }));
    process.stdout.write(`${JSON.stringify(attacks)}\n`);
  } else serveLines({ attack });
}
