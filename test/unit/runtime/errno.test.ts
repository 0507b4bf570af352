/** Hunts: a platform error that reaches callers under the wrong code, or with words of the platform in place of a code. */
import { describe, expect, test } from "vitest";
import { BarnacleError, type ErrorCode } from "../../../src/errors.ts";
import { fromListen, fromPlatform, platformCode } from "../../../src/runtime/shared/errno.ts";

function platformError(code: string, cause?: unknown): Error {
  return Object.assign(new Error(`words about ${code}`, { cause }), { code });
}

describe("fromPlatform", () => {
  const rows: readonly (readonly [string, ErrorCode])[] = [
    ["EACCES", "PERMISSION_DENIED"],
    ["EPERM", "PERMISSION_DENIED"],
    ["EROFS", "PERMISSION_DENIED"],
    ["EDQUOT", "DISK_FULL"],
    ["EHOSTUNREACH", "NETWORK_UNREACHABLE"],
    ["ETIMEDOUT", "TIMED_OUT"],
    ["CERT_HAS_EXPIRED", "CERTIFICATE_INVALID"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "CERTIFICATE_INVALID"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "CERTIFICATE_INVALID"],
    ["EIO", "IO_ERROR"],
  ];
  for (const [platform, ours] of rows) {
    test(`maps ${platform} to ${ours}`, () => {
      expect(fromPlatform(platformError(platform), "Do it").code).toBe(ours);
    });
  }

  test("finds the code on the cause of a failed fetch", () => {
    const thrown = new TypeError("fetch failed", { cause: platformError("ECONNREFUSED") });
    const mapped = fromPlatform(thrown, "GET http://localhost/");
    expect([mapped.code, mapped.retryable, mapped.cause]).toEqual(["CONNECTION_REFUSED", true, thrown]);
  });

  test("passes an error of ours through unchanged", () => {
    const ours = new BarnacleError({ code: "LOCK_HELD", action: "Lock it" });
    expect(fromPlatform(ours, "Something else")).toBe(ours);
  });

  test("takes the fallback for what has no known code, an object that names itself in its prototype among it", () => {
    expect(fromPlatform(platformError("constructor"), "Do it").code).toBe("IO_ERROR");
    expect(fromPlatform("words", "Do it", "CONNECTION_RESET").code).toBe("CONNECTION_RESET");
  });

  test("gives a hint where the operator can do something", () => {
    expect(fromPlatform(platformError("ENOSPC"), "Write").hint).toContain("Free space");
    expect(fromPlatform(platformError("CERT_UNTRUSTED"), "GET").hint).toContain("authority");
  });
});

test("platformCode looks through a few causes and ends on a circle", () => {
  const circle = new Error("outer");
  circle.cause = circle;
  expect(platformCode(circle)).toBeUndefined();
  expect(platformCode(new Error("a", { cause: platformError("ENOENT") }))).toBe("ENOENT");
});

test("fromListen calls a name that cannot be resolved an unavailable address", () => {
  expect(fromListen(platformError("ENOTFOUND"), "Listen on nowhere:1").code).toBe("ADDRESS_UNAVAILABLE");
});
