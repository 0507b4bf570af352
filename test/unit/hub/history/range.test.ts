/** Hunts: a range that is not what was asked for, a step that no data has, an answer without a bound. */
import { describe, expect, test } from "vitest";
import { historyQuery, rangeOf } from "../../../../src/hub/history/range.ts";

const NOW_MS = Date.parse("2026-11-21T12:00:10Z");
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

function range(query: Record<string, string>) {
  const { fromMs, toMs, stepMs, isFine } = rangeOf(historyQuery.parse(query), NOW_MS);
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), stepMs, isFine };
}

function refusal(query: Record<string, string>): unknown {
  try {
    return range(query);
  } catch (thrown) {
    return thrown;
  }
}

describe("the range of a history", () => {
  test("is the day until now, in steps of a minute, when nothing is asked for", () => {
    expect(range({})).toEqual({
      from: "2026-11-20T12:00:00.000Z",
      to: "2026-11-21T12:00:10.000Z",
      stepMs: MINUTE_MS,
      isFine: true,
    });
  });

  test("is taken as RFC 3339 or as Unix seconds", () => {
    expect(range({ from: "2026-11-21T10:00:00Z", to: "1795258800", step: "30" })).toEqual({
      from: "2026-11-21T10:00:00.000Z",
      to: "2026-11-21T11:00:00.000Z",
      stepMs: 30_000,
      isFine: true,
    });
  });

  test("has steps of 10 minutes where nothing finer is kept any more", () => {
    expect(range({ from: "2026-11-19T00:03:00Z", to: "2026-11-19T02:00:00Z", step: "30" })).toEqual({
      from: "2026-11-19T00:00:00.000Z",
      to: "2026-11-19T02:00:00.000Z",
      stepMs: 10 * MINUTE_MS,
      isFine: false,
    });
  });

  test("has steps that are whole numbers of what is kept", () => {
    expect(range({ from: "2026-11-21T11:00:00Z", step: "45" }).stepMs).toBe(60_000);
    expect(range({ from: "2026-11-01T00:00:00Z", step: "700" }).stepMs).toBe(20 * MINUTE_MS);
  });

  test("ends now, and begins where the oldest is kept", () => {
    const { from, to } = range({ from: "2020-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" });
    expect(to).toBe("2026-11-21T12:00:10.000Z");
    expect(NOW_MS - Date.parse(from)).toBeLessThan(31 * DAY_MS + 3_600_000);
  });

  test.each<[string, Record<string, string>]>([
    ["ends before it begins", { from: "2026-11-21T11:00:00Z", to: "2026-11-21T10:00:00Z" }],
    ["is in the future", { from: "2027-01-01T00:00:00Z" }],
  ])("is refused when it %s", (_, query) => {
    expect(refusal(query)).toMatchObject({ code: "QUERY_INVALID" });
  });

  test.each(["from", "to", "step"])("is refused for a %s that is none", (name) => {
    for (const value of ["", "yesterday", "-5", "1e9", "NaN"]) expect(() => range({ [name]: value })).toThrow();
  });

  test("is refused for a parameter that is not known", () => {
    expect(() => range({ until: "2026-11-21T11:00:00Z" })).toThrow();
  });
});
