/**
 * The section in the file `HEARTBEAT.md` of a work directory.
 *
 * @module
 */
import { BarnacleError, isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { replaceFile, type StorePorts } from "../../store/mod.ts";
import { placeSection, takeSectionOut } from "./edit.ts";
import { mendSection } from "./mend.ts";

/** Largest file that is edited: it is read whole at each heartbeat, so none comes near it. */
const HEARTBEAT_BYTES_MAX = 4 * 1024 * 1024;
/** What a file of ours begins with: the section alone would stand without a title. */
const TITLE = "# Heartbeat\n";
const CHUNK_CHARACTERS = 8_192;

/** `created`: there was no file. */
export type HeartbeatPlaced = "created" | "inserted" | "replaced" | "unchanged";
/** `absent`: there was no section. */
export type HeartbeatTaken = "taken out" | "file removed" | "absent";

/**
 * Sees to it that the file has the section, once. A second call changes no byte. The write is atomic and keeps mode and owner.
 *
 * @throws `MARKERS_DAMAGED` and `BODY_INVALID` (no UTF-8 text), both with the file untouched, and the errors of `Files`
 */
export async function ensureHeartbeatSection(ports: StorePorts, path: string): Promise<HeartbeatPlaced> {
  const text = await readText(ports.files, path);
  const { outcome, text: wanted } = placeSection(text ?? TITLE, path);
  if (text !== undefined && outcome === "unchanged") return "unchanged";
  await replaceFile(ports, path, toBytes(wanted), { keepOwner: true });
  return text === undefined ? "created" : outcome;
}

/**
 * Takes the section out, and what was put in around it.
 *
 * @param options.isOurs whether we created the file: then it goes too, when it holds nothing else
 * @throws as {@link ensureHeartbeatSection}
 */
export async function removeHeartbeatSection(
  ports: StorePorts,
  path: string,
  options: { readonly isOurs: boolean },
): Promise<HeartbeatTaken> {
  const text = await readText(ports.files, path);
  if (text === undefined) return "absent";
  const rest = takeSectionOut(text, path);
  if (options.isOurs && rest.replaceAll("\r\n", "\n") === TITLE) {
    await ports.files.remove(path);
    return "file removed";
  }
  if (rest === text) return "absent";
  await replaceFile(ports, path, toBytes(rest), { keepOwner: true });
  return "taken out";
}

/**
 * Puts the section back into a file from which somebody took it, wholly or in part.
 *
 * @returns whether there was something to do. A file that somebody else writes at the same moment is left to the next time
 * @throws as {@link ensureHeartbeatSection}
 */
export async function mendHeartbeatFile(ports: StorePorts, path: string): Promise<boolean> {
  const text = await readText(ports.files, path);
  const wanted = mendSection(text ?? TITLE, path);
  if (wanted === text) return false;
  return await replaceFile(ports, path, toBytes(wanted), {
    keepOwner: true,
    onlyIf: async () => await readText(ports.files, path) === text,
  });
}

/** `changed`: it is there, in other words than it should be. */
export type HeartbeatFound = "no file" | "absent" | "changed" | "whole";

/**
 * How the section stands; touches nothing.
 *
 * @throws as {@link ensureHeartbeatSection}
 */
export async function examineHeartbeat(files: Pick<Files, "read">, path: string): Promise<HeartbeatFound> {
  const text = await readText(files, path);
  if (text === undefined) return "no file";
  const { outcome } = placeSection(text, path);
  return outcome === "inserted" ? "absent" : outcome === "replaced" ? "changed" : "whole";
}

/** The file, a character a byte; `undefined` when there is none. */
async function readText(files: Pick<Files, "read">, path: string): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(path, HEARTBEAT_BYTES_MAX);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return undefined;
    throw thrown;
  }
  // UTF-16 and what is no text at all; ASCII in the midst of it would make it unreadable.
  if (bytes.includes(0)) {
    throw new BarnacleError({
      code: "BODY_INVALID",
      action: `Edit "${path}"`,
      value: "a file with zero bytes, such as UTF-16",
      wanted: "UTF-8 text",
      hint: "save it as UTF-8, then run barnacle init again",
    });
  }
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK_CHARACTERS) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK_CHARACTERS));
  }
  return text;
}

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
