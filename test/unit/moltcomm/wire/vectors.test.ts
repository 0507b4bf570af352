/** Hunts: bytes signed otherwise than the protocol says, frames cut otherwise, and vectors for others that nobody checked. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { vectorDocuments } from "../../../../scripts/vectors/documents.ts";
import { isBarnacleError } from "../../../../src/errors.ts";
import {
  encodeFrame,
  FrameReader,
  readMessage,
  readPeerRecord,
  recordSignatureInput,
  signatureInput,
} from "../../../../src/moltcomm/wire/mod.ts";
import { nodeCryptoPort as crypto } from "../../../support/node-crypto.ts";
import { independentInput, independentRecordInput, independentVerify, type Json } from "./independent.ts";
import { makeKeyBook, takeAll } from "./support.ts";

const DIRECTORY = resolve(import.meta.dirname, "../../../../docs/vectors");

function readText(name: string): string {
  return readFileSync(join(DIRECTORY, name), "utf8");
}

function vectors(name: string): readonly Json[] {
  return JSON.parse(readText(name)).vectors;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function readJson(value: unknown): Json {
  return readMessage(new TextEncoder().encode(JSON.stringify(value)));
}

function code(body: Uint8Array): string {
  const result = readMessage(body);
  if ("refused" in result) return result.refused.code;
  if (!makeKeyBook().verify(result.message)) return "BAD_SIG";
  const record = "peer" in result.message.body ? result.message.body.peer : undefined;
  return record !== undefined && !makeKeyBook().verifyRecord(record) ? "BAD_SIG" : "accepted";
}

function withoutVersion(message: Json): Json {
  const { v: _v, ...rest } = message;
  return rest;
}

const documents = await vectorDocuments();

describe("docs/vectors", () => {
  for (const [name, text] of Object.entries(documents)) {
    test(`${name} is what scripts/vectors.ts makes`, () => expect(readText(name) === text).toBe(true));
  }

  test("names each vector once in its file", () => {
    for (const file of Object.keys(documents).filter((name) => name !== "keys.json")) {
      const names = vectors(file).map(({ name }) => name);
      expect([...new Set(names)]).toEqual(names);
    }
  });
});

describe("the published vectors", () => {
  const published = JSON.parse(readText("moltcomm-v1.json"));

  test("§1: the node id is derived from pub", () => {
    expect(makeKeyBook().nodeIdOf(published.key.pub_spki_der_base64)).toBe(published.key.node_id);
  });

  test("§4: the signature input of DIRECT, and its signature", () => {
    const { message } = readJson(published.direct.message);
    expect(utf8(signatureInput(message))).toBe(published.direct.signature_input_ascii);
    expect(makeKeyBook().verify(message)).toBe(true);
  });

  test("§6: the signature input of a peer record, and its signature", () => {
    const record: Json = readPeerRecord(published.peer_record.record);
    expect(utf8(recordSignatureInput(record))).toBe(published.peer_record.signature_input_ascii);
    expect(makeKeyBook().verifyRecord(record)).toBe(true);
  });

  test("§1: the plain Ed25519 signature", () => {
    const verifier = crypto.ed25519Verifier(Buffer.from(published.key.pub_spki_der_base64, "base64"));
    const { message_utf8, signature_base64 } = published.ed25519;
    expect(verifier?.(Buffer.from(message_utf8), Buffer.from(signature_base64, "base64"))).toBe(true);
  });
});

describe("keys.json", () => {
  const { keys } = JSON.parse(readText("keys.json"));
  test.each(Object.keys(keys))("§1: %s", async (name) => {
    const pkcs8 = Uint8Array.from(Buffer.from(keys[name].private_pkcs8_der_base64, "base64"));
    const pub = Buffer.from(await crypto.publicFromPrivate(pkcs8)).toString("base64");
    expect(pub).toBe(keys[name].pub_spki_der_base64);
    expect(makeKeyBook().nodeIdOf(pub)).toBe(keys[name].node_id);
  });
});

describe("messages.json", () => {
  for (const { name, section, message, signature_input_utf8 } of vectors("messages.json")) {
    test(`§${section}: ${name}`, () => {
      const result = readJson(message);
      expect(result.message).toEqual(withoutVersion(message));
      expect(utf8(signatureInput(result.message))).toBe(signature_input_utf8);
      expect(independentInput(message).toString()).toBe(signature_input_utf8);
      expect(makeKeyBook().verify(result.message)).toBe(true);
      expect(independentVerify(independentInput(message), message.from, message.pub, message.sig)).toBe(true);
    });
  }
});

describe("records.json", () => {
  for (const { name, section, record, signature_input_utf8, signature_holds } of vectors("records.json")) {
    test(`§${section}: ${name}`, () => {
      const value: Json = readPeerRecord(record);
      expect(value).toEqual(record);
      expect(utf8(recordSignatureInput(value))).toBe(signature_input_utf8);
      expect(independentRecordInput(record).toString()).toBe(signature_input_utf8);
      expect(makeKeyBook().verifyRecord(value)).toBe(signature_holds);
      const input = independentRecordInput(record);
      expect(independentVerify(input, record.peer_id, record.pub, record.sig)).toBe(signature_holds);
    });
  }
});

describe("forms.json", () => {
  for (const { name, section, body_utf8, message } of vectors("forms.json")) {
    test(`§${section}: ${name}`, () => {
      expect(readMessage(Buffer.from(body_utf8))).toEqual({ message: withoutVersion(message) });
      expect(code(Buffer.from(body_utf8))).toBe("accepted");
    });
  }
});

describe("refused.json", () => {
  for (const vector of vectors("refused.json")) {
    test(`§${vector.section}: ${vector.name} is ${vector.code}`, () => {
      const body = vector.body_utf8 === undefined
        ? Buffer.from(vector.body_base64, "base64")
        : Buffer.from(vector.body_utf8);
      expect(code(body)).toBe(vector.code);
    });
  }
});

describe("frames.json", () => {
  for (const { name, max_frame_bytes, chunks_hex, bodies_utf8, refused, waiting_bytes } of vectors("frames.json")) {
    test(`§2: ${name}`, () => {
      const reader = new FrameReader({ maxFrameBytes: max_frame_bytes });
      for (const chunk of chunks_hex) reader.push(Buffer.from(chunk, "hex"));
      const { bodies, thrown } = takeAll(reader);
      expect(bodies.map(utf8)).toEqual(bodies_utf8);
      expect(isBarnacleError(thrown, "FRAME_TOO_LARGE")).toBe(refused);
      expect(reader.bufferedBytes).toBe(waiting_bytes);
    });
  }
});

describe("limits.json", () => {
  const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  for (const vector of vectors("limits.json")) {
    test(`§2: ${vector.name}`, () => {
      const { unit, times, then } = vector.msg;
      const message = { ...vector.message, body: { msg: unit.repeat(times) + then } };
      const frame = encodeFrame(JSON.stringify(message));
      expect(frame.length - 4).toBe(vector.body_bytes);
      expect(sha256(frame)).toBe(vector.frame_sha256_hex);
      expect(sha256(independentInput(message))).toBe(vector.signature_input_sha256_hex);
      expect(sha256(signatureInput(readJson(message).message))).toBe(vector.signature_input_sha256_hex);
      expect(code(frame.subarray(4))).toBe("accepted");
    });
  }
});
