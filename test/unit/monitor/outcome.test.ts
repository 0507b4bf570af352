/** Hunts: a backend that silences us for longer than it waits before it calls a host offline; a secret in its words. */
import { expect, test } from "vitest";
import type { Reply } from "../../../src/http/mod.ts";
import { HEARTBEAT_BACKOFF_MAX_MS } from "../../../src/limits.ts";
import { judgeReply, oddityOf } from "../../../src/monitor/backend/outcome.ts";

const KEY = "a-key-of-the-backend";
const redact = (text: string) => text.replaceAll(KEY, "[secret]");
const CONTEXT = { endpoint: "https://backend.example/monitor/server/heartbeat", nowMs: 0, redact };

function reply(status: number, init: { headers?: Record<string, string>; text?: string; isCut?: boolean } = {}): Reply {
  return { status, headers: new Headers(init.headers), text: init.text ?? "", isCut: init.isCut ?? false };
}

test.each([200, 201, 202, 204, 299])("judgeReply takes %i for success", (status) => {
  expect(judgeReply(reply(status), CONTEXT)).toBeUndefined();
});

test.each([
  [503, "86400"],
  [429, "Sat, 01 Jan 2050 00:00:00 GMT"],
])(
  "judgeReply waits after %i with Retry-After %s only so long that the host is not called offline",
  (status, after) => {
    const error = judgeReply(reply(status, { headers: { "retry-after": after } }), CONTEXT);
    expect(error).toMatchObject({ retryable: true, retryAfterMs: HEARTBEAT_BACKOFF_MAX_MS });
  },
);

test("judgeReply keeps to a short Retry-After", () => {
  expect(judgeReply(reply(503, { headers: { "retry-after": "20" } }), CONTEXT)?.retryAfterMs).toBe(20_000);
});

test("judgeReply quotes a backend's words without secrets, control characters and pages", () => {
  const told = judgeReply(reply(422, { text: `{"detail":"${KEY}\u001b[31m\n\tcpu_pct"}` }), CONTEXT);
  expect(told?.message).toContain("cpu_pct");
  expect(told?.message).toContain("[secret]");
  // deno-lint-ignore no-control-regex
  expect(told?.message).not.toMatch(/[\u0000-\u001f]/);
  expect(judgeReply(reply(500, { text: "  <html>secret page" }), CONTEXT)?.message).not.toContain("secret page");
  const cut = judgeReply(reply(500, { text: `words ${KEY.slice(0, 8)}`, isCut: true }), CONTEXT);
  expect(cut?.message).not.toContain(KEY.slice(0, 8));
});

test("judgeReply names of a redirect's target no more than its origin", () => {
  const headers = { location: "https://user:password@elsewhere.example/path?token=secret" };
  const error = judgeReply(reply(307, { headers }), CONTEXT);
  expect(error).toMatchObject({ code: "REDIRECT_REFUSED", value: "a redirect to https://elsewhere.example" });
  expect(judgeReply(reply(302, { headers: { location: "http://[" } }), CONTEXT)?.value).toBe("a redirect");
});

test("oddityOf finds nothing odd about JSON and about nothing", () => {
  expect(oddityOf(reply(200, { text: "{}" }), redact)).toBeUndefined();
  expect(oddityOf(reply(204), redact)).toBeUndefined();
  expect(oddityOf(reply(200, { text: "ok", headers: { "content-type": KEY } }), redact)).toContain("[secret]");
});
