/** Hunts: a certificate whose end is read wrong, and bytes that make the reader throw or loop. */
import { generate } from "selfsigned";
import { describe, expect, test } from "vitest";
import { certificateValidity } from "../../../src/cli/doctor/certificate.ts";
import { SeededRandom } from "../../sim/random.ts";

async function certificate(from: string, until: string): Promise<string> {
  const made = await generate([{ name: "commonName", value: "host.example" }], {
    keyType: "ec",
    notBeforeDate: new Date(from),
    notAfterDate: new Date(until),
  });
  return made.cert;
}

describe("certificateValidity", () => {
  test("reads both forms of time", async () => {
    for (
      const [from, until] of [["2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z"], [
        "1999-12-31T00:00:00Z",
        "2051-06-07T08:09:10Z",
      ]] as const
    ) {
      expect(certificateValidity(await certificate(from, until)))
        .toEqual({ notBeforeMs: Date.parse(from), notAfterMs: Date.parse(until) });
    }
  });

  test("gives nothing for what is no certificate", () => {
    for (
      const text of [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
      ]
    ) {
      expect(certificateValidity(text)).toBe(undefined);
    }
  });

  test("survives damage at any place", async () => {
    const good = await certificate("2026-01-02T03:04:05Z", "2027-01-02T03:04:05Z");
    const body = good.replace(/-----[^-]+-----|\s/g, "");
    const random = new SeededRandom(7);
    for (let round = 0; round < 500; round++) {
      const der = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
      der[Math.floor(random.unit() * der.length)] = Math.floor(random.unit() * 256);
      const cut = der.subarray(0, Math.floor(random.unit() * der.length));
      for (const bytes of [der, cut]) {
        const text = btoa(String.fromCharCode(...bytes));
        const validity = certificateValidity(`-----BEGIN CERTIFICATE-----${text}-----END CERTIFICATE-----`);
        expect(validity === undefined || Number.isFinite(validity.notAfterMs)).toBe(true);
      }
    }
  });
});
