/**
 * Certificates and keys are read once before they are used: the platforms notice bad ones late (Node), as a network failure
 * (Bun) or never (Deno).
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";
import type { HttpClientOptions } from "../port.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The certificates in a PEM text. @throws `CERTIFICATE_INVALID` when there is none, or one that cannot be read */
export function splitCertificates(pem: string, what: string): string[] {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) throw invalid(what, "text without a certificate", "PEM with at least one certificate");
  for (const block of blocks) {
    try {
      // Reading is the check; Deno reads lazily, so something is asked of it.
      void new X509Certificate(block).fingerprint256;
    } catch (error) {
      throw invalid(what, "a damaged certificate", "PEM certificates", error);
    }
  }
  return blocks;
}

/** Checks that the key can be read and belongs to the chain's first certificate. @throws `CERTIFICATE_INVALID` */
export function checkKeyPair(pair: { readonly certPem: string; readonly keyPem: string }, what: string): void {
  const { X509Certificate, createPrivateKey, createPublicKey } = process.getBuiltinModule("node:crypto");
  const [first = ""] = splitCertificates(pair.certPem, what);
  let ofKey: string | Uint8Array;
  try {
    ofKey = createPublicKey(createPrivateKey(pair.keyPem)).export({ type: "spki", format: "pem" });
  } catch {
    // The cause is left out: it may quote the key.
    throw invalid(what, "a key that cannot be read", "a PEM key without a passphrase");
  }
  const ofCertificate = new X509Certificate(first).publicKey.export({ type: "spki", format: "pem" });
  if (ofKey !== ofCertificate) throw invalid(what, "a key of another certificate", "the certificate's own key");
}

/** Checks what an outgoing client is given. @throws `CERTIFICATE_INVALID` */
export function checkClientOptions(options: HttpClientOptions): void {
  if (options.caPem !== undefined) splitCertificates(options.caPem, "the certificate authorities");
  if (options.clientCertificate !== undefined) checkKeyPair(options.clientCertificate, "the client certificate");
}

/**
 * The platform's own authorities and the given ones, for platforms where giving some replaces the rest.
 *
 * @param caPem authorities to trust beside the platform's
 */
export function authoritiesWith(caPem: string): string[] {
  const tls = process.getBuiltinModule("node:tls");
  // Node 20 has no `getCACertificates`; there, NODE_EXTRA_CA_CERTS does not count once we add our own.
  const own = typeof tls.getCACertificates === "function" ? tls.getCACertificates("default") : tls.rootCertificates;
  return [...own, caPem];
}

function invalid(what: string, value: string, wanted: string, cause?: unknown): BarnacleError {
  return new BarnacleError({
    code: "CERTIFICATE_INVALID",
    action: `Read ${what}`,
    value,
    wanted,
    hint: "Check the file that was given; it must be PEM text",
    ...(cause === undefined ? {} : { cause }),
  });
}
