/**
 * Hunts secrets in output: invariant 9, "a secret is in no output". Every place a secret could stand is tried, in every
 * form.
 */
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { LOG_SCAN_CHARACTERS_MAX, SECRET_CHARACTERS_MIN, SECRETS_MAX } from "../../../src/limits.ts";
import { Redactor, Secret, SECRET_MASK } from "../../../src/log/mod.ts";
import { makeLogBench } from "./support.ts";

/** Awkward on purpose: quotes, slashes, spaces, percent signs, letters beyond ASCII. */
const NAMED_SECRETS: Readonly<Record<string, string>> = {
  "a token": "s3cr3t-Token_0123456789",
  "a password with every odd character": 'p"a/s\\s w%rd+&=?#@:é!',
  "a secret of two lines": "line one of it\nline two of it\n",
  "a secret beyond ASCII": "ключ-от-всего",
  "a secret of digits": "8888777766665555",
};
const SECRETS = Object.values(NAMED_SECRETS);

describe("Secret", () => {
  test("Secret shows as a mask in every ordinary conversion", () => {
    const secret = new Secret("hunter2-hunter2");
    const shown = [
      String(secret),
      "" + secret,
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ nested: [secret] }, { showHidden: true, depth: 9 }),
      Object.keys(secret).join(),
      JSON.stringify(Object.getOwnPropertyNames(secret)),
      JSON.stringify(Object.assign({}, secret)),
      JSON.stringify(structuredClone(secret)),
    ];
    for (const text of shown) expect(text).not.toContain("hunter2");
    expect(shown[0]).toBe(SECRET_MASK);
    expect(JSON.stringify(secret)).toBe(`"${SECRET_MASK}"`);
    expect(secret.reveal()).toBe("hunter2-hunter2");
  });

  test("Secret too short to be searched for is still masked as a value", () => {
    const { log, lines, redactor } = makeLogBench();
    const secret = new Secret("abc");
    expect(redactor.register(secret)).toBe(false);
    log.info("e", { secret, list: [secret], map: new Map([["key", secret]]) });
    expect(lines()[0]).toMatchObject({ secret: SECRET_MASK, list: [SECRET_MASK], map: { key: SECRET_MASK } });
  });
});

/** Every way in which an event can carry a text. */
function places(secret: string): Record<string, unknown> {
  const cause = new Error(`inner ${secret}`);
  return {
    plain: secret,
    inside: `before ${secret} after`,
    [secret]: "as a key",
    nested: { deeper: [{ [`x${secret}`]: secret }] },
    error: new BarnacleError({
      code: "IO_ERROR",
      action: `Open ${secret}`,
      value: secret,
      hint: `Use ${secret}`,
      cause,
    }),
    platform: new TypeError(secret, { cause: { secret } }),
    message: `message ${secret}`,
    map: new Map([[secret, secret]]),
    set: new Set([secret]),
    json: { toJSON: () => ({ secret }) },
    own: new Secret(secret),
    date: Object.assign(new Date(0), { toJSON: () => secret }),
    number: Number(secret),
    bigint: /^\d+$/.test(secret) ? BigInt(secret) : 0n,
    symbol: Symbol(secret),
    url: withPassword(secret),
    urlText: withPassword(secret).href,
    cut: `${"x".repeat(4_090)}${secret}`,
    farCut: `${"x".repeat(LOG_SCAN_CHARACTERS_MAX - 5)}${secret}${secret}`,
  };
}

function withPassword(secret: string): URL {
  const url = new URL("https://user@host.example/path");
  url.password = secret;
  return url;
}

/** What an attacker, or a collector, could make of a text: every form is turned back. */
function readings(text: string): string[] {
  const unescaped = text.replace(/\\u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  const unquoted = unescaped.replaceAll("\\n", "\n").replaceAll('\\"', '"').replaceAll("\\\\", "\\").replaceAll(
    "\\/",
    "/",
  );
  const percent = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return [text, unescaped, unquoted, unquoted.replaceAll("\\\\", "\\"), percent];
}

describe("Nothing that is logged shows a registered secret", () => {
  const cases = Object.entries(NAMED_SECRETS).flatMap(([name, secret]) =>
    (["json", "text"] as const).flatMap((format) =>
      (["debug", "info"] as const).map((level) => ({ name, secret, format, level }))
    )
  );
  test.each(cases)("$name, as $format at $level", ({ secret, format, level }) => {
    const { log, text, redactor } = makeLogBench({ format, level });
    expect(redactor.register(new Secret(secret))).toBe(true);
    for (const [name, value] of Object.entries(places(secret))) log.warn("event", { [name]: value });
    log.warn(`event_${secret}`, places(secret));
    const child = log.child(places(secret));
    child.error("child");
    child.problem(`key ${secret}`, "warn", `problem_${secret}`, places(secret));
    child.resolve(`key ${secret}`, `resolved_${secret}`, places(secret));
    expect(text()).toContain(SECRET_MASK);
    for (const reading of readings(text())) {
      expect(reading).not.toContain(secret);
      expect(reading).not.toContain(secret.trim());
      expect(reading).not.toContain("two of it");
      // A piece of it, as a cut would leave.
      expect(reading).not.toContain(secret.slice(0, 6));
    }
  });
});

test("A text too long to be searched shows no part of a secret at its end", () => {
  const long = Array.from({ length: 200 }, (_, index) => `part${index}`).join("-");
  const { log, text, redactor } = makeLogBench();
  redactor.register(long);
  for (let shift = 0; shift < long.length; shift += 97) {
    log.info("e", { value: long + "x".repeat(2_000 + shift) + long.repeat(70) });
  }
  expect(text()).toContain(SECRET_MASK);
  expect(text()).not.toContain("part");
});

describe("Redactor", () => {
  const octets = (text: string) =>
    [...new TextEncoder().encode(text)].map((octet) => String.fromCharCode(octet)).join("");
  const encoders: Record<string, (text: string) => string> = {
    "base64": (text) => btoa(octets(text)),
    "base64url": (text) => btoa(octets(text)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
    "percent-encoding": encodeURIComponent,
    "lower-case percent-encoding": (text) => encodeURIComponent(text).replace(/%../g, (octet) => octet.toLowerCase()),
    "form encoding": (text) => new URLSearchParams({ key: text }).toString(),
    "a URL's query": (text) => {
      const url = new URL("https://host.example/");
      url.searchParams.set("key", text);
      return url.href;
    },
    "JSON": (text) => JSON.stringify({ text }),
    "JSON in JSON": (text) => JSON.stringify({ body: JSON.stringify({ text }) }),
    "JSON with escaped slashes": (text) => JSON.stringify(text).replaceAll("/", "\\/"),
    "ASCII-only JSON": (text) =>
      JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  };

  test.each(Object.keys(NAMED_SECRETS).flatMap((name) => Object.keys(encoders).map((form) => ({ name, form }))))(
    "redact masks $name in $form",
    ({ name, form }) => {
      const secret = NAMED_SECRETS[name] ?? "";
      const redactor = new Redactor();
      redactor.register(secret);
      const encoded = encoders[form]?.(secret) ?? "";
      const redacted = redactor.redact(`x ${encoded} y`);
      expect(redacted).toContain(SECRET_MASK);
      expect(redacted.length).toBeLessThan(60);
    },
  );

  test.each(["", "u", "us", "user:", "another user:"])(
    "redact masks a secret inside longer base64, after %j",
    (before) => {
      for (const secret of SECRETS) {
        for (const after of ["", "&", "&b", "&bc"]) {
          const redactor = new Redactor();
          redactor.register(secret);
          const encoded = btoa(octets(`${before}${secret}${after}`));
          const left = redactor.redact(encoded).replaceAll(SECRET_MASK, "");
          // What surrounds it stays, with at most one character on each side that carries bits of the secret.
          expect(left.length).toBeLessThanOrEqual(
            Math.ceil((before.length * 4) / 3) + Math.ceil((after.length * 4) / 3) + 4,
          );
        }
      }
    },
  );

  test("redact masks each line of a private key, but no boundary", () => {
    const redactor = new Redactor();
    const boundary = "-----BEGIN PRIVATE KEY-----";
    redactor.register(`${boundary}\nMIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49AwEHBG0w\n-----END PRIVATE KEY-----\n`);
    expect(redactor.redact("near MIGHAgEAMBMGByqGSM49: bad")).toBe(`near ${SECRET_MASK}: bad`);
    expect(redactor.redact(`wanted ${boundary}`)).toBe(`wanted ${boundary}`);
  });

  test("redact masks users in URLs and credentials that nobody registered", () => {
    const redactor = new Redactor();
    expect(redactor.redact("GET https://user:p@ss@host.example/a@b failed")).toBe(
      `GET https://${SECRET_MASK}@host.example/a@b failed`,
    );
    expect(redactor.redact("nats://token@host")).toBe(`nats://${SECRET_MASK}@host`);
    expect(redactor.redact("authorization: Bearer abc.def-ghi_jkl")).toBe(`authorization: Bearer ${SECRET_MASK}`);
    expect(redactor.redact("basic dXNlcjpwYXNzd29yZA==")).toBe(`basic ${SECRET_MASK}`);
    const ordinary = "Listen on 127.0.0.1:7410: see https://host.example/path?mail=a@b and basic rules";
    expect(redactor.redact(ordinary)).toBe(ordinary);
  });

  test("redact masks the longer of two secrets where one begins with the other", () => {
    const redactor = new Redactor();
    redactor.register("prefix-prefix");
    redactor.register("prefix-prefix-and-more");
    expect(redactor.redact("a prefix-prefix-and-more b")).toBe(`a ${SECRET_MASK} b`);
  });

  test("redact masks a secret that was registered after the first use", () => {
    const redactor = new Redactor();
    redactor.register("first-secret");
    expect(redactor.redact("first-secret second-secret")).toBe(`${SECRET_MASK} second-secret`);
    redactor.register("second-secret");
    expect(redactor.redact("first-secret second-secret")).toBe(`${SECRET_MASK} ${SECRET_MASK}`);
  });

  test("register refuses what would mask ordinary text, and takes the shortest that would not", () => {
    const redactor = new Redactor();
    expect(redactor.register("x".repeat(SECRET_CHARACTERS_MIN - 1))).toBe(false);
    expect(redactor.register(" ".repeat(100))).toBe(false);
    expect(redactor.redact("an x and  spaces")).toBe("an x and  spaces");
    expect(redactor.register("x".repeat(SECRET_CHARACTERS_MIN))).toBe(true);
    expect(redactor.redact("x".repeat(SECRET_CHARACTERS_MIN))).toBe(SECRET_MASK);
  });

  test("register keeps the newest secrets when there are too many", () => {
    const redactor = new Redactor();
    for (let index = 0; index <= SECRETS_MAX; index++) {
      redactor.register(`rotated-${String(index).padStart(4, "0")}-end`);
    }
    redactor.register("rotated-0001-end");
    expect(redactor.redact("rotated-0000-end")).toBe("rotated-0000-end");
    expect(redactor.redact("rotated-0001-end rotated-0256-end")).toBe(`${SECRET_MASK} ${SECRET_MASK}`);
  });

  test("redact takes time in proportion to the text", () => {
    const redactor = new Redactor();
    redactor.register("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    for (const text of ["a".repeat(500_000), "://".repeat(200_000), "bearer ".repeat(100_000), "%41".repeat(200_000)]) {
      expect(redactor.redact(text).length).toBeLessThanOrEqual(text.length);
    }
  });
});
