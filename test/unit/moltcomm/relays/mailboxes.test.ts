/** Hunts: a message that is played again when it should have been forgotten, and one that waited in a mailbox for nothing. */
import { describe, expect, test } from "vitest";
import { encodeBase64 } from "../../../../src/contract/mod.ts";
import { hasMailbox } from "../../../../src/moltcomm/relays/mod.ts";
import type { KeptNews } from "../../../../src/moltcomm/types.ts";
import { MINUTE_MS, newId, SECOND_MS } from "../node/support.ts";
import { dialRelay, RelayScene } from "./support.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;

interface Case {
  readonly agent?: string;
  readonly isPinned?: boolean;
  readonly reachMs?: number;
  readonly ageMs: number;
}

/** A message of that age comes over a relay. @returns what became of it */
async function receive({ agent = "barnacle/1 relay mailbox", isPinned = true, reachMs = 7 * DAY_MS, ageMs }: Case) {
  const scene = await RelayScene.make();
  const { relay, world } = scene;
  relay.agent = agent;
  const pin = { addresses: [relay.address], nodeId: relay.nodeId, pub: encodeBase64(relay.identity.publicSpki) };
  const relaySource = { relays: () => isPinned ? [pin] : [], onChange: () => () => undefined };
  const node = await scene.start("a", { ...isPinned ? { relays: [] } : {}, relaySource });
  node.inbox.reachMs = reachMs;
  await scene.registered(node);
  const peer = await dialRelay(scene);
  const ts = node.runtime.clock.wallMs() - ageMs;
  const { id } = peer.say("DIRECT", { msg: "kept for you" }, { to: node.nodeId, ts });
  await world.run(5 * SECOND_MS);
  const [answer] = [...peer.all("ACK"), ...peer.all("ERROR")].filter(({ body }) => body.ref === id);
  const outcome = answer?.t === "ERROR" ? answer.body.code : answer?.t;
  expect(node.inbox.texts.length).toBe(outcome === "ACK" ? 1 : 0);
  return outcome;
}

describe("§11 reading 11: a message that a relay kept", () => {
  test.each<Case>([
    { ageMs: 11 * MINUTE_MS },
    { ageMs: 6 * DAY_MS },
    { ageMs: 6 * DAY_MS, agent: "other/2 relay mailbox" },
    { ageMs: 9 * MINUTE_MS, agent: "barnacle/1 relay", isPinned: false, reachMs: 0 },
  ])("is taken: %o", async (each) => expect(await receive(each)).toBe("ACK"));

  test.each<Case>([
    { ageMs: 8 * DAY_MS },
    { ageMs: 2 * DAY_MS, reachMs: DAY_MS },
    { ageMs: 11 * MINUTE_MS, reachMs: 0 },
    { ageMs: 11 * MINUTE_MS, isPinned: false },
    { ageMs: 11 * MINUTE_MS, agent: "barnacle/1 relay" },
    { ageMs: 11 * MINUTE_MS, agent: "barnacle/1 relay guest" },
    { ageMs: -11 * MINUTE_MS },
  ])("is BAD_TS, as it would be without one: %o", async (each) => expect(await receive(each)).toBe("BAD_TS"));

  test("comes over a relay that says so in words of its own, and over no other connection", () => {
    const relay = { address: "relay://a:1", isPinned: true, isRegistration: true, reached: new Map<string, number>() };
    for (
      const agent of [undefined, "", "mailbox", "relay", "barnacle/1 relay mailboxes", "barnacle/1 (relay mailbox)"]
    ) {
      expect([agent, hasMailbox({ agent, relay })]).toEqual([agent, false]);
    }
    expect(hasMailbox({ agent: "barnacle/1 relay mailbox", relay })).toBe(true);
    expect(hasMailbox({ agent: "barnacle/1 relay mailbox", relay: undefined })).toBe(false);
  });
});

describe("a message that a relay says it keeps", () => {
  /** A node whose message to `recipient` the relay keeps; what it hears of afterwards. */
  async function send() {
    const scene = await RelayScene.make();
    const { relay, world } = scene;
    const node = await scene.start("a", { addressesOf: () => [relay.address] });
    await scene.registered(node);
    const [recipient, other] = [await dialRelay(scene), await dialRelay(scene)];
    recipient.answersHellos();
    relay.meddle = ({ t, id, from }) => {
      if (t !== "DIRECT") return undefined;
      relay.sayTo(from, "ERROR", { ref: id, code: "KEPT" });
      return [];
    };
    const id = newId();
    const outcome = await world.wait(node.node.attempt({ to: recipient.nodeId, id, msg: "kept" }));
    const heard: KeptNews[] = [];
    node.node.onKept((news) => heard.push(news));
    return { world, relay, node, recipient, other, id, outcome, heard };
  }

  test("has failed, as with any error of a relay, and names the relay", async () => {
    const { outcome, relay } = await send();
    const keeper = { address: relay.address, nodeId: relay.nodeId };
    expect(outcome).toMatchObject({ outcome: "failed", reason: "KEPT", byRecipient: false, keeper });
  });

  test("tells by the recipient's late answer what became of it, once", async () => {
    const { world, node, recipient, id, heard } = await send();
    await world.run(60 * MINUTE_MS);
    heard.length = 0;
    for (let count = 0; count < 2; count++) recipient.say("ACK", { ref: id }, { to: node.nodeId });
    await world.run(SECOND_MS);
    expect(heard).toEqual([{ id, to: recipient.nodeId, what: "delivered" }]);
    for (const [code, what] of [["REPLAY", "delivered"], ["RATE_LIMIT", "refused"]] as const) {
      const { world, node, recipient, id, heard } = await send();
      recipient.say("ERROR", { ref: id, code }, { to: node.nodeId });
      await world.run(SECOND_MS);
      expect(heard).toEqual([{ id, to: recipient.nodeId, what }]);
    }
  });

  test("tells by the relay's word that it was let go, and by nobody else's", async () => {
    const { world, relay, node, recipient, other, id, heard } = await send();
    other.say("ERROR", { ref: id, code: "UNREACHABLE" }, { to: node.nodeId });
    // Of an attempt that had timed out, when the next one was kept.
    relay.sayTo(node.nodeId, "ERROR", { ref: id, code: "KEPT" });
    await world.run(SECOND_MS);
    expect(heard).toEqual([]);
    relay.sayTo(node.nodeId, "ERROR", { ref: id, code: "UNREACHABLE" });
    await world.run(SECOND_MS);
    expect(heard).toEqual([{ id, to: recipient.nodeId, what: "dropped" }]);
  });

  test("tells nothing by an ACK of another, forged, late or for somebody else", async () => {
    const { world, node, recipient, other, id, heard } = await send();
    const to = node.nodeId;
    other.say("ACK", { ref: id }, { to });
    recipient.say("ACK", { ref: newId() }, { to });
    recipient.say("ACK", { ref: id }, { to, ts: recipient.runtime.clock.wallMs() - 11 * MINUTE_MS });
    recipient.send({
      v: 1,
      ...recipient.sign("ACK", { ref: id }, { to }),
      sig: other.sign("ACK", { ref: id }, { to }).sig,
    });
    await world.run(SECOND_MS);
    expect(heard).toEqual([]);
  });
});
