/**
 * The stream of ChaCha20. Source: RFC 8439, sections 2.3 and 2.4.
 *
 * `@noble/ciphers` looks at key, nonce, block and message as words, by a view of each: that makes every one of these small arrays a buffer
 * of its own on the heap, which costs more than the cipher does. Here words are put together of bytes, and nothing is made.
 *
 * @module
 */

const BLOCK_BYTES = 64;
const WORDS = 16;
const DOUBLE_ROUNDS = 10;
/** "expand 32-byte k". */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const [KEY_AT, COUNTER_AT, NONCE_AT] = [4, 12, 13] as const;

/** Constants, key, counter and nonce; then what the rounds make of them. One message is done before the next begins. */
const state = new Int32Array(WORDS);
const stream = new Int32Array(WORDS);

/** Fills `output` with the first bytes of the stream, at most those of its first block. */
export function firstBlock(key: Uint8Array, nonce: Uint8Array, output: Uint8Array): void {
  begin(key, nonce);
  nextBlock();
  for (let index = 0; index < output.length; index++) {
    output[index] = (stream[index >> 2] as number) >>> (8 * (index & 3));
  }
}

/** Goes on with the second block: encrypts or decrypts, which is the same, the first `length` bytes of `input` into `output`. */
export function xorNextBlocks(input: Uint8Array, output: Uint8Array, length: number): void {
  for (let at = 0; at < length; at += BLOCK_BYTES) {
    state[COUNTER_AT] = (state[COUNTER_AT] as number) + 1;
    nextBlock();
    const end = Math.min(BLOCK_BYTES, length - at);
    for (let index = 0; index < end; index++) {
      const byte = (stream[index >> 2] as number) >>> (8 * (index & 3));
      output[at + index] = (input[at + index] as number) ^ byte;
    }
  }
}

/** The key does not stay. */
export function forgetKey(): void {
  state.fill(0);
  stream.fill(0);
}

function begin(key: Uint8Array, nonce: Uint8Array): void {
  for (let index = 0; index < KEY_AT; index++) state[index] = CONSTANTS[index] as number;
  for (let index = KEY_AT; index < COUNTER_AT; index++) state[index] = wordAt(key, 4 * (index - KEY_AT));
  state[COUNTER_AT] = 0;
  for (let index = NONCE_AT; index < WORDS; index++) state[index] = wordAt(nonce, 4 * (index - NONCE_AT));
}

/** Least significant byte first. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
}

/** The next block of the stream. In variables of its own: a word of an array costs a look at its bounds. */
function nextBlock(): void {
  let [w0, w1, w2, w3] = [word(0), word(1), word(2), word(3)];
  let [w4, w5, w6, w7] = [word(4), word(5), word(6), word(7)];
  let [w8, w9, w10, w11] = [word(8), word(9), word(10), word(11)];
  let [w12, w13, w14, w15] = [word(12), word(13), word(14), word(15)];
  for (let round = 0; round < DOUBLE_ROUNDS; round++) {
    w0 = (w0 + w4) | 0;
    w12 = turn(w12 ^ w0, 16);
    w8 = (w8 + w12) | 0;
    w4 = turn(w4 ^ w8, 12);
    w0 = (w0 + w4) | 0;
    w12 = turn(w12 ^ w0, 8);
    w8 = (w8 + w12) | 0;
    w4 = turn(w4 ^ w8, 7);
    w1 = (w1 + w5) | 0;
    w13 = turn(w13 ^ w1, 16);
    w9 = (w9 + w13) | 0;
    w5 = turn(w5 ^ w9, 12);
    w1 = (w1 + w5) | 0;
    w13 = turn(w13 ^ w1, 8);
    w9 = (w9 + w13) | 0;
    w5 = turn(w5 ^ w9, 7);
    w2 = (w2 + w6) | 0;
    w14 = turn(w14 ^ w2, 16);
    w10 = (w10 + w14) | 0;
    w6 = turn(w6 ^ w10, 12);
    w2 = (w2 + w6) | 0;
    w14 = turn(w14 ^ w2, 8);
    w10 = (w10 + w14) | 0;
    w6 = turn(w6 ^ w10, 7);
    w3 = (w3 + w7) | 0;
    w15 = turn(w15 ^ w3, 16);
    w11 = (w11 + w15) | 0;
    w7 = turn(w7 ^ w11, 12);
    w3 = (w3 + w7) | 0;
    w15 = turn(w15 ^ w3, 8);
    w11 = (w11 + w15) | 0;
    w7 = turn(w7 ^ w11, 7);
    w0 = (w0 + w5) | 0;
    w15 = turn(w15 ^ w0, 16);
    w10 = (w10 + w15) | 0;
    w5 = turn(w5 ^ w10, 12);
    w0 = (w0 + w5) | 0;
    w15 = turn(w15 ^ w0, 8);
    w10 = (w10 + w15) | 0;
    w5 = turn(w5 ^ w10, 7);
    w1 = (w1 + w6) | 0;
    w12 = turn(w12 ^ w1, 16);
    w11 = (w11 + w12) | 0;
    w6 = turn(w6 ^ w11, 12);
    w1 = (w1 + w6) | 0;
    w12 = turn(w12 ^ w1, 8);
    w11 = (w11 + w12) | 0;
    w6 = turn(w6 ^ w11, 7);
    w2 = (w2 + w7) | 0;
    w13 = turn(w13 ^ w2, 16);
    w8 = (w8 + w13) | 0;
    w7 = turn(w7 ^ w8, 12);
    w2 = (w2 + w7) | 0;
    w13 = turn(w13 ^ w2, 8);
    w8 = (w8 + w13) | 0;
    w7 = turn(w7 ^ w8, 7);
    w3 = (w3 + w4) | 0;
    w14 = turn(w14 ^ w3, 16);
    w9 = (w9 + w14) | 0;
    w4 = turn(w4 ^ w9, 12);
    w3 = (w3 + w4) | 0;
    w14 = turn(w14 ^ w3, 8);
    w9 = (w9 + w14) | 0;
    w4 = turn(w4 ^ w9, 7);
  }
  stream[0] = w0 + word(0);
  stream[1] = w1 + word(1);
  stream[2] = w2 + word(2);
  stream[3] = w3 + word(3);
  stream[4] = w4 + word(4);
  stream[5] = w5 + word(5);
  stream[6] = w6 + word(6);
  stream[7] = w7 + word(7);
  stream[8] = w8 + word(8);
  stream[9] = w9 + word(9);
  stream[10] = w10 + word(10);
  stream[11] = w11 + word(11);
  stream[12] = w12 + word(12);
  stream[13] = w13 + word(13);
  stream[14] = w14 + word(14);
  stream[15] = w15 + word(15);
}

function word(index: number): number {
  return state[index] as number;
}

function turn(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
