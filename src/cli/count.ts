import { usageError } from "./failure.ts";

/** Reads a whole number, zero or more. @throws `USAGE` */
export function parseCount(input: string): number {
  const value = Number(input);
  if (/^\d+$/.test(input) && Number.isSafeInteger(value)) return value;
  throw usageError("Read a number", JSON.stringify(input), "a whole number, zero or more");
}
