/**
 * Hunts loggers that throw, break a line, move the terminal, grow without bound, or say the same thing a thousand
 * times.
 */
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { LOG_LINE_CHARACTERS_MAX, LOG_PROBLEMS_MAX } from "../../../src/limits.ts";
import { createLogger, Redactor } from "../../../src/log/mod.ts";
import { SimClock } from "../../sim/clock.ts";
import { makeLogBench } from "./support.ts";

describe("JSON lines", () => {
  test("info writes time, level, event and fields on one line", () => {
    const { log, text } = makeLogBench();
    log.info("listening", {
      role: "agent",
      address: "127.0.0.1:7410",
      port: 7410,
      secure: false,
      peer: null,
      none: undefined,
    });
    expect(text()).toBe(
      '{"time":"2026-02-06T12:00:00.000Z","level":"info","event":"listening",' +
        '"role":"agent","address":"127.0.0.1:7410","port":7410,"secure":false,"peer":null}\n',
    );
  });

  test("Levels below the threshold are dropped without looking at the fields", () => {
    const { log, lines } = makeLogBench({ level: "warn" });
    let looked = false;
    const fields = {
      get costly() {
        looked = true;
        return 1;
      },
    };
    log.debug("a", fields);
    log.info("b", fields);
    log.warn("c");
    log.error("d");
    expect(lines().map((line) => [line["level"], line["event"]])).toEqual([["warn", "c"], ["error", "d"]]);
    expect(looked).toBe(false);
  });

  test("child adds its fields to every event, nearer ones win", () => {
    const { log, lines } = makeLogBench();
    const child = log.child({ role: "hub", part: "a" }).child({ part: "b" });
    child.info("x", { detail: 1 });
    child.problem("k", "warn", "y");
    expect(lines()).toMatchObject([{ role: "hub", part: "b", detail: 1 }, { role: "hub", part: "b", event: "y" }]);
  });

  test("Fields cannot pose as the line's own", () => {
    const { log, lines } = makeLogBench();
    log.info("real", { time: "never", level: "fatal", event: "forged" });
    expect(lines()).toEqual([{
      time: "2026-02-06T12:00:00.000Z",
      level: "info",
      event: "real",
      _time: "never",
      _level: "fatal",
      _event: "forged",
    }]);
  });

  test("Errors show code, message, hint and the codes of their causes, and stacks at debug only", () => {
    const platform = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const inner = new BarnacleError({ code: "CONNECTION_REFUSED", action: "Connect", cause: platform });
    const error = new BarnacleError({ code: "REMOTE_FAILURE", action: "Publish", hint: "Is it up?", cause: inner });
    const shown = {
      code: "REMOTE_FAILURE",
      message: error.message,
      hint: "Is it up?",
      causes: ["CONNECTION_REFUSED", "ECONNREFUSED"],
    };
    const info = makeLogBench();
    info.log.warn("failed", { error });
    expect(info.lines()[0]?.["error"]).toEqual(shown);
    const debug = makeLogBench({ level: "debug" });
    debug.log.warn("failed", { error, plain: new TypeError("no") });
    expect(debug.lines()[0]?.["error"]).toMatchObject(shown);
    expect(debug.text()).toContain("caused by: ");
    expect(debug.lines()[0]?.["plain"]).toMatchObject({ code: "TypeError", message: "no" });
  });
});

describe("Logger never throws", () => {
  test("Odd values are shown as well as they can be", () => {
    const { log, lines, text } = makeLogBench();
    const circular: Record<string, unknown> = { name: "loop" };
    circular["self"] = circular;
    const fields = {
      circular,
      big: 12345678901234567890n,
      huge: 2n ** 4096n,
      nan: NaN,
      infinite: -Infinity,
      call: () => 1,
      symbol: Symbol("s"),
      date: new Date(0),
      noDate: new Date(NaN),
      url: new URL("https://example.org/path"),
      bytes: new Uint8Array(5),
      map: new Map([["a", 1]]),
      set: new Set(["x"]),
      holes: [undefined, 1],
      proto: JSON.parse('{"__proto__":{"polluted":true}}'),
      get thrower(): string {
        throw new Error("no");
      },
      toJsonThrows: { toJSON: () => fail() },
      toJsonForever: endlessJson(),
      revoked: revokedProxy(),
      deep: { a: { b: { c: { d: { e: { f: { g: 1 } } } } } } },
    };
    log.info("odd", fields);
    expect(lines()[0]).toMatchObject({
      circular: { name: "loop", self: "[circular]" },
      big: "12345678901234567890",
      huge: "[huge]",
      nan: "NaN",
      infinite: "-Infinity",
      call: "[function]",
      symbol: "[symbol]",
      date: "1970-01-01T00:00:00.000Z",
      noDate: null,
      url: "https://example.org/path",
      bytes: "[5 bytes]",
      map: { a: 1 },
      set: ["x"],
      holes: [null, 1],
      thrower: "[unreadable]",
      toJsonThrows: "[unreadable]",
      toJsonForever: "[too deep]",
      revoked: "[unreadable]",
      deep: { a: { b: { c: { d: { e: { f: "[too deep]" } } } } } },
    });
    expect(text()).toContain('"proto":{"__proto__":{"polluted":true}}');
    expect(({} as Record<string, unknown>)["polluted"]).toBe(undefined);
  });

  test("A chain of causes that bites its tail ends", () => {
    const { log, lines } = makeLogBench();
    const [first, second] = [new RangeError("first"), new TypeError("second")];
    first.cause = second;
    second.cause = first;
    log.info("e", { first });
    expect(lines()[0]?.["first"]).toEqual({ code: "RangeError", message: "first", causes: ["TypeError"] });
  });

  test("A tree that grows as it is looked at is left when the line is full", () => {
    const { log, lines } = makeLogBench();
    let looks = 0;
    const tree = (): object => {
      const node = {};
      for (let index = 0; index < 60; index++) {
        const get = () => {
          looks++;
          return tree();
        };
        Object.defineProperty(node, `branch${index}`, { enumerable: true, get });
      }
      return node;
    };
    log.info("e", { tree: tree() });
    expect(lines().length).toBe(1);
    expect(looks).toBeLessThan(5_000);
  });

  test("A revoked proxy as the fields themselves costs its fields only", () => {
    const { log, lines } = makeLogBench();
    log.info("event", revokedProxy() as Record<string, unknown>);
    expect(lines().length).toBe(1);
  });

  test("Lines stay within their limit, whatever is logged", () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`name${index}`.repeat(20), index]));
    const nested = (depth: number): unknown =>
      depth === 0 ? "leaf" : Array.from({ length: 60 }, () => nested(depth - 1));
    const values = [
      "x".repeat(10_000_000),
      "\u0000".repeat(1_000_000),
      '"'.repeat(100_000),
      wide,
      nested(3),
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`k${index}`, index])),
      new Error("m".repeat(1e6)),
    ];
    for (const format of ["json", "text"] as const) {
      const { log, text } = makeLogBench({ format });
      for (const value of values) {
        log.info(
          "e",
          Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${"n".repeat(100)}${index}`, value])),
        );
      }
      log.info("e".repeat(100_000), wide);
      const lines = text().split("\n");
      expect(lines.length).toBe(values.length + 2);
      for (const line of lines) expect(line.length).toBeLessThan(LOG_LINE_CHARACTERS_MAX + 500);
    }
  });

  test("A broken output costs the line, and the next one says so", () => {
    let isBroken = true;
    const written: string[] = [];
    const write = (text: string) => {
      if (isBroken) throw new Error("EPIPE");
      written.push(text);
    };
    const components = { clock: new SimClock(), output: { isTerminal: false, write }, redact: new Redactor() };
    const log = createLogger(components, { level: "info", format: "json" });
    log.info("a");
    log.info("b");
    isBroken = false;
    log.info("c");
    log.info("d");
    const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => [line["event"], line["lostLines"]])).toEqual([["c", 2], ["d", undefined]]);
  });
});

describe("Control characters", () => {
  const attack = "a\nb\r\u001b[2J\u009b31m\u2028\u202e\u0007\u007f\ufeffz";

  test.each(["json", "text"] as const)("Nothing in a %s line breaks it or moves the terminal", (format) => {
    const { log, text } = makeLogBench({ format });
    log.info(attack, { message: attack, [attack]: attack, nested: { [attack]: [attack] }, error: new Error(attack) });
    const line = text();
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(/[\p{Cc}\u2028\u2029\u202e\ufeff]/u.test(line.slice(0, -1))).toBe(false);
  });

  test("A JSON reader gets the characters back", () => {
    const { log, lines } = makeLogBench();
    log.info("e", { value: attack });
    expect(lines()[0]?.["value"]).toBe(attack);
  });
});

describe("Text lines", () => {
  test("text puts the message first and quotes what needs quotes", () => {
    const { log, text } = makeLogBench({ format: "text" });
    const error = new BarnacleError({ code: "TIMED_OUT", action: "Publish", hint: "Look" });
    log.warn("publish_failed", {
      address: "https://a.example/x",
      message: "No answer",
      list: [1, "b c"],
      empty: "",
      said: 'a "b"',
      error,
    });
    expect(text()).toBe(
      "2026-02-06 12:00:00.000Z warn  publish_failed No answer address=https://a.example/x " +
        'list=[1,"b c"] empty="" said="a \\"b\\"" error.code=TIMED_OUT ' +
        'error.message="Publish failed (TIMED_OUT)" error.hint=Look\n',
    );
  });

  test("text is coloured on a terminal that wants it, and nowhere else", () => {
    const escapes = (colors: boolean, isTerminal: boolean) => {
      const { log, text } = makeLogBench({ format: "text", colors }, isTerminal);
      log.error("e", { a: 1 });
      return text().includes("\u001b[31merror\u001b[0m");
    };
    expect([escapes(true, true), escapes(true, false), escapes(false, true)]).toEqual([true, false, false]);
  });
});

describe("problem and resolve", () => {
  test("problem is said at once, then at most once a minute with how often and since when", async () => {
    const { clock, log, lines } = makeLogBench();
    for (let second = 0; second < 130; second++) {
      log.problem("publish", "warn", "publish_failed", { second });
      await clock.advance(1_000);
    }
    expect(lines().map(({ repeated, since, second, level }) => [repeated, since, second, level])).toEqual([
      [undefined, undefined, 0, "warn"],
      [60, "2026-02-06T12:00:00.000Z", 60, "warn"],
      [60, "2026-02-06T12:00:00.000Z", 120, "warn"],
    ]);
    log.resolve("publish", "publish_recovered", { receiver: "hub" });
    log.resolve("publish", "publish_recovered");
    expect(lines().slice(3)).toEqual([{
      time: "2026-02-06T12:02:10.000Z",
      level: "info",
      event: "publish_recovered",
      message: "Recovered after 2 min",
      receiver: "hub",
      durationMs: 130_000,
      occurrences: 130,
    }]);
  });

  test("problem after resolve is new again", () => {
    const { log, lines } = makeLogBench();
    log.problem("k", "error", "e");
    log.resolve("k", "r");
    log.problem("k", "error", "e");
    expect(lines().map((line) => line["event"])).toEqual(["e", "r", "e"]);
  });

  test("resolve without a problem says nothing", () => {
    const { log, text } = makeLogBench();
    log.resolve("k", "recovered");
    expect(text()).toBe("");
  });

  test("A second line after a quiet minute says that it is a repetition", async () => {
    const { clock, log, lines } = makeLogBench();
    log.problem("k", "warn", "e");
    await clock.advance(3_600_000);
    log.problem("k", "warn", "e");
    expect(lines()[1]).toMatchObject({ repeated: 1, since: "2026-02-06T12:00:00.000Z" });
  });

  test("Children share problems", () => {
    const { log, lines } = makeLogBench();
    log.child({ a: 1 }).problem("k", "warn", "e");
    log.child({ b: 1 }).problem("k", "warn", "e");
    log.resolve("k", "r");
    expect(lines().map((line) => line["event"])).toEqual(["e", "r"]);
  });

  test("Open problems are bounded: the one longest silent makes room", () => {
    const { log, lines } = makeLogBench();
    for (let key = 0; key < LOG_PROBLEMS_MAX; key++) log.problem(`k${key}`, "warn", "e");
    log.problem("k0", "warn", "e");
    log.problem("one more", "warn", "e");
    log.resolve("k1", "forgotten");
    log.resolve("k0", "remembered");
    expect(lines().slice(-1)).toMatchObject([{ event: "remembered", occurrences: 2 }]);
    expect(lines().some((line) => line["event"] === "forgotten")).toBe(false);
  });
});

function fail(): never {
  throw new Error("no");
}

function endlessJson(): object {
  return { toJSON: () => endlessJson() };
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
