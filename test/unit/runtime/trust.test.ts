/** Hunts: a wrong certificate file that shows only at the first call, or a message that quotes a key. */
import { expect, test } from "vitest";
import { BarnacleError } from "../../../src/errors.ts";
import { checkClientOptions, checkKeyPair, splitCertificates } from "../../../src/runtime/shared/trust.ts";

const SECRET = "c2VjcmV0IGJ5dGVzIG9mIGEga2V5";
const BROKEN_KEY = `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`;
/** Self-signed, EC P-256, common name `unit`, valid for a hundred years. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBZjCCAQ2gAwIBAgIJDnVKFyaRUbTOMAoGCCqGSM49BAMCMA8xDTALBgNVBAMT
BHVuaXQwIBcNMjYxMTIxMTUyMTQ4WhgPMjEyNjEwMjgxNTIxNDhaMA8xDTALBgNV
BAMTBHVuaXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQT9g2JkDJSigXvMudX
4+mdvP/uUgkcaiLxUQS+H3FGIeZDi+Mr+0uzBrfBktefoabFgfxJZo5g8kIELgxX
4RcBo1AwTjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIFoDAdBgNVHSUEFjAU
BggrBgEFBQcDAQYIKwYBBQUHAwIwDwYDVR0RBAgwBoIEdW5pdDAKBggqhkjOPQQD
AgNHADBEAiBRaLyXrh9CjsK6RRg0SvmoDIe7PSyrL/UCuBtXra0qQQIgBrai2ZgO
GEdce8aeA0mqOuNU6cjvI36O2uDJuG8Zt1A=
-----END CERTIFICATE-----
`;

function thrownBy(call: () => unknown): BarnacleError {
  try {
    call();
  } catch (error) {
    if (error instanceof BarnacleError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("splitCertificates gives each certificate of a bundle and refuses text without one", () => {
  expect(splitCertificates(`${CERTIFICATE}some words\n${CERTIFICATE}`, "it").length).toBe(2);
  expect(thrownBy(() => splitCertificates("", "the authorities")).code).toBe("CERTIFICATE_INVALID");
  const damaged = CERTIFICATE.replace(/\n.{10}/, "\nAAAAAAAAAA");
  expect(thrownBy(() => splitCertificates(damaged, "the authorities")).action).toBe("Read the authorities");
});

test("checkKeyPair refuses a key it cannot read without quoting it", () => {
  const error = thrownBy(() => checkKeyPair({ certPem: CERTIFICATE, keyPem: BROKEN_KEY }, "the client certificate"));
  expect(error.code).toBe("CERTIFICATE_INVALID");
  expect(`${error.message} ${String(error.hint)} ${String(error.cause)}`).not.toContain(SECRET);
});

test("checkClientOptions asks nothing of a client without certificates", () => {
  expect(() => checkClientOptions({})).not.toThrow();
});
