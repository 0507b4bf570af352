/**
 * Sees every packet that comes to a host or leaves it, and counts where texts stand in what TCP carries, also across packets.
 *
 *     bun test/nat/tap.ts TEXT...
 *
 * On SIGTERM it tells the event `counts`: `counts` by text, `packets`, `bytes`, and `missed`, the packets that came too fast.
 */
import { canRead, checked, dieWithParent, libc, tell } from "./foreign.ts";

const AF_PACKET = 17;
const SOCK_DGRAM_NONBLOCK = 2 | 0o4000;
/** In network order. */
const ETH_P_ALL = 0x0300;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;
const RECEIVE_BUFFER_BYTES = 64 * 1_048_576;
const PACKET_BYTES_MAX = 131_072;
const PROTOCOL_TCP = 6;
const POLL_MS = 20;
/** Looks before signals have their turn. */
const PACKETS_AT_ONCE = 256;

/** What TCP carries in an IPv4 packet, and on which way. */
function payloadOf(packet: Uint8Array): { readonly way: string; readonly bytes: Uint8Array } | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  if (packet.length < 40 || (packet[0] ?? 0) >> 4 !== 4 || packet[9] !== PROTOCOL_TCP) return undefined;
  const head = ((packet[0] ?? 0) & 15) * 4;
  const tcp = ((packet[head + 12] ?? 0) >> 4) * 4;
  const way = `${view.getBigUint64(12)} ${view.getUint32(head)}`;
  return { way, bytes: packet.subarray(head + tcp, view.getUint16(2) || packet.length) };
}

class Tap {
  readonly #texts: readonly Buffer[];
  readonly #counts: number[];
  /** The end of what came last on each way: a text may go on in the next packet. */
  readonly #ends = new Map<string, Buffer>();
  #packets = 0;
  #bytes = 0;

  constructor(texts: readonly string[]) {
    this.#texts = texts.map((text) => Buffer.from(text));
    this.#counts = texts.map(() => 0);
  }

  take(packet: Uint8Array): void {
    const payload = payloadOf(packet);
    if (payload === undefined || payload.bytes.length === 0) return;
    this.#packets += 1;
    this.#bytes += payload.bytes.length;
    const end = this.#ends.get(payload.way) ?? Buffer.alloc(0);
    const all = Buffer.concat([end, payload.bytes]);
    const longest = Math.max(...this.#texts.map((text) => text.length));
    this.#texts.forEach((text, index) => {
      // What ended before this packet has been counted.
      for (let at = all.indexOf(text); at >= 0; at = all.indexOf(text, at + text.length)) {
        if (at + text.length > end.length) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
      }
    });
    this.#ends.set(payload.way, Buffer.from(all.subarray(Math.max(0, all.length - longest + 1))));
  }

  report(missed: number): void {
    const counts = Object.fromEntries(this.#texts.map((text, index) => [text.toString(), this.#counts[index]]));
    tell("counts", { counts, packets: this.#packets, bytes: this.#bytes, missed });
  }
}

function openSocket(): number {
  const socket = checked("Open a packet socket", libc.socket(AF_PACKET, SOCK_DGRAM_NONBLOCK, ETH_P_ALL));
  const size = new Uint8Array(new Int32Array([RECEIVE_BUFFER_BYTES]).buffer);
  checked("Make room for packets", libc.setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length));
  return socket;
}

function missedBy(socket: number): number {
  const statistics = new Uint32Array(2);
  const length = new Uint8Array(new Int32Array([statistics.byteLength]).buffer);
  checked(
    "Ask for missed packets",
    libc.getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, new Uint8Array(statistics.buffer), length),
  );
  return statistics[1] ?? 0;
}

async function run(texts: readonly string[]): Promise<void> {
  const socket = openSocket();
  const tap = new Tap(texts);
  const buffer = new Uint8Array(PACKET_BYTES_MAX);
  let isOver = false;
  process.once("SIGTERM", () => void (isOver = true));
  tell("ready");
  for (;;) {
    for (let count = 0; count < PACKETS_AT_ONCE && canRead(socket, count === 0 ? POLL_MS : 0); count += 1) {
      const length = Number(libc.read(socket, buffer, buffer.length));
      if (length > 0) tap.take(buffer.subarray(0, length));
    }
    if (isOver && !canRead(socket, 0)) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  tap.report(missedBy(socket));
}

dieWithParent();
await run(process.argv.slice(2));
process.exit(0);
