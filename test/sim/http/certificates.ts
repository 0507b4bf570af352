/** Certificates: real ones, checked at simulated time. @module */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { BarnacleError } from "../../../src/errors.ts";
import { failure } from "../../../src/runtime/shared/errno.ts";

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const CHAIN_LENGTH_MAX = 8;

/** @throws `CERTIFICATE_INVALID` when there is none or one cannot be read */
export function readCertificates(pem: string, what: string): X509Certificate[] {
  const parts = pem.match(PEM) ?? [];
  try {
    if (parts.length > 0) return parts.map((part) => new X509Certificate(part));
  } catch (error) {
    throw failure("CERTIFICATE_INVALID", `Read ${what}`, error);
  }
  throw failure("CERTIFICATE_INVALID", `Read ${what}`, undefined, "no certificate");
}

/** Refuses a key that does not fit. @throws `CERTIFICATE_INVALID` */
export function checkPair({ certPem, keyPem }: { readonly certPem: string; readonly keyPem: string }): void {
  const [leaf] = readCertificates(certPem, "the certificate");
  const action = "Read the certificate's key";
  try {
    if (leaf?.checkPrivateKey(createPrivateKey(keyPem)) === true) return;
  } catch (error) {
    throw new BarnacleError({ code: "CERTIFICATE_INVALID", action, wanted: "a private key as PEM", cause: error });
  }
  throw new BarnacleError({ code: "CERTIFICATE_INVALID", action, wanted: "the key of the certificate" });
}

interface Expectation {
  readonly authorities: readonly X509Certificate[];
  readonly atMs: number;
  /** The name or address the peer was called by; absent when its name does not matter. */
  readonly host?: string;
}

/** Why a peer's chain is not to be trusted; `undefined` when it is. */
export function whyNotTrusted(
  chain: readonly X509Certificate[],
  { authorities, atMs, host }: Expectation,
): string | undefined {
  const [leaf] = chain;
  if (leaf === undefined) return "no certificate";
  if (host !== undefined && !isNamed(leaf, host)) return "a certificate for another name";
  let certificate = leaf;
  for (let depth = 0; depth < CHAIN_LENGTH_MAX; depth++) {
    if (Date.parse(certificate.validFrom) > atMs) return "a certificate that is not yet valid";
    if (Date.parse(certificate.validTo) < atMs) return "a certificate that is out of date";
    const subject = certificate;
    if (authorities.some(({ fingerprint256 }) => fingerprint256 === subject.fingerprint256)) return undefined;
    const issuer = [...authorities, ...chain].find((candidate) =>
      candidate.ca && subject.checkIssued(candidate) && subject.verify(candidate.publicKey)
    );
    if (issuer === undefined || issuer === subject) return "a certificate of an unknown authority";
    certificate = issuer;
  }
  return "a chain that is too long";
}

function isNamed(leaf: X509Certificate, host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "");
  const isAddress = plain.includes(":") || /^[\d.]+$/.test(plain);
  return (isAddress ? leaf.checkIP(plain) : leaf.checkHost(plain)) !== undefined;
}
