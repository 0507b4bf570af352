/** Certificates made for one test, of an authority nobody knows. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "selfsigned";

export interface TestCertificates {
  /** The file with the authority's certificate, PEM. */
  readonly authorityFile: string;
  /** For `127.0.0.1` and `localhost`. */
  readonly server: { readonly certPem: string; readonly keyPem: string };
}

const EXTENSIONS = [{
  name: "subjectAltName" as const,
  altNames: [{ type: 2 as const, value: "localhost" }, { type: 7 as const, ip: "127.0.0.1" }],
}];

/** @param folder where the authority's certificate goes */
export async function selfSigned(folder: string): Promise<TestCertificates> {
  const authority = await generate([{ name: "commonName", value: "A test authority" }], {
    keyType: "ec",
    extensions: [{ name: "basicConstraints", cA: true, critical: true }],
  });
  const server = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    ca: { cert: authority.cert, key: authority.private },
    extensions: EXTENSIONS,
  });
  const authorityFile = join(folder, "authority.pem");
  writeFileSync(authorityFile, authority.cert);
  return { authorityFile, server: { certPem: server.cert, keyPem: server.private } };
}
