/** Hunts: a check that says ok to what will not work, or that fails on what is fine; advice that is missing. */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { instancesAnswer, json, statusAnswer } from "./support/answers.ts";
import type { FakeRequest } from "./support/fake-runtime.ts";
import { Bench } from "./support/run.ts";

interface Finding {
  readonly subject: string;
  readonly outcome: string;
  readonly message: string;
  readonly advice?: string;
}

async function examine(
  bench: Bench,
  ...words: string[]
): Promise<{ readonly exit: number; readonly of: (subject: string) => Finding[] }> {
  bench.runtime.process.stdout.text = "";
  const exit = await bench.run("doctor", "--json", ...words);
  const { ok, checks } = JSON.parse(bench.output) as { ok: boolean; checks: Finding[] };
  expect(ok).toBe(exit === 0);
  expect(checks.filter(({ outcome, advice }) => outcome !== "ok" && advice === undefined)).toEqual([]);
  return { exit, of: (subject) => checks.filter((finding) => finding.subject === subject) };
}

const outcomes = (findings: readonly Finding[]) => findings.map(({ outcome }) => outcome);

describe("doctor", () => {
  test("gives 0 on a fresh host and shows one line a check", async () => {
    const bench = new Bench();
    expect(await bench.run("doctor")).toBe(0);
    for (
      const text of ["ok       configuration", "ok       work directory", "ok       disk", "ok       clock", "0 failed"]
    ) {
      expect(bench.output).toContain(text);
    }
    expect(bench.runtime.files.files.size).toBe(0);
  });

  test("gives 1 for a broken configuration, with its problems", async () => {
    const bench = new Bench();
    bench.runtime.files.put("/work/barnacle.json", '{"log": {"level": "loud"}}');
    const { exit, of } = await examine(bench);
    expect(exit).toBe(1);
    expect(of("configuration")[0]?.message).toContain("log.level");
  });

  test("escapes what comes from files and far ends", async () => {
    const bench = new Bench();
    bench.runtime.files.put("/work/agents.json", '{"agents": "\\u001b[2J"}');
    await bench.run("doctor");
    expect(bench.output.includes("\x1b")).toBe(false);
  });
});

describe("doctor on the work directory", () => {
  test("fails when it is not there", async () => {
    const { of } = await examine(new Bench(), "--dir", "/nowhere");
    expect(of("work directory")[0]?.message).toBe("/nowhere is not there");
  });

  test("fails when it cannot be written", async () => {
    const bench = new Bench();
    bench.runtime.files.unwritable.add("/work");
    const { of } = await examine(bench);
    expect(outcomes(of("work directory"))).toEqual(["failure"]);
  });

  test("warns when others can look into the state", async () => {
    const bench = new Bench();
    bench.runtime.files.directories.set("/work/.barnacle", 0o755);
    expect(outcomes((await examine(bench)).of("work directory"))).toEqual(["ok", "warning"]);
    bench.runtime.files.directories.set("/work/.barnacle", 0o700);
    expect(outcomes((await examine(bench)).of("work directory"))).toEqual(["ok"]);
  });

  test("warns below 512 MiB of free space and fails below 32", async () => {
    const bench = new Bench();
    for (const [freeMib, outcome] of [[600, "ok"], [500, "warning"], [31, "failure"]] as const) {
      bench.runtime.files.freeBytes = freeMib * 1024 * 1024;
      expect(outcomes((await examine(bench)).of("disk"))).toEqual([outcome]);
    }
  });
});

describe("doctor on addresses", () => {
  test("is content with free ports and with port 0", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = { BARNACLE_HUB_LISTEN: "127.0.0.1:0" };
    const { of } = await examine(bench);
    expect(of("agent address")[0]?.message).toBe("127.0.0.1:7410 is free");
    expect(of("hub address")[0]?.message).toBe("127.0.0.1:0 takes a free port");
  });

  test("fails when a stranger holds the agent's port, and warns for the hub's", async () => {
    const bench = new Bench();
    bench.runtime.takenPorts.add(7410).add(7411);
    bench.runtime.answer = () => new Response("hello");
    const { exit, of } = await examine(bench);
    expect([exit, outcomes(of("agent address")), outcomes(of("hub address"))]).toEqual([1, ["failure"], ["warning"]]);
    expect(of("agent address")[0]?.advice).toContain("run --http");
  });

  test("is content when our own agent and hub hold them, even if they refuse our token", async () => {
    const bench = new Bench();
    bench.runtime.takenPorts.add(7410).add(7411);
    bench.runtime.answer = ({ url }) => json(url.endsWith("/status") ? statusAnswer() : instancesAnswer());
    expect((await examine(bench)).of("agent address")[0]?.message).toContain("held by barnacle");
    bench.runtime.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    const { of } = await examine(bench);
    expect([...outcomes(of("agent address")), ...outcomes(of("hub address"))]).toEqual(["ok", "ok"]);
  });
});

describe("doctor on the agent", () => {
  test("says whether one runs here, is gone without a word, or refuses our token", async () => {
    const bench = new Bench();
    expect((await examine(bench)).of("agent")[0]?.message).toContain("none runs");
    const endpoint = { http: "http://127.0.0.1:4101", process_id: 12, started_at: "2026-02-06T11:00:00Z" };
    bench.runtime.files.put("/work/.barnacle/agent.json", JSON.stringify(endpoint));
    bench.runtime.files.directories.set("/work/.barnacle", 0o700);
    expect(outcomes((await examine(bench)).of("agent"))).toEqual(["warning"]);
    bench.runtime.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    expect(outcomes((await examine(bench)).of("agent"))).toEqual(["failure"]);
    bench.runtime.answer = () => json(statusAnswer());
    expect((await examine(bench)).of("agent")[0]?.message).toBe(
      "runs at http://127.0.0.1:4101 (process 12) and says Available",
    );
  });
});

describe("doctor on the registration file", () => {
  test("is content with a good one, warns without agents, fails with a broken one", async () => {
    const bench = new Bench();
    expect(outcomes((await examine(bench)).of("registration"))).toEqual(["warning"]);
    bench.runtime.files.put("/work/agents.json", '{"agents": [{"name": "downloader"}]}');
    expect((await examine(bench)).of("registration")[0]?.message).toBe("/work/agents.json names 1 agent");
    bench.runtime.files.put("/work/agents.json", '{"agents": [{"name": 7}]}');
    expect(outcomes((await examine(bench)).of("registration"))).toEqual(["failure"]);
  });
});

describe("doctor on key files", () => {
  const environment = {
    BARNACLE_OPENCLAW_CLIENT_KEY_FILE: "/work/key.pem",
    BARNACLE_OPENCLAW_CLIENT_CERT_FILE: "/work/cert.pem",
  };

  test("fails when one is missing, warns when others may read it", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = environment;
    expect(outcomes((await examine(bench)).of("key file"))).toEqual(["failure"]);
    bench.runtime.files.put("/work/key.pem", "key", 0o640);
    const [finding] = (await examine(bench)).of("key file");
    expect([finding?.outcome, finding?.advice]).toEqual(["warning", "chmod 600 /work/key.pem"]);
    bench.runtime.files.put("/work/key.pem", "key", 0o600);
    expect(outcomes((await examine(bench)).of("key file"))).toEqual(["ok"]);
  });

  test("fails on a certificate that cannot be read", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = environment;
    bench.runtime.files.put("/work/cert.pem", "nonsense");
    expect(outcomes((await examine(bench)).of("certificate"))).toEqual(["failure"]);
  });
});

describe("doctor on the receiver", () => {
  const environment = { OPENCLAW_BASE_URL: "https://claw.example/", OPENCLAW_API_KEY: "a-long-key" };
  const refusal = (status: number) => json({ error: { code: "X", message: "no" } }, status);

  function benchWith(answer: (request: FakeRequest) => Response | BarnacleError): Bench {
    const bench = new Bench();
    bench.runtime.process.environment = environment;
    bench.runtime.answer = answer;
    return bench;
  }

  test("has nothing to check when none is configured", async () => {
    const { of } = await examine(new Bench());
    expect(outcomes(of("receiver"))).toEqual(["ok"]);
  });

  test("posts an empty document with the key, and is content when that is refused as JSON", async () => {
    const bench = benchWith(() => refusal(400));
    expect(outcomes((await examine(bench)).of("receiver"))).toEqual(["ok"]);
    expect(bench.runtime.requests.filter(({ url }) => url.startsWith("https:"))).toEqual([{
      method: "POST",
      url: "https://claw.example/openclaw/status",
      authorization: "Bearer a-long-key",
      body: {},
    }]);
  });

  const ANSWERS: readonly (readonly [string, () => Response | BarnacleError, string, string])[] = [
    ["a web page with 200", () => new Response("<html>", { status: 200 }), "failure", "no receiver"],
    ["a refused key", () => refusal(401), "failure", "OPENCLAW_API_KEY"],
    ["a path that is not there", () => refusal(404), "failure", "takes no status"],
    ["a method that is not allowed", () => refusal(405), "failure", "takes no status"],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "https://x.example" } }),
      "failure",
      "redirect",
    ],
    ["its own trouble", () => refusal(503), "failure", "not well"],
    ["a limit", () => refusal(429), "warning", "too many"],
    ["anything taken", () => json({ ok: true }), "warning", "checks nothing"],
    ["nobody", () => new BarnacleError({ code: "CONNECTION_REFUSED", action: "Fetch" }), "failure", "firewall"],
    ["no such host", () => new BarnacleError({ code: "HOST_NOT_FOUND", action: "Fetch" }), "failure", "name service"],
    [
      "a bad certificate",
      () => new BarnacleError({ code: "CERTIFICATE_INVALID", action: "Fetch" }),
      "failure",
      "openclaw.caFile",
    ],
  ];
  for (const [what, answer, outcome, words] of ANSWERS) {
    test(`finds a ${outcome} in ${what}`, async () => {
      const [finding] = (await examine(benchWith(answer))).of("receiver");
      expect(finding?.outcome).toBe(outcome);
      expect(`${finding?.message} ${finding?.advice}`).toContain(words);
    });
  }

  test("trusts the configured authority", async () => {
    const bench = benchWith(() => refusal(400));
    bench.runtime.process.environment = { ...environment, BARNACLE_OPENCLAW_CA_FILE: "/work/ca.pem" };
    bench.runtime.files.put("/work/ca.pem", "the authority");
    await examine(bench);
    expect(bench.runtime.clientOptions.some(({ caPem }) => caPem === "the authority")).toBe(true);
  });

  test("warns when no key is configured", async () => {
    const bench = benchWith(() => refusal(400));
    bench.runtime.process.environment = { OPENCLAW_BASE_URL: "https://claw.example" };
    expect(outcomes((await examine(bench)).of("receiver"))).toEqual(["ok", "warning"]);
  });

  test("compares the clock with the receiver's", async () => {
    for (
      const [seconds, outcome] of [[1, "ok"], [20, "ok"], [-45, "warning"], [61, "failure"], [
        -7_200,
        "failure",
      ]] as const
    ) {
      const bench = benchWith(() => {
        const date = new Date(bench.runtime.clock.wallMs() - seconds * 1_000).toUTCString();
        return json({ error: { code: "X", message: "no" } }, 400, { date });
      });
      const findings = (await examine(bench)).of("clock");
      expect(outcomes(findings)).toContain(outcome);
      if (Math.abs(seconds) > 2) expect(findings[0]?.message).toContain(seconds > 0 ? "ahead of" : "behind");
    }
  });
});

describe("doctor on a hub", () => {
  test("asks the one that is named", async () => {
    const bench = new Bench();
    bench.runtime.answer = () => json(instancesAnswer());
    const { of } = await examine(bench, "--hub", "https://hub.example");
    expect(of("hub")[0]?.message).toBe("https://hub.example knows 0 instances");
  });

  test("fails when it cannot be reached and warns when it wants a key", async () => {
    const bench = new Bench();
    expect(outcomes((await examine(bench, "--hub", "https://hub.example")).of("hub"))).toEqual(["failure"]);
    bench.runtime.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no" } }, 401);
    expect(outcomes((await examine(bench, "--hub", "https://hub.example")).of("hub"))).toEqual(["warning"]);
  });
});

describe("doctor on the clock", () => {
  test("fails when it shows a time that is past", async () => {
    const bench = new Bench();
    bench.runtime.clock.jumpWall(-400 * 86_400_000);
    expect(outcomes((await examine(bench)).of("clock"))).toEqual(["failure"]);
  });
});
