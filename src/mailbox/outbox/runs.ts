/** Bytes of the outbox as text. @module */

/** A run of text; or one line that is no UTF-8, with replacement characters in it. */
export interface Run {
  readonly text: string;
  readonly sizeBytes: number;
  readonly isUtf8: boolean;
}

const NEWLINE = 0x0a;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** The bytes as text: one run, unless some lines are no UTF-8. */
export function readRuns(bytes: Uint8Array): Run[] {
  const text = decode(bytes);
  if (text !== undefined) return [{ text, sizeBytes: bytes.length, isUtf8: true }];
  const runs: Run[] = [];
  let goodFrom = 0;
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline === -1 ? bytes.length : newline + 1;
    const line = bytes.subarray(from, end);
    if (decode(line) === undefined) {
      if (goodFrom < from) runs.push(runOf(bytes.subarray(goodFrom, from), true));
      runs.push(runOf(line, false));
      goodFrom = end;
    }
    from = end;
  }
  if (goodFrom < bytes.length) runs.push(runOf(bytes.subarray(goodFrom), true));
  return runs;
}

/** Bytes of the first `characters` of the run. */
export function bytesBefore(run: Run, characters: number): number {
  if (characters === run.text.length) return run.sizeBytes;
  // As many characters as bytes: each is one.
  if (run.text.length === run.sizeBytes) return characters;
  return encoder.encode(run.text.slice(0, characters)).length;
}

function runOf(bytes: Uint8Array, isUtf8: boolean): Run {
  return { text: lenient.decode(bytes), sizeBytes: bytes.length, isUtf8 };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    // What the decoder says about it does not matter: the caller looks line by line.
    return undefined;
  }
}
