/** Lets the wire read a stream, and holds every step against what must be true. */
import { isBarnacleError } from "../../src/errors.ts";
import { FrameReader, KeyBook, type Message, readMessage, readPeerRecord } from "../../src/moltcomm/wire/mod.ts";
import type { Ed25519Verifier } from "../../src/runtime/port.ts";
import { nodeCryptoPort } from "../support/node-crypto.ts";
import { type Input, MAX_FRAME_BYTES } from "./generate.ts";
import { isRecord, type Json, recordKey, secondOpinion, splitStream } from "./second-opinion.ts";

/** What is examined; tests put a broken one in its place. */
export interface Subject {
  makeReader(): Pick<FrameReader, "push" | "next" | "bufferedBytes">;
  readonly readMessage: typeof readMessage;
  readonly keyBook: Pick<KeyBook, "verify" | "verifyRecord" | "size">;
}

/** What became of a stream: an outcome for each frame. */
export type Outcomes = readonly string[];

/** Fewer than there are signers, so that keys are let go of, and read again. */
const KEYS_MAX = 2;

/** The wire as it is. */
export function makeSubject(): Subject {
  return {
    makeReader: () => new FrameReader({ maxFrameBytes: MAX_FRAME_BYTES }),
    readMessage,
    keyBook: new KeyBook({ crypto: { ...nodeCryptoPort, ed25519Verifier } }, { keysMax: KEYS_MAX }),
  };
}

/** What was found right once is right again: most of the time would go into the few messages that were really signed. */
const foundRight = new Set<string>();

function ed25519Verifier(publicSpki: Uint8Array): Ed25519Verifier | undefined {
  const verifier = nodeCryptoPort.ed25519Verifier(publicSpki);
  return verifier && ((data, signature) => {
    const question = [publicSpki, data, signature].map((bytes) => Buffer.from(bytes).toString("base64")).join();
    const holds = foundRight.has(question) || verifier(data, signature);
    if (holds) foundRight.add(question);
    return holds;
  });
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`Broken: ${rule}`);
}

/**
 * Reads the stream as a node would.
 *
 * @param signatures what was really signed, and how
 * @throws when something is not as it must be
 */
export function examine(subject: Subject, input: Input, signatures: ReadonlyMap<string, string>): Outcomes {
  const expected = splitStream(Buffer.concat(input.chunks), MAX_FRAME_BYTES);
  const { bodies, isTooLong } = readStream(subject, input);
  must(bodies.length === expected.bodies.length, "a stream has the frames that its lengths say");
  must(isTooLong === expected.isTooLong, "a frame is refused exactly when its length is above the limit");
  const outcomes = bodies.map((body, index) => {
    must(Buffer.compare(body, expected.bodies[index] ?? new Uint8Array(0)) === 0, "a body is the bytes that arrived");
    return examineBody(subject, body, signatures);
  });
  must(subject.keyBook.size <= KEYS_MAX, "the keys kept are bounded");
  return isTooLong ? [...outcomes, "FRAME_TOO_LARGE"] : outcomes;
}

function readStream(subject: Subject, { chunks }: Input): { bodies: Uint8Array[]; isTooLong: boolean } {
  const reader = subject.makeReader();
  const bodies: Uint8Array[] = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let body = reader.next(); body !== undefined; body = reader.next()) bodies.push(body);
      must(reader.bufferedBytes < 4 + MAX_FRAME_BYTES, "less than one frame waits once all whole ones are taken");
    }
  } catch (thrown) {
    if (!isBarnacleError(thrown, "FRAME_TOO_LARGE")) throw thrown;
    reader.push(Buffer.alloc(8));
    must(reader.bufferedBytes === 0, "nothing is held of a stream that is refused");
    return { bodies, isTooLong: true };
  }
  return { bodies, isTooLong: false };
}

function examineBody(subject: Subject, body: Uint8Array, signatures: ReadonlyMap<string, string>): string {
  const result = subject.readMessage(body);
  const opinion = secondOpinion(body);
  if ("refused" in result) {
    const { code, detail, id, from } = result.refused;
    must("code" in opinion && opinion.code === code, "a frame is refused for the reason that the rules give");
    must(/^[\w ,-]{1,80}$/.test(detail), "a refusal repeats nothing of the frame");
    must([id, from].every((text) => text === undefined || (text.length <= 256 && text.isWellFormed())), "answers fit");
    return `${code}: ${detail}`;
  }
  must("key" in opinion, "no frame is taken that the rules refuse");
  if (!("key" in opinion)) return "";
  mustEqual(result.message, opinion.message);
  examineRecords(subject, opinion.message.body, signatures);
  const holds = subject.keyBook.verify(result.message);
  const wasSigned = signatures.get(opinion.key) === opinion.message.sig;
  must(!holds || wasSigned, "no message verifies that was not signed so");
  must(holds || !wasSigned, "every message verifies that was signed so");
  return `${holds ? "taken" : "BAD_SIG"}: ${describe(result.message)}`;
}

/** The message read is the message sent, but for unknown fields and for empty ones that mean nothing. */
function mustEqual(message: Message, sent: Json): void {
  const same = (read: Json, there: Json): boolean =>
    typeof read === "object" && read !== null
      ? Object.keys(read).every((key) => same(read[key], there?.[key]))
      : Object.is(read, there);
  must(same(message, sent), "a message is read with the values that were sent");
  must((message.to ?? "") === (sent.to ?? ""), "a recipient is read as it was sent");
}

function examineRecords(subject: Subject, body: Json, signatures: ReadonlyMap<string, string>): void {
  for (const value of [...Array.isArray(body.peers) ? body.peers : [], body.peer]) {
    const record = readPeerRecord(value);
    must((record !== undefined) === (value !== undefined && isRecord(value)), "a record is read when it has the shape");
    if (record === undefined) continue;
    const holds = subject.keyBook.verifyRecord(record);
    const wasSigned = signatures.get(recordKey(value)) === value.sig;
    must(holds === wasSigned, "a record verifies exactly when it was signed so");
  }
}

function describe({ t, to, body }: Message): string {
  return `${t}${to === undefined ? "" : " to"} ${Object.keys(body).sort().join(" ")}`;
}
