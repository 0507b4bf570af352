/**
 * A slow line that loses packets: takes them from a device of its own, and gives them back later, or not at all. What `tc netem` does where
 * the kernel has it.
 *
 *     bun test/nat/line.ts DELAY_MS LOSS_RATIO
 */
import { canRead, checked, dieWithParent, libc, tell } from "./foreign.ts";

const O_RDWR_NONBLOCK = 0o4002;
const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const NAME_BYTES = 16;
const PACKET_BYTES_MAX = 65_536;
/** Packets under way; beyond it they are lost, as on any line. */
const PACKETS_MAX = 100_000;
const IDLE_MS = 1_000;

interface Packet {
  readonly bytes: Uint8Array;
  readonly dueMs: number;
}

function openDevice(name: string): number {
  const device = checked("Open /dev/net/tun", libc.open(new TextEncoder().encode("/dev/net/tun\0"), O_RDWR_NONBLOCK));
  const request = new Uint8Array(40);
  request.set(new TextEncoder().encode(name));
  new DataView(request.buffer).setUint16(NAME_BYTES, IFF_TUN_NO_PI, true);
  checked("Make a device", libc.ioctl(device, TUNSETIFF, request));
  return device;
}

function run(delayMs: number, lossRatio: number): never {
  const device = openDevice("line0");
  const buffer = new Uint8Array(PACKET_BYTES_MAX);
  const packets: Packet[] = [];
  tell("ready");
  for (;;) {
    const waitMs = packets[0] === undefined ? IDLE_MS : Math.max(0, Math.ceil(packets[0].dueMs - performance.now()));
    if (canRead(device, waitMs)) {
      const length = Number(libc.read(device, buffer, buffer.length));
      const isKept = length > 0 && packets.length < PACKETS_MAX && Math.random() >= lossRatio;
      if (isKept) packets.push({ bytes: buffer.slice(0, length), dueMs: performance.now() + delayMs });
    }
    while (packets[0] !== undefined && packets[0].dueMs <= performance.now()) {
      const { bytes } = packets.shift() as Packet;
      libc.write(device, bytes, bytes.length);
    }
  }
}

dieWithParent();
run(Number(process.argv[2]), Number(process.argv[3]));
