/** `relay-load.c` in Bun, for machines without a C compiler; the same words in, the same line out. */
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const WARM_UP_MS = 1_000;
const GREETING_MS = 100;
const LINE_END = "\r\n";

interface Pair {
  readonly sender: Socket;
  readonly receiver: Socket;
  /** What is sent for one frame, and how many bytes come out for it. */
  readonly packed: Buffer;
  readonly outBytes: number;
}

function dial(port: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => done(socket));
    socket.on("error", fail);
  });
}

async function connectPair(mode: string, port: number, files: readonly string[]): Promise<Pair> {
  const [frame = Buffer.alloc(0), ...hellos] = files.map((file) => readFileSync(file));
  if (mode === "direct") return { ...await connectDirect(), packed: frame, outBytes: frame.length };
  const [sender, receiver] = [await dial(port), await dial(port)];
  const say = async (socket: Socket, bytes: Uint8Array | string) => {
    socket.write(bytes);
    await pause(GREETING_MS);
  };
  if (mode === "nats") {
    await say(sender, `CONNECT {"verbose":false}${LINE_END}`);
    await say(receiver, `CONNECT {"verbose":false}${LINE_END}SUB t 1${LINE_END}`);
    const packed = Buffer.concat([Buffer.from(`PUB t ${frame.length}${LINE_END}`), frame, Buffer.from(LINE_END)]);
    return { sender, receiver, packed, outBytes: packed.length + "MSG t 1".length - "PUB t".length };
  }
  if (mode === "mqtt") {
    const hello = (name: string) => Buffer.from(`\x10\x0e\0\x04MQTT\x04\x02\0\0\0\x02b${name}`, "latin1");
    await say(sender, hello("1"));
    await say(receiver, hello("2"));
    await say(receiver, Buffer.from([0x82, 6, 0, 1, 0, 1, 0x74, 0]));
    const rest = 3 + frame.length;
    const packed = Buffer.concat([Buffer.from([0x30, (rest & 127) | 128, rest >> 7, 0, 1, 0x74]), frame]);
    return { sender, receiver, packed, outBytes: packed.length };
  }
  await say(sender, hellos[0] ?? "");
  await say(receiver, hellos[1] ?? "");
  return { sender, receiver, packed: frame, outBytes: frame.length };
}

async function connectDirect(): Promise<{ readonly sender: Socket; readonly receiver: Socket }> {
  const server = createServer({ noDelay: true });
  const accepted = new Promise<Socket>((done) => server.once("connection", done));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { sender: await dial((server.address() as AddressInfo).port), receiver: await accepted };
}

async function main([mode = "", port = "", inFlight = "", seconds = "", ...files]: readonly string[]): Promise<void> {
  const { sender, receiver, packed, outBytes } = await connectPair(mode, Number(port), files);
  // Whatever was said in greeting has been read; from now on there are frames only.
  receiver.removeAllListeners("data");
  for (const socket of [sender, receiver]) socket.on("data", () => undefined);
  await pause(GREETING_MS);
  const sentMs: number[] = [];
  const timesUs: number[] = [];
  let [have, isOver] = [0, false];
  const send = (count: number) => {
    const nowMs = performance.now();
    for (let index = 0; index < count; index++) sentMs.push(nowMs);
    sender.write(count === 1 ? packed : Buffer.concat(Array.from({ length: count }, () => packed)));
  };
  receiver.on("data", (chunk: Buffer) => {
    const nowMs = performance.now();
    have += chunk.length;
    const count = Math.floor(have / outBytes);
    have %= outBytes;
    for (const startMs of sentMs.splice(0, count)) timesUs.push((nowMs - startMs) * 1_000);
    if (count > 0 && !isOver) send(count);
  });
  send(Number(inFlight));
  await pause(WARM_UP_MS);
  timesUs.length = 0;
  const startMs = performance.now();
  await pause(Number(seconds) * 1_000);
  isOver = true;
  const perSecond = timesUs.length * 1_000 / (performance.now() - startMs);
  if (timesUs.length === 0) throw new Error("nothing arrives");
  timesUs.sort((left, right) => left - right);
  const at = (share: number) => timesUs[Math.floor(timesUs.length * share)] ?? 0;
  process.stdout.write(`${JSON.stringify({ perSecond, p50Us: at(0.5), p99Us: at(0.99) })}\n`);
  process.exit();
}

await main(process.argv.slice(2));
