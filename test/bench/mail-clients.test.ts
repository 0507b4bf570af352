/** Hunts: a packet cut at the wrong place by the bench's clients, so that a broker's rate would be counted wrong. */
import { expect, test } from "vitest";
import { encodePacket, encodeText, PacketReader } from "./mail-mqtt.ts";
import { NatsReader } from "./mail-nats.ts";

test("encodePacket writes the remaining length in groups of seven bits", () => {
  expect([...encodePacket(0x30, new Uint8Array(127))].slice(0, 2)).toEqual([0x30, 127]);
  expect([...encodePacket(0x30, new Uint8Array(128))].slice(0, 3)).toEqual([0x30, 0x80, 1]);
  expect([...encodePacket(0xc0)]).toEqual([0xc0, 0]);
});

test("PacketReader gives each packet once, however the bytes come", () => {
  const bytes = Buffer.concat([
    encodePacket(0x32, encodeText("bench"), Buffer.from([0, 1]), Buffer.alloc(200, "x")),
    encodePacket(0x40, Uint8Array.of(0, 1)),
  ]);
  for (const step of [1, 3, 7, 100, bytes.length]) {
    const reader = new PacketReader();
    const packets = [];
    for (let at = 0; at < bytes.length; at += step) packets.push(...reader.push(bytes.subarray(at, at + step)));
    expect(packets.map(({ head, rest }) => [head, rest.length])).toEqual([[0x32, 209], [0x40, 2]]);
  }
});

test("NatsReader gives messages and lines in their order, however the bytes come", () => {
  const bytes = Buffer.from("PING\r\nMSG bench 1 $JS.ACK.1 5\r\na\r\nbc\r\nMSG _INBOX.a 2 0\r\n\r\n+OK\r\n", "latin1");
  for (const step of [1, 3, 7, bytes.length]) {
    const reader = new NatsReader();
    const read = [];
    for (let at = 0; at < bytes.length; at += step) read.push(...reader.push(bytes.subarray(at, at + step)));
    const shown = read.map((one) =>
      typeof one === "string" ? one : { ...one, payload: one.payload.toString("latin1") }
    );
    expect(shown).toEqual([
      "PING",
      { subscription: 1, reply: "$JS.ACK.1", payload: "a\r\nbc" },
      { subscription: 2, reply: "", payload: "" },
      "+OK",
    ]);
  }
});
