/**
 * The cursor: the last message the agent has read, by its own word. Source: the heartbeat inbox contract, section 2.3.
 *
 * @module
 */
import { isBarnacleError } from "../../errors.ts";
import type { Files } from "../../runtime/port.ts";
import { replaceFile, type StorePorts } from "../../store/mod.ts";
import { CURSOR_BYTES_MAX } from "./limits.ts";

/** What the file says. */
export interface CursorReading {
  /** The nearest sane value; `undefined` where the file says nothing that could be taken for one. */
  readonly value: number | undefined;
  /** What is wrong with it, for people. */
  readonly problem: string | undefined;
}

const SHOWN_CHARACTERS_MAX = 40;

/** Reads the cursor's text. @param lastSeq no message has a higher number */
export function readCursorText(text: string, lastSeq: number): CursorReading {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const number = /^[+-]?\d+(\.\d*)?$/.test(trimmed) ? Number(trimmed) : undefined;
  if (number === undefined) return { value: undefined, problem: `it holds ${shown(trimmed)}, wanted one whole number` };
  if (number < 0) return { value: 0, problem: `it holds ${shown(trimmed)}, wanted a number from 0 on` };
  if (number > lastSeq) {
    return { value: lastSeq, problem: `it holds ${shown(trimmed)}, but the last message is ${lastSeq}` };
  }
  const value = Math.floor(number);
  return { value, problem: value === number ? undefined : `it holds ${shown(trimmed)}, wanted a whole number` };
}

/**
 * Reads the cursor file. A missing one means 0.
 *
 * @throws `PERMISSION_DENIED`, `IO_ERROR`, `IS_A_DIRECTORY`
 */
export async function readCursor(files: Files, path: string, lastSeq: number): Promise<CursorReading> {
  try {
    return readCursorText(new TextDecoder().decode(await files.read(path, CURSOR_BYTES_MAX)), lastSeq);
  } catch (thrown) {
    if (isBarnacleError(thrown, "FILE_NOT_FOUND")) return { value: 0, problem: undefined };
    if (!isBarnacleError(thrown, "BODY_TOO_LARGE")) throw thrown;
    return { value: undefined, problem: `it is larger than ${CURSOR_BYTES_MAX} bytes, wanted one whole number` };
  }
}

/**
 * Writes the cursor, atomically: for commands only; the daemon never does.
 *
 * @throws `DISK_FULL`, `PERMISSION_DENIED`, `IO_ERROR`
 */
export async function writeCursor(ports: StorePorts, path: string, seq: number): Promise<void> {
  await replaceFile(ports, path, new TextEncoder().encode(`${seq}\n`));
}

/** A stranger may have had a hand in it: shown as JSON, cut. */
function shown(text: string): string {
  if (text === "") return "nothing";
  return JSON.stringify(text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text);
}
