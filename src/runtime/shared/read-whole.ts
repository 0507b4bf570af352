/** Reads a whole file within a bound, whatever its size claims to be. @module */
import { BarnacleError } from "../../errors.ts";
import { joinBytes } from "../../join-bytes.ts";
import type { FileHandle } from "../port.ts";
import { failure } from "./errno.ts";

const CHUNK_BYTES = 64 * 1024;

/** Reads to the end of the file and closes it. @throws `BODY_TOO_LARGE` beyond `maxBytes` */
export async function readWhole(handle: FileHandle, path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Files of /proc and the like say 0 and have content, so the size is a first guess only; one byte more finds the end.
    const { kind, sizeBytes } = await handle.stat();
    if (kind === "directory") throw failure("IS_A_DIRECTORY", `Read ${path}`);
    if (sizeBytes > maxBytes) throw tooLarge(`Read ${path}`, maxBytes, sizeBytes);
    let bytes = await handle.readAt(0, Math.min(maxBytes, Math.max(sizeBytes, CHUNK_BYTES)) + 1);
    for (;;) {
      if (bytes.length > maxBytes) throw tooLarge(`Read ${path}`, maxBytes);
      const more = await handle.readAt(bytes.length, Math.min(CHUNK_BYTES, maxBytes - bytes.length + 1));
      if (more.length === 0) return bytes;
      bytes = joinBytes([bytes, more]);
    }
  } finally {
    await handle.close();
  }
}

/** The refusal of what is larger than allowed. */
export function tooLarge(action: string, maxBytes: number, sizeBytes?: number): BarnacleError {
  return new BarnacleError({
    code: "BODY_TOO_LARGE",
    action,
    value: sizeBytes === undefined ? "more" : `${sizeBytes} bytes`,
    wanted: `at most ${maxBytes} bytes`,
  });
}
