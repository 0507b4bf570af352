/** Hunts: a span that is rounded into the wrong unit, a moment on the wrong side of now. */
import { describe, expect, test } from "vitest";
import { formatDuration, formatMoment } from "../../../src/cli/duration.ts";

describe("formatDuration", () => {
  test("shows the two largest units", () => {
    const shown = [0, 59.4, 60, 3_599, 3_600, 3_605, 90_061, -5].map(formatDuration);
    expect(shown).toEqual(["0 s", "59 s", "1 min", "59 min 59 s", "1 h", "1 h", "1 d 1 h", "0 s"]);
  });
});

describe("formatMoment", () => {
  test("says whether it is past or to come", () => {
    const nowMs = Date.parse("2026-02-06T12:00:00Z");
    expect(formatMoment("2026-02-06T11:59:00Z", nowMs)).toBe("1 min ago");
    expect(formatMoment("2026-02-06T12:00:30Z", nowMs)).toBe("in 30 s");
    expect(formatMoment(null, nowMs)).toBe("never");
  });
});
