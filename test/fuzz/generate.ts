/** Streams of frames, as the far end of a connection might send them. */
import type { SeededRandom } from "../sim/random.ts";
import { mutated, mutatedBytes, writeOddly } from "./mutate.ts";
import type { Json } from "./second-opinion.ts";

/** What arrives, piece by piece. */
export interface Input {
  readonly chunks: readonly Uint8Array[];
}

export const MAX_FRAME_BYTES = 4_096;
const FRAMES_MAX = 6;

/** @param kept streams worth building on, which may be none */
export function makeInput(random: SeededRandom, originals: readonly Json[], kept: readonly Input[]): Input {
  if (kept.length > 0 && random.chance(0.1)) {
    return cut(random, mutatedBytes(random, Buffer.concat(random.pick(kept).chunks)));
  }
  const frames = Array.from({ length: random.integer(1, FRAMES_MAX) }, () => makeFrame(random, originals));
  const stream = Buffer.concat(frames);
  return cut(random, random.chance(0.05) ? stream.subarray(0, random.integer(0, stream.length)) : stream);
}

function makeFrame(random: SeededRandom, originals: readonly Json[]): Uint8Array {
  const body = makeBody(random, originals);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(random.chance(0.97) ? body.length : wrongLength(random, body.length));
  return Buffer.concat([length, body]);
}

function makeBody(random: SeededRandom, originals: readonly Json[]): Uint8Array {
  const original = random.pick(originals);
  const kind = random.unit();
  if (kind < 0.15) return Buffer.from(JSON.stringify(original));
  if (kind < 0.30) return Buffer.from(writeOddly(random, original));
  if (kind < 0.80) return Buffer.from(JSON.stringify(mutated(random, original, originals)));
  if (kind < 0.88) return Buffer.from(writeOddly(random, mutated(random, original, originals)));
  if (kind < 0.97) return mutatedBytes(random, Buffer.from(JSON.stringify(original)));
  return random.bytes(random.integer(0, 64));
}

function wrongLength(random: SeededRandom, bytes: number): number {
  const wrong = [
    bytes + 1,
    bytes - 1,
    0,
    1,
    bytes * 256,
    MAX_FRAME_BYTES,
    MAX_FRAME_BYTES + 1,
    0x7fff_ffff,
    0xffff_ffff,
  ];
  return Math.max(0, random.pick(wrong));
}

/** Cuts the stream: not at all, at random places, or into single bytes. */
function cut(random: SeededRandom, stream: Uint8Array): Input {
  const kind = random.unit();
  if (kind < 0.5) return { chunks: [stream] };
  const chunkBytesMax = kind < 0.51 ? 1 : random.pick([20, 200, 1_000]);
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < stream.length;) {
    const to = from + random.integer(chunkBytesMax === 1 ? 1 : 0, chunkBytesMax);
    chunks.push(stream.subarray(from, to));
    from = to;
  }
  return { chunks };
}
