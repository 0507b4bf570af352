/** Hunts: mail that cannot work and a doctor who says it is fine; advice that is missing. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  bytesOf,
  DAY_MS,
  documentOf,
  entryOf,
  HOUR_MS,
  makeParty,
  NOW_MS,
  type Party,
} from "../moltcomm/manifest/support.ts";
import { json, statusAnswer } from "./support/answers.ts";
import type { FakeRequest } from "./support/fake-runtime.ts";
import { MailBench, nodeId } from "./support/mail-bench.ts";
import { Bench } from "./support/run.ts";

interface Finding {
  readonly subject: string;
  readonly outcome: string;
  readonly message: string;
  readonly advice?: string;
}

let bench: MailBench;
beforeEach(() => {
  bench = new MailBench();
  settings({});
});
afterEach(() => bench.remove());

function settings(moltcomm: object): void {
  bench.put("barnacle.json", JSON.stringify({ moltcomm: { listen: "tcp://127.0.0.1:0", ...moltcomm } }));
}

async function examine(): Promise<{ readonly exit: number; readonly of: (subject: string) => Finding[] }> {
  const { exit, output } = await bench.run("doctor", "--json");
  const { checks } = JSON.parse(output) as { checks: Finding[] };
  expect(checks.filter(({ outcome, advice }) => outcome !== "ok" && advice === undefined)).toEqual([]);
  return { exit, of: (subject) => checks.filter((finding) => finding.subject === subject) };
}

const outcomes = (findings: readonly Finding[]) => findings.map(({ outcome }) => outcome);

describe("doctor on the identity", () => {
  test("is content without one, and with one that is nobody else's", async () => {
    expect((await examine()).of("identity")[0]?.message).toContain("none yet");
    const { node_id } = JSON.parse((await bench.run("id", "--json")).output);
    const [finding] = (await examine()).of("identity");
    expect([finding?.outcome, finding?.message.includes(node_id)]).toEqual(["ok", true]);
  });

  test("fails when others may read it, with the command that mends it", async () => {
    await bench.run("id");
    chmodSync(bench.path(".moltcomm/identity.pem"), 0o644);
    const [finding] = (await examine()).of("identity");
    expect([finding?.outcome, finding?.advice]).toEqual(["failure", expect.stringContaining("chmod 600")]);
  });

  test("fails when it holds no key", async () => {
    bench.put(".moltcomm/identity.pem", "hello");
    const { exit, of } = await examine();
    expect([exit, outcomes(of("identity"))]).toEqual([1, ["failure"]]);
  });
});

describe("doctor on the mail address", () => {
  const check = async (fake: Bench, ...words: string[]) => {
    fake.runtime.process.stdout.text = "";
    await fake.run("doctor", "--json", ...words);
    return (JSON.parse(fake.output) as { checks: Finding[] }).checks.filter(({ subject }) =>
      subject === "mail address"
    );
  };
  const withMail = (address: string) =>
    statusAnswer({
      mail: {
        node_id: nodeId("a"),
        address,
        peers: 0,
        connections: 0,
        inbox: { last_seq: 0, cursor: 0, unread: 0, problem: null },
        outbox: { queued: 0, in_flight: 0, delivered: 0, failed: 0, problem: null },
      },
    });

  test("is content with a free port, and with one that our agent holds", async () => {
    const fake = new Bench();
    expect((await check(fake))[0]?.message).toBe("127.0.0.1:9001 is free");
    fake.runtime.takenPorts.add(9001);
    fake.runtime.answer = () => json(withMail("tcp://127.0.0.1:9001"));
    expect((await check(fake))[0]?.message).toContain("held by barnacle");
  });

  test("warns when somebody else holds the default port, and fails for one that was chosen", async () => {
    const fake = new Bench();
    fake.runtime.takenPorts.add(9001).add(9002);
    fake.runtime.answer = () => json(withMail("tcp://127.0.0.1:34567"));
    expect(outcomes(await check(fake))).toEqual(["warning"]);
    fake.runtime.process.environment = { BARNACLE_MOLTCOMM_LISTEN: "tcp://127.0.0.1:9002" };
    const [finding] = await check(fake);
    expect([finding?.outcome, finding?.advice]).toEqual(["failure", expect.stringContaining("run --listen tcp://")]);
  });

  test("asks no agent where none left word and the port is free", async () => {
    const fake = new Bench();
    await check(fake);
    expect(fake.runtime.requests.filter(({ url }) => url.includes(":7410/"))).toEqual([]);
  });
});

describe("doctor on HEARTBEAT.md", () => {
  test("is content with the section as barnacle init puts it", async () => {
    expect((await bench.run("init")).exit).toBe(0);
    expect(outcomes((await examine()).of("heartbeat"))).toEqual(["ok"]);
    bench.put("HEARTBEAT.md", bench.text("HEARTBEAT.md").replaceAll("\n", "\r\n"));
    expect(outcomes((await examine()).of("heartbeat"))).toEqual(["ok"]);
  });

  test("warns without the file, without the section, and with other words in it", async () => {
    expect((await examine()).of("heartbeat")[0]?.message).toContain("is not there");
    bench.put("HEARTBEAT.md", "# Mine\n");
    expect((await examine()).of("heartbeat")[0]?.message).toContain("has no mail section");
    await bench.run("init");
    bench.put("HEARTBEAT.md", bench.text("HEARTBEAT.md").replace("default 0", "default 7"));
    const [finding] = (await examine()).of("heartbeat");
    expect([finding?.outcome, finding?.message]).toEqual(["warning", expect.stringContaining("is not the one")]);
  });

  test("fails when a marker is lost, and touches nothing", async () => {
    await bench.run("init");
    const broken = bench.text("HEARTBEAT.md").replace("<!-- MOLTCOMM:END -->", "");
    bench.put("HEARTBEAT.md", broken);
    const [finding] = (await examine()).of("heartbeat");
    expect([finding?.outcome, bench.text("HEARTBEAT.md")]).toEqual(["failure", broken]);
  });
});

describe("doctor on mail that flows", () => {
  const answer = (inbox: string | null, outbox: string | null) => () =>
    json(statusAnswer({
      mail: {
        node_id: nodeId("a"),
        address: "tcp://127.0.0.1:9001",
        peers: 1,
        connections: 1,
        inbox: { last_seq: 9, cursor: 6, unread: 3, problem: inbox },
        outbox: { queued: 2, in_flight: 0, delivered: 0, failed: 0, problem: outbox },
      },
    }));

  test("tells what waits, and fails with the agent's own words when something is wrong", async () => {
    bench.pretendRunning();
    bench.fake.answer = answer(null, null);
    expect((await examine()).of("mail")).toMatchObject([{
      outcome: "ok",
      message: "3 unread, 2 waiting to be delivered",
    }]);
    bench.fake.answer = answer("the disk is full", "the journal cannot be written");
    const { exit, of } = await examine();
    expect([exit, of("inbox")[0]?.message, of("outbox")[0]?.message, of("mail")]).toEqual([
      1,
      "the disk is full",
      "the journal cannot be written",
      [],
    ]);
  });

  test("tells of each other agent's by its id, however long that is, and of one that has none", async () => {
    bench.pretendRunning();
    const mail = {
      node_id: nodeId("b"),
      address: null,
      peers: 0,
      connections: 0,
      inbox: { last_seq: 0, cursor: 0, unread: 0, problem: null },
      outbox: { queued: 0, in_flight: 0, delivered: 0, failed: 0, problem: null },
    };
    const agent = { directory: "/d", identity: "own" as const, mail, waking: null, problem: null };
    const agents = [
      { ...agent, id: "research-and-more" },
      { ...agent, id: "desk", mail: null, problem: "its mail has not started: so" },
    ];
    bench.fake.answer = () => json(statusAnswer({ mail, mail_agents: agents }));
    const { output } = await bench.run("doctor");
    expect(output).toMatch(/^ok {7}mail of research-and-more {2}0 unread, 0 waiting to be delivered$/m);
    expect(output).toMatch(
      /^failure {2}mail of desk {15}its mail has not started: so\n +-> .*--dir \/d looks closer$/m,
    );
  });

  test("warns when the agent has no mail yet, and says nothing when none runs or it refuses our token", async () => {
    expect((await examine()).of("mail")).toEqual([]);
    bench.pretendRunning();
    bench.fake.answer = () => json(statusAnswer());
    expect(outcomes((await examine()).of("mail"))).toEqual(["warning"]);
    bench.fake.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    expect((await examine()).of("mail")).toEqual([]);
  });

  test("says that mail is off, and checks nothing of it", async () => {
    settings({ enabled: false });
    const { of } = await examine();
    expect([of("mail")[0]?.message, of("identity"), of("heartbeat")]).toEqual([
      expect.stringContaining("is off"),
      [],
      [],
    ]);
  });
});

describe("doctor on the manifest", () => {
  const publisher = makeParty();
  const relay = makeParty();

  function publish(folder: string, document: unknown, by: Party = publisher): void {
    const bytes = bytesOf(document);
    mkdirSync(bench.path(folder), { recursive: true });
    writeFileSync(bench.path(`${folder}/bootstrap-manifest.json`), bytes);
    writeFileSync(bench.path(`${folder}/bootstrap-manifest.sig`), by.sign(bytes));
  }

  const use = (...manifestSources: string[]) => settings({ manifestPub: publisher.pub, manifestSources });
  const month = { expires_ts: NOW_MS + 30 * DAY_MS };

  test("says nothing without sources", async () => expect((await examine()).of("manifest")).toEqual([]));

  test("is content with a good source, relative to the configuration file", async () => {
    use("m/");
    publish("m", documentOf([entryOf(relay)], month));
    const [finding] = (await examine()).of("manifest");
    expect([finding?.outcome, finding?.message]).toEqual(["ok", expect.stringContaining("names 1 relay, for 30 d")]);
  });

  test("warns of one that expires soon, and of what is left out of it", async () => {
    use("m/");
    publish("m", documentOf([entryOf(relay), 5]));
    expect(outcomes((await examine()).of("manifest"))).toEqual(["warning", "warning"]);
  });

  test("warns of a bad source beside a good one, and fails when there is none", async () => {
    use("bad/", "m/");
    publish("bad", documentOf([entryOf(relay)], month), makeParty());
    publish("m", documentOf([entryOf(relay)], month));
    const both = (await examine()).of("manifest");
    expect([outcomes(both), both[0]?.message]).toEqual([
      ["warning", "ok"],
      expect.stringContaining("(signature_wrong)"),
    ]);
    use("bad/", "https://relays.example/");
    const { exit, of } = await examine();
    expect([exit, outcomes(of("manifest"))]).toEqual([1, ["failure", "failure"]]);
  });

  test("asks over HTTP", async () => {
    use("https://relays.example/");
    const bytes = bytesOf(documentOf([entryOf(relay)], month));
    bench.fake.answer = ({ url }: FakeRequest) =>
      new Response(url.endsWith(".json") ? bytes : publisher.sign(bytes), {
        status: url.includes("relays.example") ? 200 : 404,
      });
    expect(outcomes((await examine()).of("manifest"))).toEqual(["ok"]);
  });

  test("only warns while the one that is kept is good, and refuses one that is older", async () => {
    use("m/");
    const manifest = JSON.stringify(documentOf([entryOf(relay)], month));
    const sig = publisher.sign(bytesOf(manifest));
    bench.put(
      ".moltcomm/state/manifest.json",
      JSON.stringify({ v: 1, source: "x", fetched_ts: NOW_MS, sig, manifest }),
    );
    expect(outcomes((await examine()).of("manifest"))).toEqual(["warning"]);
    publish("m", documentOf([entryOf(relay)], { ...month, generated_ts: NOW_MS - HOUR_MS }));
    expect((await examine()).of("manifest")[0]?.message).toContain("(older_than_known)");
  });

  test("warns of one that is kept and not the pinned key's", async () => {
    use("m/");
    publish("m", documentOf([entryOf(relay)], month));
    const manifest = JSON.stringify(documentOf([], month));
    const sig = makeParty().sign(bytesOf(manifest));
    bench.put(
      ".moltcomm/state/manifest.json",
      JSON.stringify({ v: 1, source: "x", fetched_ts: NOW_MS, sig, manifest }),
    );
    expect(outcomes((await examine()).of("manifest"))).toEqual(["warning", "ok"]);
  });
});
