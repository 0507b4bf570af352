/** Streams of bytes, as they may arrive, and the frames in them. */
import { encodeFrame } from "../../src/moltcomm/wire/mod.ts";

const MAX_FRAME_BYTES = 16;
const ONE = Buffer.from(encodeFrame('{"v":1}'));
const OTHER = Buffer.from(encodeFrame('{"ü":"😀"}'));
const LONGEST = Buffer.from(encodeFrame('{"a":"12345678"}'));

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

function stream(
  name: string,
  chunks: readonly Uint8Array[],
  bodies: readonly string[],
  rest: { readonly refused?: true; readonly waiting_bytes?: number } = {},
) {
  return {
    name,
    section: "2",
    max_frame_bytes: MAX_FRAME_BYTES,
    chunks_hex: chunks.map((chunk) => Buffer.from(chunk).toString("hex")),
    bodies_utf8: bodies,
    refused: rest.refused ?? false,
    waiting_bytes: rest.waiting_bytes ?? 0,
  };
}

export function framesDocument(): unknown {
  const byByte = Array.from(Buffer.concat([ONE, OTHER]), (byte) => Uint8Array.of(byte));
  return {
    vectors: [
      stream("one frame", [ONE], ['{"v":1}']),
      stream("two frames in one chunk", [Buffer.concat([ONE, OTHER])], ['{"v":1}', '{"ü":"😀"}']),
      stream("two frames, byte by byte", byByte, ['{"v":1}', '{"ü":"😀"}']),
      stream("cut within the length", [ONE.subarray(0, 2), ONE.subarray(2)], ['{"v":1}']),
      stream("cut within a character", [OTHER.subarray(0, 7), OTHER.subarray(7)], ['{"ü":"😀"}']),
      stream("an empty chunk between", [ONE.subarray(0, 5), new Uint8Array(0), ONE.subarray(5)], ['{"v":1}']),
      stream("a frame of no bytes: it is whole, and no message", [lengthOf(0)], [""]),
      stream("the longest frame", [LONGEST], ['{"a":"12345678"}']),
      stream("a frame that never ends", [LONGEST.subarray(0, 19)], [], { waiting_bytes: 19 }),
      stream("one byte too long: refused on its length", [lengthOf(MAX_FRAME_BYTES + 1)], [], { refused: true }),
      stream("the largest length", [lengthOf(0xffff_ffff), ONE], [], { refused: true }),
      stream("too long after one that is whole", [Buffer.concat([ONE, lengthOf(17), ONE])], ['{"v":1}'], {
        refused: true,
      }),
    ],
  };
}
