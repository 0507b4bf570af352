/** Hunts: a private key on a screen or readable by others, an identity replaced, an invitation that leads nowhere. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseInvitation } from "../../../src/contract/mod.ts";
import { json, statusAnswer } from "./support/answers.ts";
import { MailBench } from "./support/mail-bench.ts";

/** The key of the published MoltComm v1 vectors. */
const KEY = "MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9";
const NODE_ID = "ed25519:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8";

let bench: MailBench;
beforeEach(() => void (bench = new MailBench()));
afterEach(() => bench.remove());

const shown = async (...words: string[]) => JSON.parse((await bench.run("id", "--json", ...words)).output);

describe("id", () => {
  test("makes the identity, says so, and is the same the next time", async () => {
    const first = await bench.run("id");
    expect([first.exit, first.errors]).toEqual([0, expect.stringContaining("made a new identity")]);
    expect([bench.mode(".moltcomm"), bench.mode(".moltcomm/identity.pem")]).toEqual([0o700, 0o600]);
    expect(bench.text(".moltcomm/.gitignore")).toBe("*\n");
    const second = await bench.run("id");
    expect([second.output, second.errors.includes("made")]).toEqual([first.output, false]);
  });

  test("--json gives node id, public key, fingerprint, invitation and addresses", async () => {
    bench.put("key", KEY);
    await bench.run("id", "--import", bench.path("key"));
    expect(await shown()).toEqual({
      node_id: NODE_ID,
      pub: "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=",
      fingerprint: "90225 11708 48182 82849",
      invitation: `moltcomm:${NODE_ID.slice(8)}+name=Barnacle+addr=tcp://127.0.0.1:9001`,
      addresses: ["tcp://127.0.0.1:9001"],
    });
  });

  test("--invitation prints it alone, on one line", async () => {
    const { output } = await bench.run("id", "--invitation");
    expect(output).toMatch(/^moltcomm:\S+\n$/);
    expect(parseInvitation(output).name).toBe("Barnacle");
  });

  test("tells the advertised addresses, and the agent's name", async () => {
    bench.put(
      "barnacle.json",
      '{"moltcomm": {"advertise": ["203.0.113.10:9001", "tcp://a.example:1"]}, "service": {"agentName": "Sea Cow"}}',
    );
    const { invitation } = await shown();
    expect(parseInvitation(invitation)).toMatchObject({
      name: "Sea Cow",
      addresses: ["tcp://203.0.113.10:9001", "tcp://a.example:1"],
    });
  });

  test("tells where the running agent really listens, and never port 0 or every address", async () => {
    const told = async (address: string | null) => {
      bench.fake.answer = () => json({ ...statusAnswer(), mail: mail(address) });
      return (await shown()).addresses;
    };
    bench.pretendRunning();
    expect(await told("tcp://127.0.0.1:50123")).toEqual(["tcp://127.0.0.1:50123"]);
    expect(await told(null)).toEqual(["tcp://127.0.0.1:9001"]);
    expect(await told("tcp://0.0.0.0:9001")).toEqual([]);
    bench.put("barnacle.json", '{"moltcomm": {"listen": "tcp://127.0.0.1:0"}}');
    expect(await told(null)).toEqual([]);
  });

  test("tells the relays at which the running agent is found, else those configured, and no address that nobody can dial", async () => {
    const relay = (address: string, state: string) => ({
      address,
      node_id: null,
      pinned: false,
      state,
      round_trip_ms: null,
    });
    const configure = (moltcomm: object) => bench.put("barnacle.json", JSON.stringify({ moltcomm }));
    const relays = ["relay://one.example:9003", "relay://two.example:9003"];
    configure({ relays });
    const { exit, output, errors } = await bench.run("id", "--json");
    expect([exit, errors.includes("no address")]).toEqual([0, false]);
    expect(JSON.parse(output).addresses).toEqual(relays);
    configure({ relays, listen: "tcp://192.0.2.1:9001" });
    expect((await shown()).addresses).toEqual(["tcp://192.0.2.1:9001", ...relays]);
    configure({ relays, advertise: ["tcp://a.example:1"] });
    expect((await shown()).addresses).toEqual(["tcp://a.example:1", ...relays]);
    configure({ relays, advertise: ["tcp://a.example:1"], reachable: "no" });
    expect((await shown()).addresses).toEqual(relays);
    bench.pretendRunning();
    bench.fake.answer = () =>
      json({
        ...statusAnswer(),
        mail: {
          ...mail("tcp://192.0.2.1:9001"),
          relays: [relay("relay://three.example:9003", "registered"), relay("relay://one.example:9003", "waiting")],
          reachable: "no",
        },
      });
    configure({ relays });
    expect((await shown()).addresses).toEqual(["relay://three.example:9003"]);
  });

  test("goes by the configuration when the agent does not answer or wants a token", async () => {
    bench.pretendRunning();
    expect((await shown()).addresses).toEqual(["tcp://127.0.0.1:9001"]);
    bench.fake.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    expect((await shown()).addresses).toEqual(["tcp://127.0.0.1:9001"]);
  });

  test("refuses a key that others can read, with the command that mends it", async () => {
    await bench.run("id");
    bench.put(".moltcomm/identity.pem", bench.text(".moltcomm/identity.pem"), 0o640);
    const { exit, errors, output } = await bench.run("id");
    expect([exit, output]).toEqual([1, ""]);
    expect(errors).toContain(`chmod 600 "${bench.path(".moltcomm/identity.pem")}"`);
  });
});

describe("id --export", () => {
  test("writes a file that only its owner can read, and replaces none", async () => {
    await bench.run("id");
    expect((await bench.run("id", "--export", bench.path("key.pem"))).output).toBe("");
    expect([bench.text("key.pem"), bench.mode("key.pem")]).toEqual([bench.text(".moltcomm/identity.pem"), 0o600]);
    bench.put("key.pem", "mine");
    expect((await bench.run("id", "--export", bench.path("key.pem"))).exit).toBe(1);
    expect(bench.text("key.pem")).toBe("mine");
  });

  test("prints to a pipe, never to a terminal", async () => {
    await bench.run("id");
    const pem = bench.text(".moltcomm/identity.pem");
    for (const words of [["--export"], ["--export", "-"]]) {
      bench.isTerminal = false;
      expect((await bench.run("id", ...words)).output).toBe(pem);
      bench.isTerminal = true;
      const { exit, output, errors } = await bench.run("id", ...words);
      expect([exit, output, errors.includes("PRIVATE")]).toEqual([2, "", false]);
    }
  });

  test("makes no identity", async () => {
    expect((await bench.run("id", "--export")).exit).toBe(1);
    expect(bench.has(".moltcomm")).toBe(false);
  });

  test("no other output of any command holds the key", async () => {
    await bench.run("init");
    const secret = bench.text(".moltcomm/identity.pem").split("\n")[1] ?? "-";
    for (const words of [["id"], ["id", "--json"], ["init"], ["config", "show"], ["init", "--json"]]) {
      const { output, errors } = await bench.run(...words);
      expect((output + errors).includes(secret)).toBe(false);
    }
  });
});

describe("id --import", () => {
  test("takes a key from standard input", async () => {
    bench.input = KEY;
    const { exit, output, errors } = await bench.run("id", "--import", "-");
    expect([exit, output]).toEqual([0, expect.stringContaining(NODE_ID)]);
    expect(errors).toContain("imported");
    expect([bench.mode(".moltcomm/identity.pem"), bench.text(".moltcomm/.gitignore")]).toEqual([0o600, "*\n"]);
  });

  test("refuses to replace another identity, and what is no key", async () => {
    await bench.run("id");
    const before = bench.text(".moltcomm/identity.pem");
    bench.put("key", KEY);
    const refused = await bench.run("id", "--import", bench.path("key"));
    expect([refused.exit, refused.errors]).toEqual([1, expect.stringContaining("hint: ")]);
    bench.put("key", "something");
    expect((await bench.run("id", "--import", bench.path("key"))).exit).toBe(2);
    expect(bench.text(".moltcomm/identity.pem")).toBe(before);
  });

  test("and --export together are wrong usage", async () => {
    expect((await bench.run("id", "--import", "x", "--export", "y")).exit).toBe(2);
  });
});

function mail(address: string | null) {
  return {
    node_id: NODE_ID,
    address,
    peers: 0,
    connections: 0,
    inbox: { last_seq: 0, cursor: 0, unread: 0, problem: null },
    outbox: { queued: 0, in_flight: 0, delivered: 0, failed: 0, problem: null },
  };
}
