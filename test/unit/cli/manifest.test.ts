/** Hunts: a manifest published that clients would refuse, a signature over something else, a check that says yes to what clients refuse. */
import { chmodSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bytesOf, DAY_MS, documentOf, entryOf, makeParty, NOW_MS } from "../moltcomm/manifest/support.ts";
import { MailBench } from "./support/mail-bench.ts";

const RELAY = makeParty();
const PUBLISHER = makeParty();

let bench: MailBench;
let manifest: string;
beforeEach(() => {
  bench = new MailBench();
  manifest = bench.path("bootstrap-manifest.json");
});
afterEach(() => bench.remove());

const flag = (host = "relay.example:9100") => `${RELAY.pub}@relay://${host}`;
const read = () => JSON.parse(bench.text("bootstrap-manifest.json"));

function put(document: unknown, by = PUBLISHER): void {
  const bytes = bytesOf(document);
  bench.put("bootstrap-manifest.json", new TextDecoder().decode(bytes));
  bench.put("bootstrap-manifest.sig", by.sign(bytes));
}

describe("manifest make", () => {
  test("lists relays by their parts and by what they say of themselves, for 30 days", async () => {
    const other = makeParty();
    bench.put("info.json", JSON.stringify({ ...entryOf(other), registered: 5 }));
    const { exit, output } = await bench.run(
      "manifest",
      "make",
      "--out",
      manifest,
      "--relay",
      flag(),
      bench.path("info.json"),
    );
    expect([exit, output]).toEqual([0, `${manifest}\n`]);
    expect(read()).toEqual({
      v: 1,
      generated_ts: NOW_MS,
      expires_ts: NOW_MS + 30 * DAY_MS,
      relays: [entryOf(RELAY), entryOf(other)],
    });
  });

  test("takes standard input, another name for addrs, and so many days", async () => {
    bench.input = JSON.stringify({ node_id: RELAY.nodeId, pub: RELAY.pub, addresses: ["relay://a.example:1"] });
    const { exit, output } = await bench.run("manifest", "make", "-", "--days", "7", "--out", "-");
    const { expires_ts, relays } = JSON.parse(output);
    expect([exit, expires_ts, relays]).toEqual([0, NOW_MS + 7 * DAY_MS, [{
      ...entryOf(RELAY),
      addrs: ["relay://a.example:1"],
    }]]);
  });

  const wrong: readonly (readonly [what: string, words: readonly string[], exit: number])[] = [
    ["no relay", [], 2],
    ["no days", ["--days", "0", "--relay", "flag"], 2],
    ["a relay without an address", ["--relay", "abc"], 2],
    ["a relay with a strange address", ["--relay", "strange"], 1],
    ["a relay with a broken key", ["--relay", "abc@relay://a.example:1"], 1],
    ["the same relay twice", ["--relay", "flag", "--relay", "flag"], 1],
    ["a file that is not there", ["/nowhere/info.json"], 1],
  ];
  for (const [what, words, code] of wrong) {
    test(`refuses ${what}, and writes nothing`, async () => {
      const given = words.map((word) => word === "flag" ? flag() : word === "strange" ? flag("a..b:0") : word);
      const { exit } = await bench.run("manifest", "make", "--out", manifest, ...given);
      expect([exit, bench.has("bootstrap-manifest.json")]).toEqual([code, false]);
    });
  }

  test("names every relay that is wrong", async () => {
    const { errors } = await bench.run(
      "manifest",
      "make",
      "--out",
      manifest,
      "--relay",
      flag("a:0"),
      "--relay",
      flag("b:0"),
    );
    expect(errors).toContain("relay://a:0");
  });
});

describe("manifest sign", () => {
  test("signs with the identity of the work directory, exactly 88 characters, and prints the key to pin", async () => {
    await bench.run("manifest", "make", "--out", manifest, "--relay", flag());
    const { pub } = JSON.parse((await bench.run("id", "--json")).output);
    const { exit, output } = await bench.run("manifest", "sign", manifest);
    expect([exit, output, bench.text("bootstrap-manifest.sig").length]).toEqual([0, `${pub}\n`, 88]);
    expect((await bench.run("manifest", "verify", manifest, "--pub", pub)).exit).toBe(0);
  });

  test("signs with a key of its own, which must be nobody else's to read", async () => {
    await bench.run("manifest", "make", "--out", manifest, "--relay", flag());
    const { pub } = JSON.parse((await bench.run("id", "--json")).output);
    await bench.run("id", "--export", bench.path("key.pem"));
    const sign = () => bench.run("manifest", "sign", "--key", bench.path("key.pem"), manifest);
    expect((await sign()).output).toBe(`${pub}\n`);
    chmodSync(bench.path("key.pem"), 0o640);
    const { exit, errors } = await sign();
    expect([exit, errors]).toEqual([1, expect.stringContaining("chmod 600")]);
  });

  test("makes no identity: who publishes is not decided in passing", async () => {
    put(documentOf([entryOf(RELAY)]));
    const { exit, errors } = await bench.run("manifest", "sign", manifest);
    expect([exit, errors, bench.has(".moltcomm/identity.pem")]).toEqual([
      1,
      expect.stringContaining("barnacle id"),
      false,
    ]);
  });

  const wrong: readonly (readonly [what: string, document: unknown])[] = [
    ["what is no manifest", "<html>"],
    ["an expired one", documentOf([entryOf(RELAY)], { generated_ts: NOW_MS - 2, expires_ts: NOW_MS - 1 })],
    ["one with a relay that expired", documentOf([entryOf(RELAY, "a", { expires_ts: NOW_MS })])],
    ["one that expires before it was made", documentOf([], { generated_ts: NOW_MS + 9, expires_ts: NOW_MS + 8 })],
    ["one with an entry that clients leave out", documentOf([entryOf(RELAY), {}])],
    ["one with a strange address", documentOf([entryOf(RELAY, "a", { addrs: ["relay://a:1", "relay://b:0"] })])],
  ];
  for (const [what, document] of wrong) {
    test(`refuses ${what}`, async () => {
      await bench.run("id");
      bench.put("bootstrap-manifest.json", typeof document === "string" ? document : JSON.stringify(document));
      const { exit } = await bench.run("manifest", "sign", manifest);
      expect([exit, bench.has("bootstrap-manifest.sig")]).toEqual([1, false]);
    });
  }
});

describe("manifest verify", () => {
  const verify = (...words: string[]) => bench.run("manifest", "verify", ...words);

  test("gives 0 for what a client would take, and shows it", async () => {
    put(documentOf([entryOf(RELAY), 7]));
    const { exit, output, errors } = await verify(`${bench.directory}/`, "--pub", PUBLISHER.pub);
    expect(exit).toBe(0);
    for (const text of ["holds", RELAY.nodeId, "relay://relay.example:9100", "2026-02-07T12:00:00.000Z"]) {
      expect(output).toContain(text);
    }
    expect(errors).toContain("left out: relay 2: it is 7, wanted an object (entry_malformed)");
  });

  test("finds the files in the folder where the command was typed", async () => {
    const { exit, errors } = await verify("./", "--pub", PUBLISHER.pub);
    expect([exit, errors]).toEqual([
      1,
      expect.stringContaining("/work/bootstrap-manifest.json: there is no such file"),
    ]);
  });

  test("prints JSON, and takes the configured key", async () => {
    put(documentOf([entryOf(RELAY)]));
    bench.put("barnacle.json", JSON.stringify({ moltcomm: { manifestPub: PUBLISHER.pub } }));
    const { output } = await verify(manifest, "--json");
    expect(JSON.parse(output)).toEqual({
      source: manifest,
      verified: true,
      generated_ts: NOW_MS,
      expires_ts: NOW_MS + DAY_MS,
      relays: [{ ...entryOf(RELAY), expires_ts: null }],
      left_out: [],
    });
  });

  const wrong: readonly (readonly [what: string, code: string, spoil: () => void])[] = [
    ["another key's", "signature_wrong", () => put(documentOf([]), RELAY)],
    ["expired", "expired", () => put(documentOf([], { expires_ts: NOW_MS }))],
    [
      "half-signed",
      "signature_malformed",
      () => bench.put("bootstrap-manifest.sig", bench.text("bootstrap-manifest.sig").slice(0, 40)),
    ],
    ["not there", "not_found", () => bench.remove()],
  ];
  for (const [what, code, spoil] of wrong) {
    test(`gives 1 with the reason for one that is ${what}`, async () => {
      put(documentOf([]));
      const elsewhere = new MailBench();
      const place = manifest;
      spoil();
      const { exit, errors } = await elsewhere.run("manifest", "verify", place, "--pub", PUBLISHER.pub);
      elsewhere.remove();
      if (code === "not_found") bench = new MailBench();
      expect([exit, errors]).toEqual([1, expect.stringContaining(`(${code})`)]);
    });
  }

  test("gives 2 without a key, with a broken one, and for a source that is none", async () => {
    put(documentOf([]));
    expect((await verify(manifest)).exit).toBe(2);
    expect((await verify(manifest, "--pub", "abc")).exit).toBe(2);
    expect((await verify("http://relays.example/", "--pub", PUBLISHER.pub)).exit).toBe(2);
  });

  test("asks a URL, and says what its far end served", async () => {
    bench.fake.answer = () => new Response("<html>");
    const { exit, errors } = await verify("https://relays.example/", "--pub", PUBLISHER.pub);
    expect([exit, errors]).toEqual([1, expect.stringContaining("(not_json)")]);
    expect(bench.fake.requests.map(({ url }) => url)).toEqual(["https://relays.example/bootstrap-manifest.json"]);
  });
});

describe("manifest show", () => {
  test("says that none is kept yet", async () => {
    const { exit, output } = await bench.run("manifest", "show");
    expect([exit, output]).toEqual([0, expect.stringContaining("no manifest yet")]);
    expect((await bench.run("manifest", "show", "--json")).output).toBe("null\n");
  });

  test("shows the one that is kept, checked by the pinned key", async () => {
    const text = JSON.stringify(documentOf([entryOf(RELAY)]));
    const sig = PUBLISHER.sign(bytesOf(text));
    const kept = { v: 1, source: "https://one.example/", fetched_ts: NOW_MS, sig, manifest: text };
    bench.put(".moltcomm/state/manifest.json", JSON.stringify(kept));
    bench.put("barnacle.json", JSON.stringify({ moltcomm: { manifestPub: PUBLISHER.pub } }));
    const shown = JSON.parse((await bench.run("manifest", "show", "--json")).output);
    expect(shown).toMatchObject({ source: "https://one.example/", verified: true });
    bench.put("barnacle.json", JSON.stringify({ moltcomm: { manifestPub: RELAY.pub } }));
    expect((await bench.run("manifest", "show")).errors).toContain("(signature_wrong)");
  });

  test("shows any other without its signature, and says so", async () => {
    bench.put("bootstrap-manifest.json", JSON.stringify(documentOf([entryOf(RELAY)])));
    const { exit, output } = await bench.run("manifest", "show", manifest);
    expect([exit, output]).toEqual([0, expect.stringContaining("not checked")]);
  });

  test("escapes what a stranger wrote", async () => {
    bench.put("bootstrap-manifest.json", JSON.stringify(documentOf([entryOf(RELAY), "\u001b[2J\u009b"])));
    const { output, errors } = await bench.run("manifest", "show", manifest);
    expect(["\u001b", "\u009b"].filter((unsafe) => `${output}${errors}`.includes(unsafe))).toEqual([]);
  });
});
