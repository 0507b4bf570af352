/**
 * As much of MQTT 3.1.1 as the bench needs: `CONNECT`, `SUBSCRIBE` and `PUBLISH` at QoS 1, `PUBACK`. Source: OASIS MQTT 3.1.1, sections 2
 * and 3.
 */
import { connect, type Socket } from "node:net";

export interface MqttPacket {
  /** The first byte: type and flags. */
  readonly head: number;
  /** What follows the remaining length. */
  readonly rest: Buffer;
}

const CONNECT = 0x10;
const CONNACK = 0x20;
const PUBLISH_QOS_1 = 0x32;
const PUBACK = 0x40;
const SUBSCRIBE = 0x82;
const SUBACK = 0x90;
const TYPE_MASK = 0xf0;
const PUBLISH = 0x30;
const LEVEL = 4;
const CLEAN_SESSION = 0x02;
const QOS_1 = 1;
const ID_MAX = 0xffff;
const NOTHING: Buffer = Buffer.alloc(0);

export function encodePacket(head: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = [head];
  do {
    header.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    length >>= 7;
  } while (length > 0);
  return Buffer.concat([Uint8Array.from(header), ...parts]);
}

export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  return Buffer.concat([number16(bytes.length), bytes]);
}

function number16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

/** Cuts a stream into packets. */
export class PacketReader {
  #kept: Buffer = NOTHING;

  /** The packets that are whole now. */
  push(chunk: Buffer): MqttPacket[] {
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const packets: MqttPacket[] = [];
    let at = 0;
    for (;;) {
      const length = readLength(bytes, at + 1);
      if (length === undefined || length.end + length.value > bytes.length) break;
      packets.push({ head: bytes[at] ?? 0, rest: bytes.subarray(length.end, length.end + length.value) });
      at = length.end + length.value;
    }
    this.#kept = bytes.subarray(at);
    return packets;
  }
}

function readLength(bytes: Buffer, from: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let at = from, shift = 0; at < bytes.length; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

/** One client's connection. */
export class MqttClient {
  readonly #socket: Socket;
  readonly #reader = new PacketReader();
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;
  /** A message of ours was taken by the broker. */
  onPublished: () => void = () => undefined;
  /** A message came; it has been acknowledged. */
  onReceived: () => void = () => undefined;
  onLost: (why: string) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.onLost(error.message));
    socket.on("close", () => this.onLost("the broker closed the connection"));
  }

  /** @param init.isPersistent whether the broker keeps the session, and with it messages, while the client is away */
  static async open(
    init: { readonly port: number; readonly id: string; readonly isPersistent: boolean },
  ): Promise<MqttClient> {
    const socket = connect({ port: init.port, host: "127.0.0.1", noDelay: true });
    const client = new MqttClient(socket);
    const variable = [
      encodeText("MQTT"),
      Uint8Array.of(LEVEL, init.isPersistent ? 0 : CLEAN_SESSION, 0, 0),
      encodeText(init.id),
    ];
    await client.#ask(CONNACK, encodePacket(CONNECT, ...variable));
    return client;
  }

  async subscribe(topic: string): Promise<void> {
    await this.#ask(SUBACK, encodePacket(SUBSCRIBE, number16(this.#nextId()), encodeText(topic), Uint8Array.of(QOS_1)));
  }

  publish(topic: string, payload: Uint8Array): void {
    this.#socket.write(encodePacket(PUBLISH_QOS_1, encodeText(topic), number16(this.#nextId()), payload));
  }

  close(): void {
    this.onLost = () => undefined;
    this.#socket.destroy();
  }

  /** Several packets that are written in one go leave in one piece. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  #nextId(): number {
    return this.#lastId = this.#lastId === ID_MAX ? 1 : this.#lastId + 1;
  }

  #ask(answer: number, packet: Buffer): Promise<void> {
    return new Promise((done, fail) => {
      this.onLost = (why) => fail(new Error(`MQTT: ${why}`));
      this.#waiting.set(answer, done);
      this.#socket.write(packet);
    });
  }

  #take(chunk: Buffer): void {
    this.together(() => {
      for (const { head, rest } of this.#reader.push(chunk)) {
        if ((head & TYPE_MASK) === PUBLISH) this.#receive(rest);
        else if (head === PUBACK) this.onPublished();
        else this.#answer(head, rest);
      }
    });
  }

  #receive(rest: Buffer): void {
    const idAt = 2 + rest.readUInt16BE(0);
    this.#socket.write(encodePacket(PUBACK, rest.subarray(idAt, idAt + 2)));
    this.onReceived();
  }

  #answer(head: number, rest: Buffer): void {
    // The last byte of both says how it went: below 3 is granted for a subscription, 0 is accepted for a connection.
    const code = rest.at(-1) ?? 0xff;
    if (code > (head === SUBACK ? 2 : 0)) return this.onLost(`refused with code ${code}`);
    this.#waiting.get(head)?.();
    this.#waiting.delete(head);
  }
}
