/** Hunts: a node id that no other implementation would derive, and a private key that others can read. */
import { describe, expect, test } from "vitest";
import { decodeBase64, encodeBase64, encodeBase64Url, isEd25519Spki } from "../../../src/contract/mod.ts";
import { BarnacleError } from "../../../src/errors.ts";
import { loadOrCreateIdentity } from "../../../src/moltcomm/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import { nodeCryptoPort as crypto } from "../../support/node-crypto.ts";

/** The key and the first signature of the published MoltComm v1 vectors. */
const VECTOR = {
  privatePkcs8: "MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9",
  publicSpki: "MCowBQYDK2VwAyEAqwd270ejgXQnpADaRzM0E42/q7NXYpwSh3D1S1xt/VQ=",
  nodeId: "ed25519:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8",
  message: "moltcomm:test-vector:v1",
  signature: "SaQJkQBvCONbhBl8NX7mOyyYNoHgXG3fuPnQvHZXDXk5kd9k6LhThok1J3ANwP3Y4Obki3We6vBwLgLBdye0Ag==",
};
const PATH = "/work/.moltcomm/identity.pem";
const VECTOR_PEM = `-----BEGIN PRIVATE KEY-----\n${VECTOR.privatePkcs8}\n-----END PRIVATE KEY-----\n`;

function setUp() {
  const files = new MemoryFiles();
  const load = () => loadOrCreateIdentity({ files, crypto, random: new SeededRandom(1) }, { directory: "/work" });
  return { files, load };
}

describe("loadOrCreateIdentity", () => {
  test("derives the node id, public key and signature of the published vector", async () => {
    const { files, load } = setUp();
    files.put(PATH, VECTOR_PEM, { mode: 0o600 });
    const identity = await load();
    expect(identity.nodeId).toBe(VECTOR.nodeId);
    expect(encodeBase64(identity.publicSpki)).toBe(VECTOR.publicSpki);
    expect(encodeBase64(identity.sign(new TextEncoder().encode(VECTOR.message)))).toBe(VECTOR.signature);
  });

  test("makes a key that only its owner can read, and finds it again", async () => {
    const { files, load } = setUp();
    const made = await load();
    expect(made.nodeId).toMatch(/^ed25519:[A-Za-z0-9_-]{43}$/);
    expect(files.text(PATH)).toMatch(
      /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=]{64}\n-----END PRIVATE KEY-----\n$/,
    );
    expect((await files.stat(PATH)).mode).toBe(0o600);
    expect([...files.entries.keys()]).toEqual([PATH]);
    expect((await load()).nodeId).toBe(made.nodeId);
  });

  test.each([0o640, 0o604, 0o644])(
    "refuses a key with permissions %o, and names the command that mends it",
    async (mode) => {
      const { files, load } = setUp();
      files.put(PATH, VECTOR_PEM, { mode });
      await expect(load()).rejects.toMatchObject({ code: "PERMISSION_DENIED", hint: `run: chmod 600 "${PATH}"` });
    },
  );

  test.each([
    ["empty", ""],
    ["no PEM", "hello"],
    ["another kind of key", VECTOR_PEM.replaceAll("PRIVATE KEY", "EC PRIVATE KEY")],
    ["no base64", VECTOR_PEM.replace("MC4C", "MC=C")],
  ])("refuses a file that is %s, keeps it, and never shows its content", async (_what, text) => {
    const { files, load } = setUp();
    files.put(PATH, text, { mode: 0o600 });
    await expect(load()).rejects.toMatchObject({ code: "SECRET_UNREADABLE" });
    await load().catch((error: Error) => expect(error.message).not.toContain("MC"));
    expect(files.text(PATH)).toBe(text);
  });

  test("does not take a disk that fails for a missing key", async () => {
    const { files, load } = setUp();
    files.put(PATH, VECTOR_PEM, { mode: 0o600 });
    files.readFault = new BarnacleError({ code: "IO_ERROR", action: "Read" });
    await expect(load()).rejects.toMatchObject({ code: "IO_ERROR" });
    expect(files.text(PATH)).toBe(VECTOR_PEM);
  });
});

describe("base64", () => {
  test("round-trips every length, and only the canonical form decodes", () => {
    for (let length = 0; length < 70; length++) {
      const bytes = new SeededRandom(length).bytes(length);
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      expect(encodeBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
    }
    for (const text of ["A", "AA", "AA=", "AB==", "AA==\n", "A-==", "AA==AA=="]) {
      expect(decodeBase64(text)).toBe(undefined);
    }
  });

  test("isEd25519Spki takes the one exact encoding", () => {
    const spki = decodeBase64(VECTOR.publicSpki) ?? new Uint8Array();
    expect(isEd25519Spki(spki)).toBe(true);
    expect(isEd25519Spki(spki.slice(0, 43))).toBe(false);
    expect(isEd25519Spki(spki.with(8, 0x71))).toBe(false);
  });
});
