/** Hunts: a beat that is missed, doubled or stale, a receiver that is pestered. Rows of "When". */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { accepted, agent, gaps, makeStatusBench, MINUTE_MS, plain, SECOND_MS, silent, stop } from "./support.ts";

describe("When", () => {
  test("every 30 s by default, for ever, each time with a message id and a timestamp of its own", async () => {
    const bench = makeStatusBench();
    await bench.start();
    await bench.clock.advance(100 * 30 * SECOND_MS);
    const { received } = bench.receiver;
    expect(received.length).toBeGreaterThanOrEqual(99);
    expect(received.length).toBeLessThanOrEqual(102);
    expect(new Set(received.map(({ document }) => document.message_id)).size).toBe(received.length);
    const stamps = received.map(({ document }) => document.timestamp);
    expect([...stamps].sort()).toEqual(stamps);
    expect(new Set(stamps).size).toBe(stamps.length);
  });

  test("60 to 120 s allowed", async () => {
    const bench = makeStatusBench({ service: { intervalMs: 120_000 } });
    await bench.start();
    await bench.clock.advance(20 * MINUTE_MS);
    expect(bench.receiver.received.length).toBeGreaterThanOrEqual(10);
    expect(bench.receiver.received.length).toBeLessThanOrEqual(12);
    expect(bench.receiver.last.document.expires_in_seconds).toBe(360);
  });

  test("with jitter of up to 10 %, so that a fleet started together does not beat together", async () => {
    const beats: number[][] = [];
    for (const seed of [1, 2]) {
      const bench = makeStatusBench({ seed });
      await bench.start();
      await bench.clock.advance(20 * MINUTE_MS);
      beats.push(bench.receiver.received.map(({ atMs }) => atMs));
      for (const gap of gaps(bench.receiver.received)) {
        expect(gap).toBeGreaterThanOrEqual(24_000);
        expect(gap).toBeLessThanOrEqual(36_000);
      }
    }
    const together = beats[0]?.slice(1).filter((atMs) => beats[1]?.includes(atMs)) ?? [];
    expect(together.length).toBeLessThan(3);
  });

  test("at once on a change of availability, merged within 2 s", async () => {
    const bench = makeStatusBench({ agents: [agent("a", { slots: 2 })] });
    await bench.start();
    const changedAtMs = bench.clock.monotonicMs();
    bench.service.accept({ reporter: "w", active_tasks: 2 });
    await bench.clock.advance(500);
    bench.service.accept({ reporter: "w", active_tasks: 1 });
    await bench.clock.advance(500);
    bench.service.accept({ reporter: "w", active_tasks: 3 });
    await bench.clock.advance(3 * SECOND_MS);
    expect(bench.receiver.received).toHaveLength(2);
    expect(bench.receiver.last.atMs - changedAtMs).toBeLessThanOrEqual(2_000);
    expect(bench.receiver.last.document).toMatchObject({ availability: "busy", capacity: { active_tasks: 3 } });
  });

  test("at once on a change of health.status, also one that only time brings", async () => {
    const bench = makeStatusBench();
    await bench.start();
    bench.service.accept({ reporter: "w", active_tasks: 1, holds_for_seconds: 4 });
    await bench.clock.advance(15 * SECOND_MS);
    expect(bench.receiver.received).toHaveLength(2);
    expect(bench.receiver.last.document.health).toMatchObject({ status: "degraded", details: { silent_reporters: 1 } });
    expect(bench.receiver.last.atMs).toBeLessThan(14 * SECOND_MS);
  });

  test("a change that a beat itself notices is published once", async () => {
    const first = makeStatusBench();
    await first.start();
    await first.clock.advance(40 * SECOND_MS);
    const beatAtMs = first.receiver.received[1]?.atMs ?? 0;
    const bench = makeStatusBench();
    bench.service.addCheck("inbox", () => ({ ok: bench.clock.monotonicMs() < beatAtMs }));
    await bench.start();
    await bench.clock.advance(40 * SECOND_MS);
    expect(bench.receiver.documents.map(({ health }) => health.status)).toEqual(["healthy", "degraded"]);
    expect(bench.receiver.last.atMs).toBe(beatAtMs);
  });

  test("a change of numbers alone waits for the next beat", async () => {
    const bench = makeStatusBench({ agents: [agent("a", { slots: 9 })] });
    await bench.start();
    bench.service.accept({ reporter: "w", active_tasks: 2, queue_length: 3 });
    await bench.clock.advance(10 * SECOND_MS);
    expect(bench.receiver.received).toHaveLength(1);
    await bench.clock.advance(30 * SECOND_MS);
    expect(bench.receiver.last.document.capacity).toMatchObject({ active_tasks: 2, queue_length: 3 });
  });

  test("on a graceful stop draining at once, then offline last", async () => {
    const bench = makeStatusBench();
    await bench.start();
    expect(await stop(bench)).toBeLessThan(500);
    const statuses = bench.receiver.documents.map(({ health, availability }) => [health.status, availability]);
    expect(statuses).toEqual([["healthy", "available"], ["draining", "paused"], ["offline", "offline"]]);
    const stamps = bench.receiver.documents.map(({ timestamp }) => timestamp);
    expect(new Set(stamps).size).toBe(3);
    await bench.clock.advance(10 * MINUTE_MS);
    expect(bench.receiver.received).toHaveLength(3);
  });

  test("within 5 s, although the receiver never answers, and offline is still tried", async () => {
    const bench = makeStatusBench();
    bench.receiver.behave = silent;
    await bench.start();
    expect(await stop(bench)).toBeLessThanOrEqual(5_000);
    const statuses = bench.receiver.documents.map(({ health }) => health.status);
    expect(statuses.slice(-2)).toEqual(["draining", "offline"]);
    expect(bench.log.named("publish_failed")).toHaveLength(2);
  });

  test("the acts of other parts come between draining and offline", async () => {
    const bench = makeStatusBench();
    await bench.service.start();
    let seen: string[] = [];
    bench.scheduler.onStop("flush", 100, () => {
      seen = bench.receiver.documents.map(({ health }) => health.status);
      return Promise.resolve();
    });
    bench.service.addLastClosingAct();
    bench.scheduler.start();
    await bench.clock.advance(SECOND_MS);
    await stop(bench);
    expect(seen).toEqual(["healthy", "draining"]);
    expect(bench.receiver.last.document.health.status).toBe("offline");
  });

  test("on failure backs off with full jitter, capped at 5 minutes, for ever", async () => {
    const bench = makeStatusBench();
    bench.receiver.behave = plain(503);
    await bench.start();
    await bench.clock.advance(24 * 60 * MINUTE_MS);
    const waits = gaps(bench.receiver.received);
    waits.forEach((wait, index) => expect(wait).toBeLessThanOrEqual(Math.min(5 * MINUTE_MS, 1_000 * 2 ** index) + 1));
    expect(waits.length).toBeGreaterThan(400);
    expect(Math.max(...waits)).toBeGreaterThan(4 * MINUTE_MS);
    expect(Math.min(...waits.slice(20))).toBeLessThan(MINUTE_MS);
  });

  test.each([
    ["5xx", plain(500), "REMOTE_FAILURE"],
    ["502", plain(502, { "content-type": "text/html" }, "<html>Bad gateway</html>"), "REMOTE_FAILURE"],
    ["408", plain(408), "REMOTE_FAILURE"],
    ["429", plain(429), "RATE_LIMITED"],
    ["a refused connection", () => {
      throw new BarnacleError({ code: "CONNECTION_REFUSED", action: "Dial", retryable: true });
    }, "CONNECTION_REFUSED"],
    ["a name nobody knows", () => {
      throw new BarnacleError({ code: "HOST_NOT_FOUND", action: "Dial" });
    }, "HOST_NOT_FOUND"],
    ["no answer in time", silent, "TIMED_OUT"],
  ])("retries on %s soon, and says so", async (_what, behave, code) => {
    const bench = makeStatusBench();
    bench.receiver.behave = behave;
    await bench.start();
    await bench.clock.advance(19 * SECOND_MS);
    expect(bench.receiver.received.length).toBeGreaterThanOrEqual(3);
    const [failure] = bench.log.named("publish_failed");
    expect(failure?.kind).toBe("warn");
    expect(failure?.fields["error"]).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
  });

  test("a retry of the same publication repeats its message id and everything else", async () => {
    const bench = makeStatusBench();
    bench.receiver.behave = plain(503);
    await bench.start();
    await bench.clock.advance(3 * SECOND_MS);
    const { received } = bench.receiver;
    expect(received.length).toBeGreaterThanOrEqual(2);
    expect(new Set(received.map(({ text }) => text)).size).toBe(1);
  });

  test("a newer document replaces the one being retried: after a change at the next attempt", async () => {
    const bench = makeStatusBench({ agents: [agent("a")] });
    bench.receiver.behave = plain(503);
    await bench.start();
    bench.service.accept({ reporter: "w", active_tasks: 1 });
    const before = bench.receiver.received.length;
    await bench.clock.advance(20 * SECOND_MS);
    const later = bench.receiver.documents.slice(before);
    expect(later.length).toBeGreaterThan(0);
    expect(later.every(({ availability }) => availability === "busy")).toBe(true);
  });

  test("a change does not shorten the wait of a failing publisher", async () => {
    const bench = makeStatusBench({ agents: [agent("a")] });
    bench.receiver.behave = plain(429, { "retry-after": "100" });
    await bench.start();
    bench.service.accept({ reporter: "w", active_tasks: 1 });
    await bench.clock.advance(95 * SECOND_MS);
    expect(bench.receiver.received).toHaveLength(1);
  });

  test("after the receiver comes back, one beat tells it the truth", async () => {
    const bench = makeStatusBench({ agents: [agent("a", { slots: 3 })] });
    bench.receiver.behave = plain(503);
    await bench.start();
    await bench.clock.advance(60 * MINUTE_MS);
    bench.service.accept({ reporter: "w", active_tasks: 2, holds_for_seconds: 3_600 });
    bench.receiver.behave = accepted;
    const before = bench.receiver.received.length;
    await bench.clock.advance(5 * MINUTE_MS);
    const first = bench.receiver.received[before];
    expect(first?.document.capacity.active_tasks).toBe(2);
    const age = Date.parse(first?.document.timestamp ?? "") - (bench.clock.wallMs() - bench.clock.monotonicMs());
    expect(Math.abs(age - (first?.atMs ?? 0))).toBeLessThanOrEqual(30 * SECOND_MS);
  });

  test.each([
    ["seconds", "100", 100, 110],
    ["an HTTP date", "Fri, 06 Feb 2026 12:01:40 GMT", 99, 110],
    ["more than the cap", "86400", 300, 300],
  ])("honours Retry-After in %s", async (_what, value, atLeastSeconds, atMostSeconds) => {
    const bench = makeStatusBench();
    bench.receiver.behave = plain(503, { "retry-after": value });
    await bench.start();
    await bench.clock.advance(310 * SECOND_MS);
    const [wait = 0] = gaps(bench.receiver.received);
    expect(wait).toBeGreaterThanOrEqual(atLeastSeconds * SECOND_MS);
    expect(wait).toBeLessThanOrEqual(atMostSeconds * SECOND_MS + 1);
  });

  test.each([
    [400, "REJECTED", /field/],
    [401, "UNAUTHORIZED", /OPENCLAW_API_KEY/],
    [403, "FORBIDDEN", /OPENCLAW_API_KEY/],
    [404, "NOT_FOUND", /OPENCLAW_BASE_URL/],
    [413, "BODY_TOO_LARGE", /shorter/],
    [422, "REJECTED", /words/],
  ])("a %i is reported once as an error with a hint, and tried again only at the cap", async (status, code, hint) => {
    const bench = makeStatusBench();
    bench.receiver.behave = plain(status);
    await bench.start();
    await bench.clock.advance(60 * MINUTE_MS);
    const failures = bench.log.named("publish_failed");
    expect(failures.filter(({ kind }) => kind === "error")).toHaveLength(1);
    expect(failures[0]?.fields["error"]).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(failures.slice(1).every(({ kind }) => kind === "debug")).toBe(true);
    for (const wait of gaps(bench.receiver.received)) expect(wait).toBeGreaterThanOrEqual(5 * MINUTE_MS);
    expect(bench.receiver.received.length).toBeGreaterThanOrEqual(11);
  });

  test("one event and one counter for each success and each failure; the first success after failures says so", async () => {
    const bench = makeStatusBench();
    await bench.start();
    bench.receiver.behave = plain(503);
    await bench.clock.advance(2 * MINUTE_MS);
    bench.receiver.behave = accepted;
    await bench.clock.advance(3 * MINUTE_MS);
    const failed = bench.log.named("publish_failed").length;
    const recovered = bench.log.named("publish_recovered");
    const succeeded = bench.log.named("publish_succeeded").length;
    expect(recovered).toHaveLength(1);
    expect(recovered[0]).toMatchObject({ kind: "info", fields: { failures: failed } });
    expect(failed + succeeded + 1).toBe(bench.receiver.received.length);
    expect(bench.sample('barnacle_publish_total{outcome="failure"}')).toBe(failed);
    expect(bench.sample('barnacle_publish_total{outcome="success"}')).toBe(succeeded + 1);
  });

  test("an ordinary success is not worth a line at the usual level, the first one is", async () => {
    const bench = makeStatusBench();
    await bench.start();
    await bench.clock.advance(5 * MINUTE_MS);
    const kinds = bench.log.named("publish_succeeded").map(({ kind }) => kind);
    expect(kinds[0]).toBe("info");
    expect(kinds.slice(1).every((kind) => kind === "debug")).toBe(true);
  });

  test("a clock set back does not make a document older than the one before", async () => {
    const bench = makeStatusBench();
    await bench.start();
    bench.clock.jumpWall(-3_600_000);
    await bench.clock.advance(2 * MINUTE_MS);
    const stamps = bench.receiver.documents.map(({ timestamp }) => timestamp);
    expect([...stamps].sort()).toEqual(stamps);
    expect(new Set(stamps).size).toBe(stamps.length);
  });
});
