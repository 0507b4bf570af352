/** Hunts: peers of a dead agent shown as connected, a ping that hides why there was no answer. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeBase64 } from "../../../src/contract/mod.ts";
import { json } from "./support/answers.ts";
import { MailBench, nodeId } from "./support/mail-bench.ts";

const [ALICE, BOB] = [nodeId("a"), nodeId("b")] as const;
const PEER = {
  node_id: ALICE,
  addresses: ["tcp://a.example:1"],
  agent: "x\x1b[2J",
  connected: true,
  last_handshake: "2026-02-06T11:59:00Z",
  record_expires: "2026-02-06T12:20:00Z",
};

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

describe("peers", () => {
  test("asks the running agent, and names contacts", async () => {
    await bench.run("contacts", "add", "--name", "alice", ALICE);
    bench.pretendRunning();
    bench.fake.answer = () =>
      json({ peers: [PEER, { ...PEER, node_id: BOB, connected: false, agent: null, last_handshake: null }] });
    const { exit, output, errors } = await bench.run("peers");
    expect([exit, errors]).toEqual([0, ""]);
    expect(output).toMatch(/a+A +alice +connected +x\\u\{1b\}\[2J +1 min ago +tcp:\/\/a\.example:1\n/);
    expect(output).toMatch(/b+A +- +known +- +never +tcp/);
    const { peers, running } = JSON.parse((await bench.run("peers", "--json")).output);
    expect([running, peers[0]]).toEqual([true, { ...PEER, name: "alice", sealing: false, relay: null }]);
    expect(bench.fake.requests[0]?.url).toBe("http://127.0.0.1:4101/mail/peers");
  });

  test("shows the relays at which this host is found, and who is reached over one", async () => {
    bench.pretendRunning();
    const relay = (address: string, more: object) => ({
      address,
      node_id: null,
      pinned: false,
      state: "waiting",
      round_trip_ms: null,
      ...more,
    });
    const relays = [
      relay("relay://one.example:9003", { state: "registered", node_id: BOB, pinned: true, round_trip_ms: 12.4 }),
      relay("relay://two.example:9003", {}),
    ];
    bench.fake.answer = () => json({ peers: [{ ...PEER, connected: false, relay: relays[0]?.address }], relays });
    const { output } = await bench.run("peers");
    expect(output).toMatch(/relay:\/\/one\.example:9003 +registered +12 ms +ed25519:b+A \(pinned\)\n/);
    expect(output).toMatch(/relay:\/\/two\.example:9003 +waiting +- +-\n/);
    expect(output).toMatch(/a+A +- +relayed /);
    expect(JSON.parse((await bench.run("peers", "--json")).output).relays).toEqual(relays);
  });

  test("shows what the last agent kept when none runs, and says so", async () => {
    const pub = encodeBase64(
      new Uint8Array([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, ...new Uint8Array(32)]),
    );
    const record = {
      peer_id: BOB,
      addrs: ["tcp://b.example:2"],
      ts: 1,
      expires: 2_000,
      pub,
      sig: encodeBase64(new Uint8Array(64)),
    };
    bench.put(
      ".moltcomm/peers.json",
      JSON.stringify({ v: 1, peers: [{ record, met_at: 1_000, agent: "barnacle/1 (hpke1)" }, 7, { record: {} }] }),
    );
    const { exit, output, errors } = await bench.run("peers", "--json");
    expect([exit, errors]).toEqual([0, ""]);
    expect(JSON.parse(output)).toEqual({
      running: false,
      peers: [{
        node_id: BOB,
        name: null,
        addresses: ["tcp://b.example:2"],
        agent: "barnacle/1 (hpke1)",
        sealing: true,
        connected: false,
        relay: null,
        last_handshake: "1970-01-01T00:00:01.000Z",
        record_expires: "1970-01-01T00:00:02.000Z",
      }],
      relays: [],
    });
    expect((await bench.run("peers")).errors).toContain("no agent runs here");
  });

  test("makes and moves nothing where the file is damaged or missing", async () => {
    expect(await bench.run("peers")).toMatchObject({ exit: 0, output: "no peers\n" });
    expect(bench.has(".moltcomm")).toBe(false);
    bench.put(".moltcomm/peers.json", "{");
    expect(await bench.run("peers")).toMatchObject({ exit: 0, output: "no peers\n" });
    expect(bench.text(".moltcomm/peers.json")).toBe("{");
  });

  test("gives 4 when the agent wants a token", async () => {
    bench.fake.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    expect((await bench.run("peers")).exit).toBe(4);
  });
});

describe("ping", () => {
  test("has the agent ask a contact, and shows the round trip", async () => {
    await bench.run("contacts", "add", "--name", "alice", ALICE);
    bench.pretendRunning();
    bench.fake.answer = () => json({ node_id: ALICE, round_trip_ms: 1.2345 });
    expect(await bench.run("ping", "ALICE")).toMatchObject({
      exit: 0,
      output: `alice (${ALICE}) answered in 1.23 ms\n`,
    });
    expect(bench.fake.requests.at(-1)).toMatchObject({
      method: "POST",
      url: "http://127.0.0.1:4101/mail/ping",
      body: { peer: ALICE },
    });
    expect(JSON.parse((await bench.run("ping", ALICE, "--json")).output)).toEqual({
      node_id: ALICE,
      name: null,
      round_trip_ms: 1.2345,
    });
  });

  test("gives 3 when no agent runs, 1 with the reason when the peer does not answer, 2 for somebody unknown", async () => {
    expect((await bench.run("ping", ALICE)).exit).toBe(3);
    bench.fake.answer = () => json({ error: { code: "REMOTE_FAILURE", message: "Ping: got TIMED_OUT" } }, 502);
    const silent = await bench.run("ping", ALICE);
    expect([silent.exit, silent.errors]).toEqual([1, expect.stringContaining("TIMED_OUT")]);
    expect((await bench.run("ping", "nobody")).exit).toBe(2);
  });
});
