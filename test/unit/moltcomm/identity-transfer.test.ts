/** Hunts: an identity overwritten, a key of another kind taken, a key shown in a message, a fingerprint that two hosts read differently. */
import { describe, expect, test } from "vitest";
import {
  exportIdentity,
  fingerprintOf,
  importIdentity,
  loadIdentity,
  loadOrCreateIdentity,
} from "../../../src/moltcomm/mod.ts";
import { SeededRandom } from "../../sim/random.ts";
import { MemoryFiles } from "../../support/memory-files.ts";
import { nodeCryptoPort as crypto } from "../../support/node-crypto.ts";

/** The key of the published MoltComm v1 vectors. */
const BASE64 = "MC4CAQAwBQYDK2VwBCIEIMy/UK6eeIxKenPcdemLH7u4JsphzkAfoATtqeNst3N9";
const NODE_ID = "ed25519:YpRmsCeCkpueDKhzWb8ZYWJ9SEoqhePxbNj7VJLXoI8";
const PEM = `-----BEGIN PRIVATE KEY-----\n${BASE64}\n-----END PRIVATE KEY-----\n`;
const PATH = "/work/.moltcomm/identity.pem";

const text = (content: string) => new TextEncoder().encode(content);
const der = Uint8Array.from(atob(BASE64), (character) => character.charCodeAt(0));

function setUp() {
  const files = new MemoryFiles();
  const components = { files, crypto, random: new SeededRandom(1) };
  return {
    files,
    components,
    take: (given: Uint8Array) => importIdentity(components, { directory: "/work", given }),
    make: () => loadOrCreateIdentity(components, { directory: "/work" }),
  };
}

describe("importIdentity", () => {
  const forms: readonly (readonly [form: string, given: Uint8Array])[] = [
    ["PEM", text(PEM)],
    ["PEM with CRLF and text around white space", text(`\r\n${PEM.replaceAll("\n", "\r\n")}\r\n`)],
    ["PEM with a byte-order mark", text(`\ufeff${PEM}`)],
    ["DER", der],
    ["base64 of the DER, as the published vectors have it", text(BASE64)],
    ["base64 in several lines", text(`${BASE64.slice(0, 30)}\n${BASE64.slice(30)}\n`)],
  ];
  for (const [form, given] of forms) {
    test(`takes ${form}`, async () => {
      const { files, take } = setUp();
      expect(await take(given)).toMatchObject({ identity: { nodeId: NODE_ID }, isNew: true });
      expect(files.text(PATH)).toBe(PEM);
      expect((await files.stat(PATH)).mode).toBe(0o600);
    });
  }

  const others: readonly (readonly [what: string, given: Uint8Array, found: string])[] = [
    ["an empty file", text(" \n"), "nothing"],
    ["some text", text("hello there"), "something else"],
    ["a public key", text(PEM.replaceAll("PRIVATE KEY", "PUBLIC KEY")), "PUBLIC KEY"],
    ["an SSH key", text(PEM.replaceAll("PRIVATE KEY", "OPENSSH PRIVATE KEY")), "OPENSSH PRIVATE KEY"],
    ["a key under a passphrase", text(PEM.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY")), "passphrase"],
    ["damaged base64", text(PEM.replace("MC4C", "MC=C")), "damaged"],
    ["a cut key", text(btoa(String.fromCharCode(...der.subarray(0, 40)))), "damaged"],
    ["zeros", new Uint8Array(48), "something else"],
    ["X25519", text(BASE64.replace("K2Vw", "K2Vu")), "another kind of key"],
  ];
  for (const [what, given, found] of others) {
    test(`refuses ${what}, says what it is, and shows nothing of it`, async () => {
      const { files, take } = setUp();
      await expect(take(given)).rejects.toMatchObject({
        code: "SECRET_UNREADABLE",
        value: expect.stringContaining(found),
      });
      await take(given).catch((error: Error) => expect(error.message).not.toContain("MC4"));
      expect(files.entries.size).toBe(0);
    });
  }

  test("never overwrites another identity, and says what to do", async () => {
    const { files, take, make } = setUp();
    const { nodeId } = await make();
    const before = files.text(PATH);
    await expect(take(text(PEM))).rejects.toMatchObject({
      code: "IDENTITY_EXISTS",
      value: expect.stringContaining(nodeId),
      hint: expect.stringContaining("--export"),
    });
    expect(files.text(PATH)).toBe(before);
  });

  test("finds the same identity there already", async () => {
    const { take } = setUp();
    await take(der);
    expect(await take(text(PEM))).toMatchObject({ identity: { nodeId: NODE_ID }, isNew: false });
  });

  test("does not overwrite a key that cannot be read", async () => {
    const { files, take } = setUp();
    files.put(PATH, "hello", { mode: 0o600 });
    await expect(take(der)).rejects.toMatchObject({ code: "SECRET_UNREADABLE" });
    files.put(PATH, PEM, { mode: 0o644 });
    await expect(take(der)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });
});

describe("exportIdentity", () => {
  test("gives what importIdentity takes", async () => {
    const [one, other] = [setUp(), setUp()];
    const { nodeId } = await one.make();
    const pem = await exportIdentity(one.files, "/work");
    expect((await other.take(text(pem))).identity.nodeId).toBe(nodeId);
  });

  test("makes no identity, and says what does", async () => {
    const { files } = setUp();
    await expect(exportIdentity(files, "/work")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    expect(files.entries.size).toBe(0);
  });
});

test("loadIdentity makes none", async () => {
  const { files, components } = setUp();
  expect(await loadIdentity(components, { directory: "/work" })).toBe(undefined);
  expect(files.entries.size).toBe(0);
});

describe("fingerprintOf", () => {
  test("gives the digits of the published key", () => {
    // Computed apart: int.from_bytes(sha256(spki)[:16], "big") % 10**20.
    expect(fingerprintOf(NODE_ID)).toBe("90225 11708 48182 82849");
  });

  test("keeps leading zeros", () => {
    expect(fingerprintOf(`ed25519:${"A".repeat(43)}`)).toBe("00000 00000 00000 00000");
  });

  test("refuses what is no node id", () => {
    for (const wrong of ["", "alice", `${NODE_ID}A`, `${NODE_ID.slice(0, -1)}9`]) {
      expect(() => fingerprintOf(wrong)).toThrow();
    }
  });
});
