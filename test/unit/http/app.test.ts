/**
 * Hunts: a check at the border that is missing or out of order, an answer that leaks, a header that an answer lacks.
 */
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { BarnacleError, type ErrorCode } from "../../../src/errors.ts";
import { bearerAuthenticator, errorAnswerFrom, jsonAnswer, type Route } from "../../../src/http/mod.ts";
import { Secret } from "../../../src/log/mod.ts";
import { nodeCryptoPort } from "../../support/node-crypto.ts";
import { makeAppBench, openRoute } from "./support.ts";

const BYTES_MAX = 100;
const JSON_TYPE = { "content-type": "application/json" };

const takesBody: Route = openRoute({
  method: "POST",
  path: "/things/:id",
  access: "token",
  body: {
    schema: z.strictObject({ size: z.int(), inner: z.optional(z.object({ list: z.array(z.string()) })) }),
    bytesMax: BYTES_MAX,
  },
  query: z.strictObject({ tag: z.optional(z.union([z.string(), z.array(z.string())])) }),
  handle: ({ body, bodyText, params, principal, query }) =>
    jsonAnswer(201, { body, bodyText, params, principal, query }),
}) as Route;

const TOKEN = "a-token-that-nobody-may-ever-see";
const withToken = { authenticator: bearerAuthenticator(nodeCryptoPort, new Secret(TOKEN)) };
const AUTHORIZED = { ...JSON_TYPE, authorization: `Bearer ${TOKEN}` };

async function errorOf(answer: Response): Promise<Record<string, unknown>> {
  return (await answer.json() as { error: Record<string, unknown> }).error;
}

/** A body that comes in pieces, without a length; ends only when told. */
function streamOf(pieces: readonly string[], { ends = true, onCancel = () => {} } = {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      if (ends) controller.close();
    },
    cancel: onCancel,
  });
}

describe("a route", () => {
  test("gets parameters, query, body, text and principal, checked", async () => {
    const { send } = makeAppBench([takesBody], withToken);
    const answer = await send("/things/a%20b?tag=x&tag=y", {
      method: "POST",
      headers: AUTHORIZED,
      body: ' {"size": 3}',
    });
    expect([answer.status, await answer.json()]).toEqual([201, {
      body: { size: 3 },
      bodyText: ' {"size": 3}',
      params: { id: "a b" },
      principal: "token",
      query: { tag: ["x", "y"] },
    }]);
  });

  test("that fails answers 500 that tells nothing, and logs all", async () => {
    const { send, log } = makeAppBench([
      openRoute({
        path: "/throws",
        handle: () => {
          throw new Error("the inside");
        },
      }),
      openRoute({ path: "/rejects", handle: () => Promise.reject(new Error("the inside")) }),
      openRoute({
        path: "/disk",
        handle: () => {
          throw new BarnacleError({ code: "DISK_FULL", action: "the inside", hint: "the inside" });
        },
      }),
    ]);
    for (const path of ["/throws", "/rejects", "/disk"]) {
      const answer = await send(path);
      const text = await answer.text();
      expect([answer.status, JSON.parse(text).error.code, text.includes("inside")]).toEqual([500, "INTERNAL", false]);
    }
    expect(log.named("request_failed").map((logged) => logged.fields["path"])).toEqual([
      "/throws",
      "/rejects",
      "/disk",
    ]);
  });

  test("answers HEAD as GET without the body", async () => {
    const { send, sample } = makeAppBench([openRoute({ handle: () => jsonAnswer(200, { a: 1 }) })]);
    const answer = await send("/thing", { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "application/json",
      "",
    ]);
    expect(sample('barnacle_http_requests_total{role="test",route="/thing",method="HEAD",status="200"}')).toBe(1);
  });
});

describe("the border", () => {
  test("answers 404 to an unknown path and 405 with Allow to a wrong method", async () => {
    const { send } = makeAppBench([openRoute(), takesBody]);
    const missing = await send("/nothing");
    expect([missing.status, (await errorOf(missing))["code"]]).toEqual([404, "NOT_FOUND"]);
    const cases = [["DELETE", "/thing", "HEAD, GET"], ["GET", "/things/1", "POST"], [
      "OPTIONS",
      "/thing",
      "HEAD, GET",
    ]] as const;
    for (const [method, path, allow] of cases) {
      const answer = await send(path, { method });
      expect([answer.status, answer.headers.get("allow"), (await errorOf(answer))["code"]])
        .toEqual([405, allow, "METHOD_NOT_ALLOWED"]);
    }
  });

  test("answers 401 with WWW-Authenticate: Bearer before it looks at anything else", async () => {
    const { send } = makeAppBench([takesBody], withToken);
    for (const authorization of [undefined, "Basic abc", "Bearer", "Bearer wrong", `Bearer ${TOKEN}x`, TOKEN]) {
      const headers = { "content-type": "text/plain", ...(authorization === undefined ? {} : { authorization }) };
      const answer = await send("/things/1?nonsense", { method: "POST", headers, body: "x".repeat(1000) });
      const text = await answer.text();
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect(text).not.toContain(TOKEN);
    }
    expect(
      (await send("/things/1", {
        method: "POST",
        headers: { ...AUTHORIZED, authorization: `bearer  ${TOKEN}` },
        body: '{"size":1}',
      }))
        .status,
    ).toBe(201);
  });

  test("answers 429 with Retry-After when the authenticator says RATE_LIMITED", async () => {
    const error = new BarnacleError({ code: "RATE_LIMITED", action: "Admit", retryAfterMs: 1_500 });
    const { send } = makeAppBench([openRoute({ access: "token" })], {
      authenticator: {
        authenticate: () => {
          throw error;
        },
      },
    });
    const answer = await send("/thing");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "2"]);
  });

  test("answers 415 unless the body is application/json as it is", async () => {
    const { send } = makeAppBench([takesBody]);
    const status = async (headers: Record<string, string>) =>
      (await send("/things/1", { method: "POST", headers, body: '{"size":1}' })).status;
    expect(await status({ "content-type": "Application/JSON; charset=utf-8" })).toBe(201);
    expect(await status({ "content-type": 'application/json;profile=x; Charset="UTF-8"' })).toBe(201);
    expect(await status({ "content-type": "application/json; charset=utf-16" })).toBe(415);
    expect(await status({ "content-type": "application/json;charset=iso-8859-1" })).toBe(415);
    expect(await status({ "content-type": "text/plain" })).toBe(415);
    expect(await status({ "content-type": "application/jsonx" })).toBe(415);
    expect(await status({ ...JSON_TYPE, "content-encoding": "gzip" })).toBe(415);
  });

  test("answers 413 to an announced length beyond the limit without reading a byte", async () => {
    const { send } = makeAppBench([takesBody]);
    let reads = 0;
    const body = new ReadableStream({
      pull: () => {
        reads++;
      },
    }, { highWaterMark: 0 });
    const headers = { ...JSON_TYPE, "content-length": String(BYTES_MAX + 1) };
    const answer = await send("/things/1", { method: "POST", headers, body, duplex: "half" });
    expect([answer.status, answer.headers.get("connection"), reads]).toEqual([413, "close", 0]);
  });

  test("answers 413 at the first byte too many of a body without a length, and stops reading", async () => {
    const { send } = makeAppBench([takesBody]);
    let isCancelled = false;
    const body = streamOf(["x".repeat(BYTES_MAX), "y"], { ends: false, onCancel: () => isCancelled = true });
    expect((await send("/things/1", { method: "POST", headers: JSON_TYPE, body, duplex: "half" })).status).toBe(413);
    expect(isCancelled).toBe(true);
  });

  test("takes a body that comes in pieces, cut anywhere", async () => {
    const { send } = makeAppBench([takesBody]);
    const bytes = new TextEncoder().encode('{"size":1,"inner":{"list":["ü€😀"]}}');
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const answer = await send("/things/1", { method: "POST", headers: JSON_TYPE, body, duplex: "half" });
    expect(await answer.json()).toMatchObject({ body: { inner: { list: ["ü€😀"] } } });
  });

  test("answers 408 to a body that does not come in time, announced or not", async () => {
    for (const headers of [JSON_TYPE, { ...JSON_TYPE, "content-length": "20" }]) {
      const { send, clock } = makeAppBench([takesBody]);
      const answering = send("/things/1", {
        method: "POST",
        headers,
        body: streamOf(['{"size"'], { ends: false }),
        duplex: "half",
      });
      let isAnswered = false;
      const noted = answering.then(() => isAnswered = true);
      await clock.advance(9_999);
      expect(isAnswered).toBe(false);
      await clock.advance(1);
      await noted;
      const answer = await answering;
      expect([answer.status, answer.headers.get("connection"), (await errorOf(answer))["code"]]).toEqual([
        408,
        "close",
        "BODY_TIMED_OUT",
      ]);
    }
  });

  test("answers 400 to a body that breaks off", async () => {
    const { send } = makeAppBench([takesBody]);
    const body = new ReadableStream({ start: (controller) => controller.error(new Error("gone")) });
    expect((await send("/things/1", { method: "POST", headers: JSON_TYPE, body, duplex: "half" })).status).toBe(400);
  });

  test("answers 400 and names the field of a body or a query that is wrong", async () => {
    const { send } = makeAppBench([takesBody]);
    const cases = [
      ["", '{"size":"big"}', "BODY_INVALID", "size"],
      ["", '{"size":1,"inner":{"list":["a",2]}}', "BODY_INVALID", "inner.list[1]"],
      ["", '{"size":1,"extra":1}', "BODY_INVALID", "extra"],
      ["", "null", "BODY_INVALID", undefined],
      ["", "not json", "BODY_INVALID", undefined],
      ["?color=red", '{"size":1}', "QUERY_INVALID", "color"],
    ];
    for (const [query, body, code, field] of cases) {
      const answer = await send(`/things/1${query}`, { method: "POST", headers: JSON_TYPE, body: body ?? "" });
      const error = await errorOf(answer);
      expect([answer.status, error["code"], error["field"]]).toEqual([400, code, field]);
      expect(String(error["message"])).not.toContain("not json");
    }
  });

  test("ends no request with anything but an answer, whatever bytes come", async () => {
    const { send } = makeAppBench([takesBody]);
    const bodies = [
      "[".repeat(BYTES_MAX),
      '{"__proto__":{"size":1}}',
      "\ufeff{}",
      '{"size":1e999}',
      '"\\ud800"',
      "{}".repeat(40),
    ];
    for (const body of bodies) {
      expect((await send("/things/1", { method: "POST", headers: JSON_TYPE, body })).status).toBe(400);
    }
  });
});

describe("a loopback listener", () => {
  const routes = [openRoute(), takesBody];

  test("refuses a host name that is not this host: a web page that rebinds its name cannot reach it", async () => {
    const { send } = makeAppBench(routes);
    const hosts = [
      "evil.example",
      "evil.example:7410",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "10.0.0.1",
      "",
      "[::2]",
      "a@127.0.0.1",
    ];
    for (const host of hosts) {
      const answer = await send("/thing", { onLoopback: true, headers: { host } });
      expect([host, answer.status]).toEqual([host, 403]);
      expect((await errorOf(answer))["code"]).toBe("FORBIDDEN");
    }
    expect((await send("http://evil.example/thing", { onLoopback: true })).status).toBe(403);
  });

  test("answers to every name of this host", async () => {
    const { send } = makeAppBench(routes);
    for (
      const host of [
        "127.0.0.1",
        "127.0.0.1:7410",
        "localhost:1",
        "LOCALHOST",
        "[::1]:7410",
        "127.1.2.3",
        "agent.localhost",
      ]
    ) {
      expect([host, (await send("/thing", { onLoopback: true, headers: { host } })).status]).toEqual([host, 200]);
    }
    expect((await send("http://[::1]:7410/thing", { onLoopback: true })).status).toBe(200);
  });

  test("refuses what a web page sends, though it names this host", async () => {
    const { send } = makeAppBench(routes);
    const post = (origin: string) =>
      send("/things/1", { onLoopback: true, method: "POST", headers: { ...JSON_TYPE, origin }, body: '{"size":1}' });
    for (const origin of ["https://evil.example", "null", "file://", "http://127.0.0.1.evil.example"]) {
      expect([origin, (await post(origin)).status]).toEqual([origin, 403]);
    }
    expect((await post("http://localhost:3000")).status).toBe(201);
  });

  test("counts what it refuses", async () => {
    const { send, sample } = makeAppBench(routes);
    await send("/thing", { onLoopback: true, headers: { host: "evil.example" } });
    expect(sample('barnacle_http_requests_total{role="test",route="(none)",method="GET",status="403"}')).toBe(1);
  });
});

describe("every answer", () => {
  test("has the security headers, errors and foreign answers too", async () => {
    const { send } = makeAppBench([
      openRoute(),
      takesBody,
      openRoute({
        path: "/fails",
        handle: () => {
          throw new Error();
        },
      }),
    ]);
    const answers = [
      await send("/thing"),
      await send("/nothing"),
      await send("/fails"),
      await send("/things/1", { method: "POST" }),
      await send("/openapi.json"),
      await send("/thing", { onLoopback: true, headers: { host: "evil.example" } }),
    ];
    for (const answer of answers) {
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
      });
    }
  });

  test("is counted by route, not by the path that a client made up", async () => {
    const { send, metrics } = makeAppBench([takesBody]);
    for (let index = 0; index < 50; index++) {
      await send(`/things/${index}`, { method: "POST", headers: JSON_TYPE, body: '{"size":1}' });
      await send(`/made-up-${index}`, { method: "PROPFIND" });
    }
    const lines = metrics.render().split("\n").filter((line) => line.startsWith("barnacle_http_requests_total{"));
    expect(lines).toEqual([
      'barnacle_http_requests_total{role="test",route="(none)",method="other",status="404"} 50',
      'barnacle_http_requests_total{role="test",route="/things/:id",method="POST",status="201"} 50',
    ]);
  });
});

describe("errorAnswerFrom", () => {
  test("gives each code its status", () => {
    const cases: readonly (readonly [ErrorCode, number])[] = [
      ["BODY_INVALID", 400],
      ["QUERY_INVALID", 400],
      ["UNAUTHORIZED", 401],
      ["SIGNATURE_INVALID", 401],
      ["FORBIDDEN", 403],
      ["NOT_FOUND", 404],
      ["METHOD_NOT_ALLOWED", 405],
      ["BODY_TIMED_OUT", 408],
      ["BODY_TOO_LARGE", 413],
      ["CONTENT_TYPE_UNSUPPORTED", 415],
      ["RATE_LIMITED", 429],
      ["UNAVAILABLE", 503],
      ["PERMISSION_DENIED", 500],
      ["INTERNAL", 500],
    ];
    for (const [code, status] of cases) {
      expect([code, errorAnswerFrom(new BarnacleError({ code, action: "Try" })).status]).toEqual([code, status]);
    }
  });

  test("carries field, hint and further headers", async () => {
    const error = new BarnacleError({ code: "BODY_INVALID", action: "Try", value: "1", wanted: "2", hint: "do" });
    const answer = errorAnswerFrom(error, { field: "a.b", headers: { "x-more": "y" } });
    expect([answer.headers.get("x-more"), await answer.json()]).toEqual(["y", {
      error: { code: "BODY_INVALID", message: "Try: got 1, wanted 2", field: "a.b", hint: "do" },
    }]);
  });
});
