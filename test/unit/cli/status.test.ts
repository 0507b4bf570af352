/**
 * Hunts: an agent that cannot be found, a key that goes to the wrong place, hostile text on the terminal, an answer of
 * the wrong program taken for ours.
 */
import { describe, expect, test } from "vitest";
import { instanceAnswer, instancesAnswer, json, statusAnswer } from "./support/answers.ts";
import { Bench, until } from "./support/run.ts";

const ENDPOINT = JSON.stringify({
  http: "http://127.0.0.1:4101",
  hub: "http://127.0.0.1:4102",
  process_id: 12,
  started_at: "2026-02-06T11:00:00Z",
});

describe("status", () => {
  test("asks the agent that runs in the work directory and shows its state", async () => {
    const bench = new Bench();
    bench.runtime.files.put("/work/.barnacle/agent.json", ENDPOINT);
    bench.runtime.answer = () => json(statusAnswer());
    expect(await bench.run("status")).toBe(0);
    expect(bench.runtime.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET http://127.0.0.1:4101/status",
    ]);
    for (
      const text of [
        "Chimera  Available",
        "host-17",
        "2 active, 10 queued, 4 slots",
        "3 h 25 min",
        "12 s ago",
        "in 18 s",
      ]
    ) {
      expect(bench.output).toContain(text);
    }
  });

  test("asks the configured address, with the token, when no agent left its own", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = { BARNACLE_HTTP_LISTEN: "0.0.0.0:4103", BARNACLE_HTTP_TOKEN: "a-long-token" };
    bench.runtime.answer = () => json(statusAnswer());
    expect(await bench.run("status")).toBe(0);
    expect(bench.runtime.requests[0]).toEqual({
      method: "GET",
      url: "http://127.0.0.1:4103/status",
      authorization: "Bearer a-long-token",
      body: undefined,
    });
  });

  test("asks the configured address when the file of the agent makes no sense", async () => {
    for (const content of ["", "{", "[]", '{"http": 7}', '{"http": "nowhere"}']) {
      const bench = new Bench();
      bench.runtime.files.put("/work/.barnacle/agent.json", content);
      bench.runtime.answer = () => json(statusAnswer());
      expect(await bench.run("status")).toBe(0);
      expect(bench.runtime.requests[0]?.url).toBe("http://127.0.0.1:7410/status");
    }
  });

  test("prints the answer as JSON with --json, unknown fields and all", async () => {
    const bench = new Bench();
    const answer = { ...statusAnswer(), novelty: "\x1b[2J" };
    bench.runtime.answer = () => json(answer);
    expect(await bench.run("status", "--json")).toBe(0);
    expect(JSON.parse(bench.output)).toEqual(answer);
    expect(bench.output.includes("\x1b")).toBe(false);
  });

  test("gives 3 and says how to start an agent when none answers", async () => {
    const bench = new Bench();
    expect(await bench.run("status")).toBe(3);
    expect(bench.errors).toContain("Ask http://127.0.0.1:7410/status: got nobody listening there");
    expect(bench.errors).toContain("hint: start the agent with barnacle run");
  });

  test("gives 3 when the agent hangs", async () => {
    const bench = new Bench();
    bench.runtime.answer = () => new Promise(() => {});
    const done = bench.run("status");
    await until(() => bench.runtime.requests.length > 0);
    await bench.runtime.clock.advance(5_000);
    expect(await done).toBe(3);
    expect(bench.errors).toContain("within 5 s");
  });

  test("gives 4 when the token is refused", async () => {
    const bench = new Bench();
    bench.runtime.answer = () => json({ error: { code: "UNAUTHORIZED", message: "no token" } }, 401);
    expect(await bench.run("status")).toBe(4);
    expect(bench.errors).toContain("BARNACLE_HTTP_TOKEN");
  });

  test("gives 1 and suspects another program when the answer is not ours", async () => {
    for (
      const answer of [new Response("<html>", { status: 200 }), json({ hello: 1 }), new Response("x", { status: 404 })]
    ) {
      const bench = new Bench();
      bench.runtime.answer = () => answer.clone();
      expect(await bench.run("status")).toBe(1);
      expect(bench.errors).toContain("something else may listen");
    }
  });

  test("gives 1 when the answer has no end", async () => {
    const bench = new Bench();
    const endless = () =>
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    bench.runtime.answer = () => new Response(endless());
    expect(await bench.run("status")).toBe(1);
    expect(bench.errors).toContain("a larger answer");
  });

  test("shows which rules explain a degraded status, and why publishing fails", async () => {
    const bench = new Bench();
    const { publishing } = statusAnswer();
    bench.runtime.answer = () =>
      json(statusAnswer({
        status: "Degraded",
        explanation: [{ rule: "silent", message: "worker-1 is silent", recovering: false }],
        publishing: {
          ...publishing,
          state: "failing",
          next_attempt: "2026-02-06T12:01:00Z",
          consecutive_failures: 3,
          last_error: { code: "TIMED_OUT", message: "Publish: got no answer" },
        },
      }));
    await bench.run("status");
    expect(bench.output).toContain("worker-1 is silent");
    expect(bench.output).toContain(
      "failing to https://claw.example/openclaw/status, 3 in a row, next attempt in 1 min: Publish: got no answer",
    );
  });
});

test("status says which task runs, is due, or waits for a nudge", async () => {
  const bench = new Bench();
  const [task] = statusAnswer().tasks;
  if (task === undefined) throw new Error("Take the example's task: there is none");
  const tasks = [
    { ...task, name: "a", running: true },
    { ...task, name: "b", next_run: "2026-02-06T11:59:59Z" },
    { ...task, name: "c", next_run: null },
  ];
  bench.runtime.answer = () => json(statusAnswer({ tasks }));
  await bench.run("status");
  for (const row of [/^a .* runs /m, /^b .* due /m, /^c .* when nudged /m]) expect(bench.output).toMatch(row);
});

describe("status --hub", () => {
  test("asks the hub it is given, without our key", async () => {
    const bench = new Bench();
    bench.runtime.process.environment = { OPENCLAW_BASE_URL: "https://claw.example", OPENCLAW_API_KEY: "a-long-key" };
    bench.runtime.answer = () => json(instancesAnswer(instanceAnswer()));
    expect(await bench.run("status", "--hub", "http://127.0.0.1:9/")).toBe(0);
    expect(bench.runtime.requests[0]?.url).toBe("http://127.0.0.1:9/v1/instances");
    expect(bench.runtime.requests[0]?.authorization).toBe(null);
    for (
      const text of [
        "host-17",
        "project-chimera",
        "healthy",
        "1 min 15 s ago",
        "download, transcribe",
        "1 of 1 instances",
      ]
    ) {
      expect(bench.output).toContain(text);
    }
  });

  test("without a URL asks the nearest hub it knows of, and only the receiver with the key", async () => {
    const asked = async (environment: Record<string, string>, endpoint?: string) => {
      const bench = new Bench();
      bench.runtime.process.environment = environment;
      if (endpoint !== undefined) bench.runtime.files.put("/work/.barnacle/agent.json", endpoint);
      bench.runtime.answer = () => json(instancesAnswer());
      expect(await bench.run("status", "--hub", "--json")).toBe(0);
      return [bench.runtime.requests[0]?.url, bench.runtime.requests[0]?.authorization];
    };
    const receiver = { OPENCLAW_BASE_URL: "https://claw.example", OPENCLAW_API_KEY: "a-long-key" };
    expect(await asked(receiver, ENDPOINT)).toEqual(["http://127.0.0.1:4102/v1/instances", null]);
    expect(await asked({ OPENCLAW_API_KEY: "a-long-key" }, ENDPOINT))
      .toEqual(["http://127.0.0.1:4102/v1/instances", "Bearer a-long-key"]);
    expect(await asked({ ...receiver, BARNACLE_HUB_URL: "https://hub.example" })).toEqual([
      "https://hub.example/v1/instances",
      null,
    ]);
    expect(await asked(receiver)).toEqual(["https://claw.example/v1/instances", "Bearer a-long-key"]);
    expect(await asked({})).toEqual(["http://127.0.0.1:7411/v1/instances", null]);
  });

  test("escapes what strangers wrote", async () => {
    const bench = new Bench();
    bench.runtime.process.stdout.isTerminal = true;
    bench.runtime.process.stdout.columns = 200;
    const hostile = instanceAnswer({ service_name: "x\u202ey", document: { capabilities: ["\x1b]0;owned\x07", 7] } });
    bench.runtime.answer = () => json(instancesAnswer(hostile));
    await bench.run("status", "--hub", "http://127.0.0.1:9");
    expect(bench.output).toContain("x\\u{202e}y");
    expect(bench.output).toContain("\\u{1b}]0;owned\\u{7}");
    expect(bench.output.includes("\x1b]")).toBe(false);
  });

  test("gives 2 for what is no URL of a hub", async () => {
    for (const url of ["nonsense", "ftp://hub.example"]) {
      const bench = new Bench();
      expect(await bench.run("status", "--hub", url)).toBe(2);
      expect(bench.runtime.requests).toEqual([]);
    }
  });
});

describe("status --watch", () => {
  test("redraws every 2 s, through an agent that is gone for a while, until SIGINT", async () => {
    const bench = new Bench();
    const { clock, process } = bench.runtime;
    process.stdout.isTerminal = true;
    process.stdout.columns = 80;
    const refused = bench.runtime.answer;
    bench.runtime.answer = () => json(statusAnswer());
    const done = bench.run("status", "--watch");
    const drawn = () => bench.output.split("\x1b[H").length - 2;
    await until(() => drawn() === 1 && clock.pendingCount === 1);
    bench.runtime.answer = refused;
    await clock.advance(1_999);
    expect(drawn()).toBe(1);
    await clock.advance(1);
    await until(() => drawn() === 2 && clock.pendingCount === 1);
    expect(bench.output).toContain("nobody listening");
    process.raise("SIGINT");
    expect(await done).toBe(0);
    expect(clock.pendingCount).toBe(0);
  });

  test("is wrong usage without a terminal or with --json", async () => {
    const [piped, json] = [new Bench(), new Bench()];
    expect(await piped.run("status", "--watch")).toBe(2);
    json.runtime.process.stdout.isTerminal = true;
    expect(await json.run("status", "--watch", "--json")).toBe(2);
  });
});
