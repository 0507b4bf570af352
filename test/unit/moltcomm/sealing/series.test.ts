/** Hunts: a nonce that comes twice, a series without end, and keys of strangers that crowd out others or pile up. */
import { describe, expect, test } from "vitest";
import { SERIES_MS_MAX, SERIES_NUMBER_MAX } from "../../../../src/moltcomm/bounds.ts";
import { ReceivedSeries, SentSeries, seriesNonce } from "../../../../src/moltcomm/sealing/series.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";
import { toHex } from "./support.ts";

const KEYS = { enc: new Uint8Array(32), key: new Uint8Array(32) };

describe("seriesNonce", () => {
  test("is the number in four bytes and eight bytes of the hash of the id", () => {
    const nonce = seriesNonce(crypto, 258, "some id");
    expect(toHex(nonce)).toBe(`00000102${toHex(crypto.sha256("some id")).slice(0, 16)}`);
  });

  test("differs wherever the number or the id does: two copies of a host that count on do not meet", () => {
    const nonces = [1, 2, 65_535].flatMap((number) => ["a", "b", ""].map((id) => seriesNonce(crypto, number, id)));
    expect(new Set(nonces.map(toHex)).size).toBe(9);
  });
});

describe("SentSeries", () => {
  test("counts from 1, and ends with its last number", () => {
    const series = new SentSeries(KEYS, 1_000);
    for (let number = 1; number <= SERIES_NUMBER_MAX; number++) {
      if (series.next(1_000) !== number) throw new RangeError(`not ${number}`);
    }
    expect(series.next(1_000)).toBe(undefined);
  });

  test("ends when it is old, and when the clock was set back before it began", () => {
    const series = new SentSeries(KEYS, 1_000);
    expect(series.next(999 + SERIES_MS_MAX)).toBe(1);
    expect(series.next(1_000 + SERIES_MS_MAX)).toBe(undefined);
    expect(series.next(999)).toBe(undefined);
    expect(series.next(1_000)).toBe(2);
  });
});

describe("ReceivedSeries", () => {
  test("makes a key once for all that wait for it, and again when it was not kept", async () => {
    const series = new ReceivedSeries({ keysMax: 2 });
    let made = 0;
    const make = () => Promise.resolve(Uint8Array.of(++made));
    expect(await Promise.all([series.getOrMake("a", make), series.getOrMake("a", make)])).toEqual([
      Uint8Array.of(1),
      Uint8Array.of(1),
    ]);
    expect(await series.getOrMake("a", make)).toEqual(Uint8Array.of(2));
    series.keep("a", Uint8Array.of(2));
    expect(await series.getOrMake("a", make)).toEqual(Uint8Array.of(2));
  });

  test("forgets the key longest unused, and lets a failure be tried again", async () => {
    const series = new ReceivedSeries({ keysMax: 2 });
    for (const name of ["a", "b"]) series.keep(name, new Uint8Array(1));
    series.get("a");
    series.keep("c", new Uint8Array(1));
    expect(["a", "b", "c"].map((name) => series.get(name) !== undefined)).toEqual([true, false, true]);
    await expect(series.getOrMake("d", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await series.getOrMake("d", () => Promise.resolve(Uint8Array.of(4)))).toEqual(Uint8Array.of(4));
  });
});
