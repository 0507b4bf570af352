/** Hunts: a relay started with other settings than it was given, addresses that nobody can dial, a list that is not the relay's. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MailBench, nodeId } from "./support/mail-bench.ts";
import { Bench, until } from "./support/run.ts";

describe("relay", () => {
  test("starts a relay alone, passes its flags on, and stops it on SIGTERM with 0", async () => {
    const bench = new Bench();
    const done = bench.run(
      ...[
        "relay",
        "--listen",
        "0.0.0.0:9103",
        "--advertise",
        "relay://a.example:9103",
        "--advertise",
        "relay://b.example:1",
      ],
      ...["--access", "listed", "--http", "127.0.0.1:7412"],
    );
    await until(() => bench.started.length > 0 || bench.errors !== "");
    bench.runtime.process.raise("SIGTERM");
    expect(await done).toBe(0);
    const [host] = bench.started;
    expect([host?.parts, host?.stops]).toEqual([{ agent: false, hub: false, relay: true }, ["SIGTERM"]]);
    expect(host?.loaded.config.relay).toMatchObject({
      listen: "0.0.0.0:9103",
      advertise: ["relay://a.example:9103", "relay://b.example:1"],
      access: "listed",
      httpListen: "127.0.0.1:7412",
      membersFile: "/work/.barnacle/relay-members",
    });
  });

  test("refuses addresses, access and members that are none, naming the flag or setting", async () => {
    const wrong: [string[], string][] = [
      [["--listen", "relay://0.0.0.0:9003"], "flag --listen"],
      [["--advertise", "tcp://a.example:9003"], "flag --advertise"],
      [["--advertise", "relay://a.example:0"], "flag --advertise"],
      [["--advertise", "relay://a.example:99999"], "flag --advertise"],
      [["--advertise", "relay://user@a.example:9003"], "flag --advertise"],
      [["--access", "friends"], "flag --access"],
      [["--http", "0.0.0.0:7412"], "http.token"],
    ];
    for (const [flags, named] of wrong) {
      const bench = new Bench();
      expect(await bench.run("relay", ...flags)).toBe(2);
      expect(bench.errors).toContain(named);
      expect(bench.started).toEqual([]);
    }
    const bench = new Bench();
    bench.runtime.files.put("/work/barnacle.json", '{"relay": {"members": ["ed25519:short"]}}');
    expect(await bench.run("relay")).toBe(2);
    expect(bench.errors).toContain("relay.members");
  });
});

describe("relay info, invite and install", () => {
  let bench: MailBench;
  beforeEach(() => void (bench = new MailBench()));
  afterEach(() => bench.remove());

  test("info --json gives what a manifest takes: node id, public key, fingerprint, addresses", async () => {
    bench.put("barnacle.json", '{"relay": {"advertise": ["relay://relay.example:9003"]}}');
    const first = await bench.run("relay", "info", "--json");
    expect([first.exit, first.errors]).toEqual([0, expect.stringContaining("made a new identity")]);
    const { output, errors } = await bench.run("relay", "info", "--json");
    expect(errors).toBe("");
    const info = JSON.parse(output);
    expect(info).toEqual({
      node_id: expect.stringMatching(/^ed25519:/),
      pub: expect.stringMatching(/^MCowBQYDK2VwAyEA/),
      fingerprint: expect.stringMatching(/^[\d ]+$/),
      addrs: ["relay://relay.example:9003"],
      mailbox: null,
    });
    expect(JSON.parse((await bench.run("id", "--json")).output).node_id).toBe(info.node_id);
    const plain = await bench.run("relay", "info");
    for (const part of [info.node_id, info.pub, info.fingerprint, "relay://relay.example:9003"]) {
      expect(plain.output).toContain(part);
    }
  });

  test("info tells no address that nobody can dial, and says so of one that only this host can", async () => {
    const told = async (listen: string) => {
      bench.put("barnacle.json", JSON.stringify({ relay: { listen } }));
      const { output, errors } = await bench.run("relay", "info", "--json");
      return [JSON.parse(output).addrs, errors.includes("no address of the relay can be reached")];
    };
    expect(await told("0.0.0.0:9003")).toEqual([[], true]);
    expect(await told("203.0.113.10:0")).toEqual([[], true]);
    expect(await told("127.0.0.1:9003")).toEqual([["relay://127.0.0.1:9003"], true]);
    expect(await told("[2001:db8::1]:9003")).toEqual([["relay://[2001:db8::1]:9003"], false]);
  });

  test("info names what is advertised and means nothing to other hosts", async () => {
    const addresses = [
      "relay://relay.example:9003",
      "relay://0.0.0.0:9003",
      "relay://1.2.3:9003",
      "relay://[fe80::1%eth0]:9003",
    ];
    const [good, ...strange] = addresses;
    bench.put("barnacle.json", JSON.stringify({ relay: { advertise: addresses } }));
    const { exit, errors } = await bench.run("relay", "info");
    expect(exit).toBe(0);
    for (const address of strange) expect(errors).toContain(`${address} is no address that everybody can dial`);
    expect(errors).not.toContain(good);
  });

  test("invite takes a node id or an invitation, writes each once with its name, and prints the relay's addresses", async () => {
    bench.put("barnacle.json", '{"relay": {"access": "listed", "advertise": ["relay://relay.example:9003"]}}');
    const byId = await bench.run("relay", "invite", nodeId("a"), "--name", "chimera");
    expect(byId).toMatchObject({ exit: 0, output: "relay://relay.example:9003\n" });
    const invitation = `moltcomm:${nodeId("b").slice("ed25519:".length)}+name=Sea%20Cow`;
    expect((await bench.run("relay", "invite", invitation)).errors).toContain("is now in");
    expect((await bench.run("relay", "invite", nodeId("a"))).errors).toContain("was already in");
    const lines = bench.text(".barnacle/relay-members").split("\n").slice(1);
    expect(lines).toEqual([`${nodeId("a")} chimera`, `${nodeId("b")} Sea Cow`, ""]);
    // Root invites; the relay of the unit reads it as a user of its own.
    expect([bench.mode(".barnacle/relay-members"), bench.mode(".barnacle")]).toEqual([0o644, 0o700]);
    bench.put(".barnacle/relay-members", "", 0o640);
    await bench.run("relay", "invite", nodeId("a"));
    expect(bench.mode(".barnacle/relay-members")).toBe(0o640);
  });

  test("invite says where the list does not count, and takes nothing else for a node", async () => {
    expect((await bench.run("relay", "invite", nodeId("a"))).errors).toContain("open to everybody");
    expect((await bench.run("relay", "invite", "chimera")).exit).toBe(2);
    expect((await bench.run("relay", "invite", "moltcomm:damaged")).exit).not.toBe(0);
    expect(bench.text(".barnacle/relay-members").split("\n").length).toBe(3);
  });

  test("install --print prints a unit whose command line this program takes; without --print it does nothing", async () => {
    const { exit, output } = await bench.run("relay", "install", "--print");
    expect(exit).toBe(0);
    const [, ...words] = /^ExecStart=(.+)$/m.exec(output)?.[1]?.split(" ") ?? [];
    const started = new Bench();
    started.runtime.files.directories.set("/var/lib/barnacle-relay", 0o700);
    const done = started.run(...words);
    await until(() => started.started.length > 0 || started.errors !== "");
    started.runtime.process.raise("SIGTERM");
    expect([await done, started.errors]).toEqual([0, ""]);
    expect(output).toContain("Environment=BARNACLE_RELAY_ADVERTISE=relay://");
    const refused = await bench.run("relay", "install");
    expect([refused.exit, refused.output]).toEqual([2, ""]);
    expect(refused.errors).toContain("--print");
  });
});
