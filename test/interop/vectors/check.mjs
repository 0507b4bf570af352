/**
 * Checks the vectors in `docs/vectors` by this implementation, as their README says.
 *
 *     node test/interop/vectors/check.mjs docs/vectors
 *
 * Prints one line per file: how many vectors it holds, and those that this implementation sees otherwise.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  encodeFrame,
  envelopeInput,
  FrameReader,
  Identity,
  isGenuine,
  isGoodRecord,
  readMessage,
  recordInput,
} from "../wire.mjs";

const [folder = "docs/vectors"] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(join(folder, `${file}.json`), "utf8"));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const isSame = (left, right) => JSON.stringify(left) === JSON.stringify(right);

const published = read("moltcomm-v1");
const keys = Object.values(read("keys").keys);
const identities = new Map(keys.map((key) => [key.node_id, Identity.fromPkcs8(key.private_pkcs8_der_base64)]));

/** Ed25519 has one signature for each key and input: ours must be theirs. */
const signsAlike = (input, { from, peer_id, sig }) => identities.get(from ?? peer_id)?.sign(input) === sig;

function cuts({ max_frame_bytes, chunks_hex, bodies_utf8, refused, waiting_bytes }) {
  const reader = new FrameReader(max_frame_bytes);
  const bodies = chunks_hex.flatMap((hex) => reader.isRefused ? [] : reader.push(Buffer.from(hex, "hex")));
  return isSame(bodies.map(String), bodies_utf8) && reader.isRefused === refused &&
    (refused || reader.waitingBytes === waiting_bytes);
}

function reads({ body_utf8, message }) {
  const { message: ours, code } = readMessage(Buffer.from(body_utf8, "utf8"));
  return code === undefined && isGenuine(ours) && envelopeInput(ours).equals(envelopeInput(message)) &&
    ours.sig === message.sig;
}

function refuses({ code, body_utf8, body_base64 }) {
  const body = body_utf8 === undefined ? Buffer.from(body_base64, "base64") : Buffer.from(body_utf8, "utf8");
  const seen = readMessage(body);
  return (seen.code ?? (isGenuine(seen.message) ? undefined : "BAD_SIG")) === code;
}

function reachesLimit({ message, msg, body_bytes, frame_sha256_hex, signature_input_sha256_hex }) {
  const whole = { ...message, body: { ...message.body, msg: msg.unit.repeat(msg.times) + msg.then } };
  const frame = encodeFrame(whole);
  return frame.length === 4 + body_bytes && sha256(frame) === frame_sha256_hex && isGenuine(whole) &&
    sha256(envelopeInput(whole)) === signature_input_sha256_hex;
}

const CHECKS = {
  keys: [keys.map((key, index) => ({ name: `key ${index + 1}`, ...key })), (key) => {
    const identity = identities.get(key.node_id);
    return identity?.nodeId === key.node_id && identity.pub === key.pub_spki_der_base64;
  }],
  frames: [read("frames").vectors, cuts],
  messages: [read("messages").vectors, ({ message, signature_input_utf8 }) => {
    const input = envelopeInput(message);
    const { code } = readMessage(Buffer.from(JSON.stringify(message), "utf8"));
    return code === undefined && input.toString("utf8") === signature_input_utf8 && isGenuine(message) &&
      signsAlike(input, message);
  }],
  records: [
    read("records").vectors,
    ({ record, signature_input_utf8, signature_holds }) =>
      recordInput(record).toString("utf8") === signature_input_utf8 &&
      isGoodRecord(record, -Infinity) === signature_holds,
  ],
  forms: [read("forms").vectors, reads],
  limits: [read("limits").vectors, reachesLimit],
  refused: [read("refused").vectors, refuses],
  "moltcomm-v1": [["ed25519", "direct", "peer_record"].map((name) => ({ name, ...published[name] })), (vector) => {
    if (vector.name === "ed25519") {
      return identities.get(published.key.node_id).sign(Buffer.from(vector.message_utf8)) === vector.signature_base64;
    }
    const signed = vector.message ?? vector.record;
    const input = vector.message === undefined ? recordInput(signed) : envelopeInput(signed);
    return input.toString("ascii") === vector.signature_input_ascii && signsAlike(input, signed);
  }],
};

for (const [file, [vectors, isRight]] of Object.entries(CHECKS)) {
  const otherwise = vectors.filter((vector) => !isRight(vector)).map(({ name }) => name);
  process.stdout.write(`${JSON.stringify({ file, vectors: vectors.length, otherwise })}\n`);
}
