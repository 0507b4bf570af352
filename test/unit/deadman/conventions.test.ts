/** Hunts: a watcher that is told something else than it understands, and one that is told good news by mistake. */
import { describe, expect, test } from "vitest";
import { hiddenFault, kindOf, requestOf } from "../../../src/deadman/conventions.ts";

const CHECK = "5a7f2c1e-0000-4000-8000-000000000000";

test.each([
  [`https://hc-ping.com/${CHECK}`, "healthchecks"],
  [`https://hc-ping.com/project-key/my-check?create=1`, "healthchecks"],
  [`https://checks.example.org/ping/${CHECK}`, "healthchecks"],
  ["https://kuma.example.org:3001/api/push/Abc123?status=up&msg=OK&ping=", "uptime-kuma"],
  ["https://kuma.example.org/sub/api/push/Abc123", "uptime-kuma"],
  ["https://gatus.example.org/api/v1/endpoints/core_agent/external", "gatus"],
  ["https://gatus.example.org/api/v1/endpoints/core_agent/external?success=true", "gatus"],
  ["https://watch.example.org/alive/abc", "plain"],
  ["https://not-hc-ping.com/abc", "plain"],
])("kindOf takes %s for %s", (address, kind) => expect(kindOf(address)).toBe(kind));

describe("requestOf", () => {
  test("healthchecks: the address, and /fail behind its path with the reason as text", () => {
    const address = `https://hc-ping.com/${CHECK}`;
    expect(requestOf("healthchecks", address, undefined)).toEqual({ method: "POST", url: address, body: "healthy" });
    expect(requestOf("healthchecks", address, "3 of 5 failed")).toEqual({
      method: "POST",
      url: `${address}/fail`,
      body: "3 of 5 failed",
    });
    expect(requestOf("healthchecks", "https://hc-ping.com/key/slug/?create=1", "ill")?.url).toBe(
      "https://hc-ping.com/key/slug/fail?create=1",
    );
  });

  test("uptime-kuma: status and msg, in place of those of the address", () => {
    const address = "https://kuma.example.org/api/push/Abc123?status=up&msg=OK&ping=";
    const read = (reason: string | undefined) => {
      const request = requestOf("uptime-kuma", address, reason);
      return [request?.method, Object.fromEntries(new URL(request?.url ?? "").searchParams)];
    };
    expect(read(undefined)).toEqual(["GET", { status: "up", msg: "healthy", ping: "" }]);
    expect(read("a & b = 50 %?")).toEqual(["GET", { status: "down", msg: "a & b = 50 %?", ping: "" }]);
  });

  test("gatus: POST with success, and error only when there is one", () => {
    const address = "https://gatus.example.org/api/v1/endpoints/core_agent/external?success=true&error=old";
    expect(requestOf("gatus", address, undefined)).toEqual({ method: "POST", url: address.replace("&error=old", "") });
    expect(requestOf("gatus", address, "ill & late")?.url).toContain("external?success=false&error=ill+%26+late");
  });

  test("plain: the address as it is, and silence", () => {
    const address = "https://watch.example.org/alive/abc?x=1";
    expect(requestOf("plain", address, undefined)).toEqual({ method: "GET", url: address });
    expect(requestOf("plain", address, "ill")).toBeUndefined();
  });

  test("a long reason is cut", () => {
    expect(requestOf("healthchecks", "https://hc-ping.com/x", "y".repeat(5_000))?.body).toHaveLength(250);
  });
});

test("hiddenFault finds what a 200 hides", () => {
  expect(hiddenFault("healthchecks", "OK")).toBeUndefined();
  expect(hiddenFault("healthchecks", "OK (not found)\n")).toBe("not found");
  expect(hiddenFault("healthchecks", "OK (rate limited)")).toBe("rate limited");
  expect(hiddenFault("uptime-kuma", '{"ok":true}')).toBeUndefined();
  expect(hiddenFault("uptime-kuma", '{"ok":false,"msg":"no"}')).toBe("not ok");
  expect(hiddenFault("uptime-kuma", "<html>")).toBe("no JSON");
  expect(hiddenFault("gatus", "")).toBeUndefined();
  expect(hiddenFault("plain", "<html>")).toBeUndefined();
});
