/**
 * Making durable what another process left readable.
 *
 * @module
 */
import type { FileHandle, Files } from "../runtime/port.ts";

/** A file up to this size is written over with itself first. */
const REWRITTEN_BYTES_MAX = 1_048_576;

/**
 * Makes durable what a crash left readable. A small file is written over with itself first, because after a failed sync the system may
 * believe that what it never wrote is on the disk.
 *
 * @throws what the disk says
 */
export async function makeDurable(
  files: Files,
  handle: FileHandle,
  file: { readonly path: string; readonly sizeBytes: number },
): Promise<void> {
  if (file.sizeBytes > 0 && file.sizeBytes <= REWRITTEN_BYTES_MAX) {
    const again = await files.open(file.path, "modify");
    try {
      await again.write(await again.readAt(0, file.sizeBytes));
    } finally {
      await again.close();
    }
  }
  await handle.sync();
}
