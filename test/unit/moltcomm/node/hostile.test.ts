/**
 * Hunts: input that breaks the node, and a network that makes it lose, repeat or reorder mail. Invariants 1, 2, 5, 8 and 10 of the design,
 * seed by seed.
 */
import { describe, expect, test } from "vitest";
import type { DeliveryOutcome } from "../../../../src/moltcomm/types.ts";
import { encodeFrame } from "../../../../src/moltcomm/wire/mod.ts";
import { drawFaults, NO_FAULTS, type SeededRandom, type SimHost, SimWorld } from "../../../sim/mod.ts";
import { makeScene, MINUTE_MS, newId, PORT, RawPeer, SECOND_MS, startNode } from "./support.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

const ODDITIES: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  1e308,
  "",
  "x".repeat(70_000),
  "\ud800",
  "ed25519:",
  [],
  {},
  [[[]]],
  { toString: 1, __proto__: null },
];

/** A copy with one field, at any depth, removed or replaced by something odd. */
function spoil(value: unknown, random: SeededRandom): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.2)) return random.pick(ODDITIES);
  const fields = { ...value } as Record<string, unknown>;
  const keys = Object.keys(fields);
  if (keys.length === 0) return random.pick(ODDITIES);
  const key = random.pick(keys);
  if (random.chance(0.2)) delete fields[key];
  else fields[key] = spoil(fields[key], random);
  return fields;
}

/** A copy with some bytes changed, cut or repeated. */
function damage(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = bytes.slice(0, random.chance(0.2) ? random.integer(0, bytes.length) : bytes.length);
  for (let count = random.integer(1, 8); count > 0 && copy.length > 0; count--) {
    copy[random.integer(0, copy.length - 1)] = random.integer(0, 255);
  }
  return copy;
}

describe("invariant 8: no input ends the process", () => {
  test.each(SEEDS)("spoilt messages and damaged streams have no effect, seed %d", async (seed) => {
    const scene = await makeScene({ limits: { framesPerSecondPerConnection: 100_000, maxFrameBytes: 65_536 } }, seed);
    const { world, subject, dial, inbox } = scene;
    const { random } = world;
    const witness = await dial(world.createRuntime(world.addHost("witness")));
    witness.hello();
    let peer = await dial();
    for (let round = 0; round < 150; round++) {
      if (peer.isClosed || round % 10 === 0) peer = await dial();
      const nonce = `${round}`;
      const message = random.pick([
        () => peer.sign("HELLO", { agent: "raw", peer: peer.record() }),
        () => peer.sign("HELLO_ACK", { peer: peer.record() }, { to: subject.nodeId }),
        () => peer.sign("PING", { nonce }),
        () => peer.sign("PONG", { nonce }),
        () => peer.sign("PEERS", { n: random.integer(-5, 500) }),
        () => peer.sign("PEERS_RES", { ref: nonce, peers: [peer.record(), 1] }),
        () => peer.sign("DIRECT", { msg: nonce }, { to: subject.nodeId }),
        () => peer.sign("ACK", { ref: nonce }, { to: subject.nodeId }),
        () => peer.sign("ERROR", { ref: nonce, code: "REPLAY" }, { to: subject.nodeId }),
      ])();
      const spoilt = spoil({ v: 1, ...message }, random);
      if (random.chance(0.7)) peer.send(spoilt);
      else peer.connection?.write(damage(encodeFrame(JSON.stringify({ v: 1, ...message })), random));
      await world.run(random.integer(0, 20));
    }
    await world.run(SECOND_MS);
    expect(subject.log.named("moltcomm_fault")).toEqual([]);
    expect(inbox.messages).toEqual([]);
    const answer = await witness.answerTo(witness.direct(subject.nodeId, "still well"));
    expect(answer.t).toBe("ACK");
    await world.run(7 * MINUTE_MS);
    expect(subject.node.view).toMatchObject({ connections: { accepted: 0 }, deliveriesOpen: 0 });
  });
});

/** Sends in order, so many at once; after a failure it waits for the rest, pauses, and goes on from the first that is not delivered. */
async function sendAll(init: {
  readonly count: number;
  readonly window: number;
  attempt(id: string, msg: string): Promise<{ readonly outcome: string }>;
  pause(): Promise<void>;
}): Promise<void> {
  let pending = Array.from({ length: init.count }, (_, index) => ({ id: newId(), msg: `${index}` }));
  while (pending.length > 0) {
    const delivered = new Set<string>();
    let next = 0;
    let isFailed = false;
    const work = async (): Promise<void> => {
      for (let each = pending[next++]; each !== undefined && !isFailed; each = pending[next++]) {
        const { outcome } = await init.attempt(each.id, each.msg);
        if (outcome === "delivered") delivered.add(each.id);
        else isFailed = true;
      }
    };
    await Promise.all(Array.from({ length: init.window }, work));
    pending = pending.filter(({ id }) => !delivered.has(id));
    if (pending.length > 0) await init.pause();
  }
}

describe("invariants 1, 2, 5 and 10: mail between two nodes in trouble", () => {
  test.each(SEEDS)("comes exactly once and in order, seed %d", async (seed) => {
    const world = new SimWorld({ seed });
    const [a, b] = [world.addHost("a"), world.addHost("b")];
    const limits = { requestTimeoutMs: 3_000, messagesPerSecondPerSender: 20, messagesBurstPerSender: 10 };
    const two = await startNode(world, b, { limits });
    const one = await startNode(world, a, { limits, addressesOf: () => [`tcp://${b.ip}:${PORT}`] });
    const kept = new Set<string>();
    const { random } = world;
    let isFull = false;
    const pause = (ms: number) => new Promise<void>((resolve) => void two.runtime.clock.setTimer(ms, resolve));
    let turn: Promise<void> = Promise.resolve();
    two.inbox.behave = async (message): Promise<DeliveryOutcome> => {
      if (kept.has(message.id)) return { outcome: "duplicate" };
      if (isFull) return { outcome: "refused", code: "RATE_LIMIT", detail: "full" };
      kept.add(message.id);
      two.inbox.messages.push(message);
      // As the inbox does: a shared sync, in the order of the calls.
      turn = turn.then(() => pause(random.integer(0, 10)));
      await turn;
      return { outcome: "delivered" };
    };
    world.faults = drawFaults(random);
    const trouble = setTroubles(world, [a, b], (full) => isFull = full);
    let isOver = false;
    sendAll({
      count: 60,
      window: 8,
      attempt: (id, msg) => one.node.attempt({ to: two.nodeId, id, msg }),
      pause: () => new Promise((resolve) => void one.runtime.clock.setTimer(500, resolve)),
    }).then(() => isOver = true, () => undefined);
    await world.run(MINUTE_MS);
    trouble.end();
    world.faults = NO_FAULTS;
    world.network.heal();
    await world.until(() => isOver, { withinMs: 5 * MINUTE_MS });
    expect(two.inbox.texts).toEqual(Array.from({ length: 60 }, (_, index) => `${index}`));
    expect([...one.log.named("moltcomm_fault"), ...two.log.named("moltcomm_fault")]).toEqual([]);
  });
});

/** Partitions and full disks that come and go. */
function setTroubles(world: SimWorld, [a, b]: readonly [SimHost, SimHost], setFull: (isFull: boolean) => void) {
  let isOver = false;
  const { random, network } = world;
  const changeNetwork = (): void => {
    if (isOver) return;
    if (random.chance(0.6)) network.heal();
    else if (random.chance(0.5)) network.partition([a], [b]);
    else network.block(a, b);
    world.after(random.integer(100, 6 * SECOND_MS), changeNetwork);
  };
  const changeDisk = (): void => {
    setFull(!isOver && random.chance(0.3));
    if (!isOver) world.after(random.integer(1, 300), changeDisk);
  };
  world.after(SECOND_MS, changeNetwork);
  world.after(1, changeDisk);
  const end = (): void => {
    isOver = true;
    setFull(false);
  };
  return { end };
}

test("a peer that is cut off in the middle of everything leaves nothing behind", async () => {
  const { world, subject, dial } = await makeScene();
  for (let round = 0; round < 30; round++) {
    const peer: RawPeer = await dial();
    peer.hello();
    peer.say("PEERS", {});
    const frame = encodeFrame(JSON.stringify({ v: 1, ...peer.sign("DIRECT", { msg: "cut" }, { to: subject.nodeId }) }));
    peer.connection?.write(frame.slice(0, world.random.integer(0, frame.length)));
    await world.run(world.random.integer(0, 10));
    peer.connection?.destroy();
  }
  await world.run(20 * SECOND_MS);
  expect(subject.node.view).toMatchObject({ connections: { accepted: 0 }, peers: { connected: 0 }, deliveriesOpen: 0 });
  expect(subject.log.named("moltcomm_fault")).toEqual([]);
});
