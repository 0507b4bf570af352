/**
 * The least that a relay's keep-alive asks of a program in the same Bun: for each read one Ed25519 signature and one write, both as long as
 * those of a `PONG`. What came is not looked at. The first read of a connection is its `HELLO`.
 */
import { generateKeyPairSync, sign } from "node:crypto";

interface Socket {
  data: { isGreeted: boolean };
  write(bytes: Uint8Array): number;
  setNoDelay(isOn: boolean): void;
}

/** The one member of Bun's namespace that is used. */
declare const Bun: {
  listen(options: {
    readonly hostname: string;
    readonly port: number;
    readonly socket: { readonly open: (socket: Socket) => void; readonly data: (socket: Socket) => void };
  }): unknown;
};

const SIGNED_BYTES = 290;
const PONG_BYTES = 427;

const { privateKey } = generateKeyPairSync("ed25519");
const signed = new Uint8Array(SIGNED_BYTES);
const pong = new Uint8Array(PONG_BYTES).fill(0x2e);
const greeting = new TextEncoder().encode('"HELLO_ACK"');

Bun.listen({
  hostname: "127.0.0.1",
  port: Number(process.env["BENCH_PORT"]),
  socket: {
    open(socket) {
      socket.data = { isGreeted: false };
      socket.setNoDelay(true);
    },
    data(socket) {
      signed[0] = (signed[0] ?? 0) + 1;
      sign(null, signed, privateKey);
      socket.write(socket.data.isGreeted ? pong : greeting);
      socket.data.isGreeted = true;
    },
  },
});
