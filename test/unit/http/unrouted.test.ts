/**
 * Hunts: a `HEAD` whose length is not that of the `GET`, a path or a method that a stranger can find out, a refusal that
 * shows more than the field at fault.
 */
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { bearerAuthenticator, jsonAnswer, type Route } from "../../../src/http/mod.ts";
import { Secret } from "../../../src/log/mod.ts";
import { nodeCryptoPort } from "../../support/node-crypto.ts";
import { makeAppBench, openRoute } from "./support.ts";

const JSON_TYPE = { "content-type": "application/json" };
const TOKEN = "a-token-that-nobody-may-ever-see";
const withToken = { authenticator: bearerAuthenticator(nodeCryptoPort, new Secret(TOKEN)) };

const takesBody: Route = openRoute({
  method: "POST",
  path: "/things/:id",
  access: "token",
  body: { schema: z.strictObject({ size: z.int(), list: z.optional(z.array(z.string())) }), bytesMax: 100 },
}) as Route;

describe("a route", () => {
  test("answers HEAD with the length that GET has, refusals too", async () => {
    const { send } = makeAppBench([
      openRoute({ handle: () => jsonAnswer(200, { a: "ü" }) }),
      openRoute({ path: "/later", handle: () => Promise.resolve(jsonAnswer(200, { later: true })) }),
    ]);
    for (const path of ["/thing", "/later", "/nothing"]) {
      const { byteLength } = await (await send(path)).arrayBuffer();
      const answer = await send(path, { method: "HEAD" });
      expect([path, answer.headers.get("content-length")]).toEqual([path, String(byteLength)]);
    }
  });
});

describe("the border", () => {
  test("tells nobody without a token which paths and methods exist, but those of open routes", async () => {
    const { send } = makeAppBench([takesBody, openRoute({ path: "/healthz" })], withToken);
    const cases = [
      ["GET", "/nothing", 401, 404],
      ["GET", "/things/1", 401, 405],
      ["PROPFIND", "/things/1", 401, 405],
      ["DELETE", "/healthz", 405, 405],
      ["GET", "/healthz", 200, 200],
    ] as const;
    for (const [method, path, without, withOne] of cases) {
      const stranger = await send(path, { method });
      expect([method, path, stranger.status]).toEqual([method, path, without]);
      expect(stranger.headers.get("www-authenticate")).toBe(without === 401 ? "Bearer" : null);
      expect(stranger.headers.has("allow")).toBe(without === 405);
      const wrong = await send(path, { method, headers: { authorization: "Bearer wrong" } });
      expect([method, path, wrong.status]).toEqual([method, path, without]);
      const known = await send(path, { method, headers: { authorization: `Bearer ${TOKEN}` } });
      expect([method, path, known.status]).toEqual([method, path, withOne]);
    }
  });

  test("names an unknown field and shows nothing of what stands beside it", async () => {
    const { send } = makeAppBench([takesBody]);
    const body = '{"size":1,"list":["beside"],"extra":2}';
    const answer = await send("/things/1", { method: "POST", headers: JSON_TYPE, body });
    const { error } = await answer.json() as { error: Record<string, unknown> };
    expect([error["field"], error["message"]]).toEqual(["extra", "Take the body: extra: got 2, wanted no such field"]);
  });
});
