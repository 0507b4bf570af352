/** Hunts: a key that leaks, and an answer that is taken for what it is not. Rows of "Who", and receivers as bad as they come. */
import { describe, expect, test } from "vitest";
import { deriveNodeId } from "../../../src/contract/mod.ts";
import { BarnacleError } from "../../../src/errors.ts";
import { verifyMessage } from "../../../src/http/message-signature.ts";
import { ANSWER_BYTES_MAX, CAPABILITIES_BYTES_MAX } from "../../../src/limits.ts";
import { VERSION } from "../../../src/version.ts";
import { nodeCryptoPort as crypto } from "../../support/node-crypto.ts";
import { accepted, agent, KEY, makeStatusBench, MINUTE_MS, plain, REGISTRATION_PATH, SECOND_MS } from "./support.ts";

describe("Who", () => {
  test.each([
    ["https://receiver.example", "https://receiver.example/openclaw/status"],
    ["https://receiver.example/", "https://receiver.example/openclaw/status"],
    ["https://receiver.example:8443/a/b", "https://receiver.example:8443/a/b/openclaw/status"],
    ["https://receiver.example/a/b/", "https://receiver.example/a/b/openclaw/status"],
  ])("the status goes under OPENCLAW_BASE_URL %s", async (baseUrl, url) => {
    const bench = makeStatusBench({ publish: { baseUrl } });
    await bench.start();
    expect(bench.receiver.last).toMatchObject({ url, method: "POST" });
  });

  test("OPENCLAW_API_KEY is sent as a bearer token with JSON", async () => {
    const bench = makeStatusBench();
    await bench.start();
    const { headers } = bench.receiver.last;
    expect(headers.get("authorization")).toBe(`Bearer ${KEY}`);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("accept")).toBe("application/json");
    expect(headers.get("user-agent")).toBe(`barnacle/${VERSION}`);
    expect(headers.has("signature")).toBe(false);
  });

  test.each([301, 302, 307, 308])("a %i is not followed, and the key not sent on", async (status) => {
    const bench = makeStatusBench();
    const location = `https://elsewhere.example/steal?key=${KEY}`;
    bench.receiver.behave = plain(status, { location });
    await bench.start();
    await bench.clock.advance(MINUTE_MS);
    expect(bench.receiver.received).toHaveLength(1);
    expect(bench.receiver.last.redirect).toBe("manual");
    const [failure] = bench.log.named("publish_failed");
    expect(failure).toMatchObject({ kind: "error", fields: { error: { code: "REDIRECT_REFUSED" } } });
    expect(String(failure?.fields["message"])).toContain("https://elsewhere.example");
  });

  test("the key never appears in an event, a status or an error, whatever the receiver sends back", async () => {
    const evil = [
      plain(400, {}, `you sent ${KEY}`),
      plain(400, {}, JSON.stringify({ error: { message: `bad key ${KEY}`, field: KEY } })),
      plain(400, {}, JSON.stringify({ error: KEY.replace(/a/g, "\\u0061") }).replaceAll("\\\\u", "\\u")),
      plain(400, {}, `${" ".repeat(ANSWER_BYTES_MAX - 10)}${KEY}`),
      plain(307, { location: `https://${KEY}@elsewhere.example/` }),
      plain(307, { location: KEY }),
      plain(307, { location: `https://${KEY}.example/` }),
      plain(200, { "content-type": KEY }, "no JSON"),
      () => {
        throw new Error(`while sending ${KEY}`);
      },
    ];
    for (const behave of evil) {
      const bench = makeStatusBench();
      bench.receiver.behave = behave;
      await bench.start();
      const { message, error } = bench.log.named("publish_failed")[0]?.fields ?? {};
      expect(String(message)).toContain("Publish the status to https://receiver.example/openclaw/status");
      expect(`${String(message)} ${(error as BarnacleError).hint}`).not.toContain(KEY.slice(0, 8));
      expect(JSON.stringify(await bench.ask("/status"))).not.toContain(KEY);
    }
  });

  test("the receiver's words are cut and made printable", async () => {
    const bench = makeStatusBench();
    const words = `capacity.queue_length:\n\u001b[31m ${"x".repeat(9_000)}`;
    bench.receiver.behave = plain(400, {}, JSON.stringify({ error: { message: words } }));
    await bench.start();
    const message = String(bench.log.named("publish_failed")[0]?.fields["message"]);
    expect(message).toContain("status 400");
    expect(message).toContain("capacity.queue_length: [31m xxx");
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(400);
  });

  test("each publication is signed with the host's identity when a signer is given", async () => {
    const { privatePkcs8, publicSpki } = crypto.generateEd25519();
    const signer = { publicSpki, sign: crypto.ed25519Signer(privatePkcs8) };
    const bench = makeStatusBench({ publish: { signer } });
    await bench.start();
    await bench.clock.advance(30 * SECOND_MS);
    for (const { url, method, headers, text, atMs } of bench.receiver.received) {
      const clock = { wallMs: () => bench.clock.wallMs() - bench.clock.monotonicMs() + atMs };
      const { nodeId } = verifyMessage({ clock, crypto }, { url, method, headers, body: text });
      expect(nodeId).toBe(deriveNodeId(crypto, publicSpki));
    }
  });
});

describe("an answer with 2xx", () => {
  const taken = async (behave: () => Response) => {
    const bench = makeStatusBench();
    bench.receiver.behave = behave;
    await bench.start();
    return bench.log.named("publish_failed")[0]?.fields["error"] ?? "taken";
  };

  test.each<[string, () => Response]>([
    ["202", accepted],
    ["a duplicate", () => Response.json({ accepted: true, message_id: "x", duplicate: true }, { status: 202 })],
    ["a stranger's JSON", () => Response.json({ ok: 1 })],
    ["one that is not stale", () => Response.json({ accepted: true, stale: false }, { status: 202 })],
    ["nothing", () => new Response(null, { status: 204 })],
    ["an empty text", plain(200)],
  ])("and %s is a success", async (_what, behave) => {
    expect(await taken(behave)).toBe("taken");
  });

  test("and HTML, as a stock OpenClaw gateway gives, is a failure with a hint", async () => {
    const error = await taken(plain(200, { "content-type": "text/html" }, "<!doctype html><title>Control</title>"));
    expect(error).toMatchObject({ code: "ANSWER_INVALID", hint: expect.stringMatching(/OpenClaw gateway/) });
  });

  test('and "accepted": false is a failure', async () => {
    expect(await taken(() => Response.json({ accepted: false }))).toMatchObject({ code: "REJECTED" });
  });

  test('and "stale": true is a failure that says why, and is tried again as often as any', async () => {
    const bench = makeStatusBench();
    const stale = (aheadMs: number) => () => {
      const date = new Date(bench.clock.wallMs() + aheadMs).toUTCString();
      return Response.json({ accepted: true, duplicate: false, stale: true }, { status: 202, headers: { date } });
    };
    bench.receiver.behave = stale(3_600_000);
    await bench.start();
    const [failure] = bench.log.named("publish_failed");
    expect(failure?.kind).toBe("warn");
    expect(failure?.fields["error"]).toMatchObject({
      code: "REJECTED",
      hint: expect.stringMatching(/clock was set back, or another process publishes under this instance_id/),
    });
    expect(String(failure?.fields["message"])).toMatch(/"stale": true, from a clock 3(599|600) s ahead of ours/);
    expect(bench.log.named("publish_succeeded")).toEqual([]);
    bench.receiver.behave = stale(0);
    await bench.clock.advance(30 * SECOND_MS);
    const failures = bench.log.named("publish_failed");
    expect(failures.length).toBeGreaterThanOrEqual(4);
    expect(String(failures.at(-1)?.fields["message"])).not.toContain("ahead");
    bench.receiver.behave = accepted;
    await bench.clock.advance(5 * MINUTE_MS);
    expect(bench.log.named("publish_recovered")).toHaveLength(1);
  });

  test("and a newer document it knows of is overtaken by the next attempt", async () => {
    const bench = makeStatusBench();
    const knownMs = bench.clock.wallMs() + 60_000;
    bench.receiver.behave = () => {
      const isNewer = Date.parse(bench.receiver.last.document.timestamp) > knownMs;
      const stale = isNewer ? {} : { stale: true, known_timestamp: new Date(knownMs).toISOString() };
      return Response.json({ accepted: true, message_id: null, duplicate: false, ...stale }, { status: 202 });
    };
    await bench.start();
    await bench.clock.advance(10 * SECOND_MS);
    expect(bench.log.named("publish_recovered")).toHaveLength(1);
    expect(Date.parse(bench.receiver.last.document.timestamp)).toBe(knownMs + 1);
  });

  test("and refusals of a clock that was ahead for a moment leave no trace in later timestamps", async () => {
    const bench = makeStatusBench();
    const HOUR_MS = 60 * MINUTE_MS;
    const dayStartMs = bench.clock.wallMs();
    bench.receiver.behave = () => {
      const aheadMs = Date.parse(bench.receiver.last.document.timestamp) - dayStartMs;
      return aheadMs < HOUR_MS ? accepted() : Response.json({ error: {} }, { status: 400 });
    };
    await bench.start();
    bench.clock.jumpWall(2 * HOUR_MS);
    await bench.clock.advance(MINUTE_MS);
    expect(bench.log.named("publish_failed").length).toBeGreaterThan(0);
    bench.clock.jumpWall(-2 * HOUR_MS);
    await bench.clock.advance(6 * MINUTE_MS);
    expect(bench.log.named("publish_recovered")).toHaveLength(1);
  });

  test("and 10 MB is cut off", async () => {
    let pulled = 0;
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled++;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
      cancel: () => void (isCancelled = true),
    });
    expect(await taken(() => new Response(body, { status: 202 }))).toMatchObject({ code: "ANSWER_TOO_LARGE" });
    expect(pulled).toBeLessThan(10);
    expect(isCancelled).toBe(true);
  });

  test("whose body never ends is timed out", async () => {
    const bench = makeStatusBench();
    bench.receiver.behave = () => new Response(new ReadableStream({}), { status: 202 });
    await bench.start();
    await bench.clock.advance(5 * SECOND_MS);
    expect(bench.log.named("publish_failed")[0]?.fields["error"]).toMatchObject({ code: "TIMED_OUT" });
  });
});

test("a certificate nobody vouches for is an error that names openclaw.caFile", async () => {
  const bench = makeStatusBench();
  bench.receiver.behave = () => {
    throw new BarnacleError({ code: "CERTIFICATE_INVALID", action: "Connect", value: "self-signed certificate" });
  };
  await bench.start();
  expect(bench.log.named("publish_failed")[0]).toMatchObject({
    kind: "error",
    fields: { error: { code: "CERTIFICATE_INVALID", hint: expect.stringMatching(/openclaw\.caFile/) } },
  });
});

test("a registration too large for the document does not silence the host: the last good one goes on", async () => {
  const capabilities = Array.from({ length: 256 }, (_, index) => "ü".repeat(124) + index.toString().padStart(4, "0"));
  const bench = makeStatusBench({ agents: [agent("a", { capabilities: ["paint"] })] });
  await bench.start();
  bench.files.put(REGISTRATION_PATH, JSON.stringify({ agents: [agent("a", { capabilities })] }));
  await bench.clock.advance(MINUTE_MS);
  expect(bench.receiver.last.document).toMatchObject({
    capabilities: ["paint"],
    health: { details: { registration: "last_good_kept" } },
  });
  expect(bench.log.named("publish_failed")).toEqual([]);
});

test("the largest registration that is taken goes out, whatever else the document holds", async () => {
  // 192 names of 256 bytes in all, quotes and comma included, and the brackets: one byte more than the share, so one name is shorter.
  const names = Array.from({ length: 192 }, (_, index) => "ü".repeat(125) + index.toString().padStart(3, "0"));
  const capabilities = names.map((name, index) => index === 0 ? name.slice(1) : name);
  const tags = Object.fromEntries(
    Array.from({ length: 64 }, (_, index) => [`${"ü".repeat(100)}${index}`, "ü".repeat(128)]),
  );
  const service = {
    serviceName: '"'.repeat(128),
    instanceId: "\u{1f980}".repeat(64),
    version: `1.0.0-${"a".repeat(122)}`,
    tags,
  };
  const bench = makeStatusBench({ service, agents: [agent("a", { capabilities })] });
  await bench.start();
  const sizeBytes = new TextEncoder().encode(JSON.stringify(bench.receiver.last.document.capabilities)).length;
  expect(sizeBytes).toBeLessThanOrEqual(CAPABILITIES_BYTES_MAX);
  expect(sizeBytes).toBeGreaterThan(CAPABILITIES_BYTES_MAX - 8);
  expect(bench.log.named("publish_failed")).toEqual([]);
});
