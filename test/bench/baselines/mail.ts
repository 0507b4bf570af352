/**
 * What bounds mail on a machine, each by itself: the cryptography of a message, a data sync, a round trip over loopback. The answer is one
 * line of JSON.
 *
 *     crypto MS               messages whose cryptography one process does in a second: 2 signatures and 2 verifications each
 *     sync FILE BYTES MS      milliseconds of an append with its data sync, many
 *     echo BYTES BYTES        answers so many bytes with so many, on a free port that it tells
 *     trip PORT BYTES BYTES MS    milliseconds of a round trip, many
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { ackInput, directInput } from "../mail-sizes.ts";

const WARM_UP_MS = 200;
const ROUNDS_PER_LOOK = 16;
const TIMES_MAX = 20_000;

interface Crypto {
  readonly messagesPerSecond: number;
  readonly processorUs: number;
}

/** One message: the sender signs, the receiver checks, answers and signs, the sender checks. */
function carry(direct: Uint8Array, ack: Uint8Array, privateKey: KeyObject, publicKey: KeyObject): void {
  for (const bytes of [direct, ack]) {
    if (!verify(null, bytes, publicKey, sign(null, bytes, privateKey))) throw new Error("A signature does not hold");
  }
}

function measureCrypto(durationMs: number): Crypto {
  const pair = generateKeyPairSync("ed25519");
  // Read once, as keys come to a node.
  const privateKey = createPrivateKey({
    key: pair.privateKey.export({ format: "der", type: "pkcs8" }),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey({
    key: pair.publicKey.export({ format: "der", type: "spki" }),
    format: "der",
    type: "spki",
  });
  const [direct, ack] = [directInput(), ackInput()];
  const run = (forMs: number) => {
    const before = process.cpuUsage();
    const startMs = performance.now();
    let messages = 0;
    do {
      for (let round = 0; round < ROUNDS_PER_LOOK; round++) carry(direct, ack, privateKey, publicKey);
      messages += ROUNDS_PER_LOOK;
    } while (performance.now() - startMs < forMs);
    const { user, system } = process.cpuUsage(before);
    return {
      messagesPerSecond: (messages * 1_000) / (performance.now() - startMs),
      processorUs: (user + system) / messages,
    };
  };
  run(WARM_UP_MS);
  return run(durationMs);
}

function measureSync(file: string, bytes: number, durationMs: number): { timesMs: number[] } {
  const line = new Uint8Array(bytes).fill(120);
  line[bytes - 1] = 10;
  const handle = openSync(file, "a");
  const timesMs: number[] = [];
  const endMs = performance.now() + durationMs;
  for (let beforeMs = performance.now(); beforeMs < endMs && timesMs.length < TIMES_MAX;) {
    writeSync(handle, line);
    fdatasyncSync(handle);
    const afterMs = performance.now();
    timesMs.push(afterMs - beforeMs);
    beforeMs = afterMs;
  }
  closeSync(handle);
  return { timesMs };
}

function serveEcho(requestBytes: number, answerBytes: number): void {
  const answer = new Uint8Array(answerBytes);
  const server = createServer({ noDelay: true }, (socket) => {
    let received = 0;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Uint8Array) => {
      for (received += chunk.length; received >= requestBytes; received -= requestBytes) socket.write(answer);
    });
  });
  server.listen(0, "127.0.0.1", () => tell({ port: (server.address() as AddressInfo).port }));
}

function measureTrips(port: number, requestBytes: number, answerBytes: number, durationMs: number): void {
  const request = new Uint8Array(requestBytes);
  const timesMs: number[] = [];
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const endMs = performance.now() + durationMs;
  let sentMs = 0;
  let received = 0;
  const send = () => {
    sentMs = performance.now();
    socket.write(request);
  };
  socket.on("connect", send);
  socket.on("data", (chunk: Uint8Array) => {
    received += chunk.length;
    if (received < answerBytes) return;
    received = 0;
    const nowMs = performance.now();
    timesMs.push(nowMs - sentMs);
    if (nowMs < endMs && timesMs.length < TIMES_MAX) return send();
    socket.destroy();
    tell({ timesMs });
  });
}

function tell(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

// The runtimes count the words before ours differently.
const [what = "", ...words] = process.argv.slice(
  process.argv.findIndex((word) => /^(?:crypto|sync|echo|trip)$/.test(word)),
);
const numbers = words.map(Number);
const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
if (what === "crypto") tell(measureCrypto(first));
else if (what === "sync") tell(measureSync(words[0] ?? "", second, third));
else if (what === "echo") serveEcho(first, second);
else if (what === "trip") measureTrips(first, second, third, fourth);
else throw new RangeError(`Measure: wanted crypto, sync, echo or trip, got ${JSON.stringify(what)}`);
