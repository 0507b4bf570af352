/** Certificates for simulated worlds, valid around the time a world starts at. @module */
import type { Certificates } from "../contract/case.ts";
import { makeAuthority, makeLeaf, type Validity } from "../support/certificates.ts";
import { SIM_START_WALL_MS } from "./clock.ts";

const DAY_MS = 86_400_000;
const VALID = validBetween(-30, 365);
const EXPIRED = validBetween(-30, -1);

/** Makes a set; their bytes differ from run to run, so a world whose trace is compared must share one. */
export async function makeCertificates(): Promise<Certificates> {
  const [authority, stranger] = await Promise.all([
    makeAuthority("Simulated CA", VALID),
    makeAuthority("Stranger CA", VALID),
  ]);
  const [server, expiredServer, client] = await Promise.all([
    makeLeaf(authority, "localhost", VALID),
    makeLeaf(authority, "localhost", EXPIRED),
    makeLeaf(authority, "barnacle-client", VALID),
  ]);
  return { authorityPem: authority.certPem, strangerAuthorityPem: stranger.certPem, server, expiredServer, client };
}

function validBetween(fromDays: number, toDays: number): Validity {
  return {
    notBeforeDate: new Date(SIM_START_WALL_MS + fromDays * DAY_MS),
    notAfterDate: new Date(SIM_START_WALL_MS + toDays * DAY_MS),
  };
}
