/** Certificates made for one test, of authorities nobody knows. Strict enough for each runtime's TLS. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";

/** When a certificate holds; by default from now on. */
export interface Validity {
  readonly notBeforeDate?: Date;
  readonly notAfterDate?: Date;
}

/** A certificate and its key, PEM. */
export interface CertificatePair {
  readonly certPem: string;
  readonly keyPem: string;
}

export async function makeAuthority(name: string, validity: Validity = {}): Promise<CertificatePair> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
    ...validity,
  });
  return { certPem: made.cert, keyPem: made.private };
}

/** A certificate for `localhost` and `127.0.0.1`, signed by the authority. */
export async function makeLeaf(
  authority: CertificatePair,
  name: string,
  validity: Validity = {},
): Promise<CertificatePair> {
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { cert: authority.certPem, key: authority.keyPem },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }, { type: 7, ip: "127.0.0.1" }] },
    ],
    ...validity,
  });
  return { certPem: made.cert, keyPem: made.private };
}

export interface TestCertificates {
  /** The file with the authority's certificate, PEM. */
  readonly authorityFile: string;
  readonly server: CertificatePair;
}

/** @param folder where the authority's certificate goes */
export async function selfSigned(folder: string): Promise<TestCertificates> {
  const authority = await makeAuthority("A test authority");
  const authorityFile = join(folder, "authority.pem");
  writeFileSync(authorityFile, authority.certPem);
  return { authorityFile, server: await makeLeaf(authority, "localhost") };
}
