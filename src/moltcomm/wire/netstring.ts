/**
 * Netstrings: how signed values stand side by side without running into each other. Source: MoltComm v1, section 4.
 *
 * @module
 */
import { BarnacleError } from "../../errors.ts";

const encoder = new TextEncoder();

/**
 * The bytes of `domain`, then of each value as `LENGTH:VALUE,`, the length in decimal and in bytes of UTF-8, with nothing between.
 *
 * @throws `BODY_INVALID` when a value holds a lone surrogate, which has no UTF-8
 */
export function encodeNetstrings(domain: string, values: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = domain;
  for (const value of values) text += `${value.length}:${value},`;
  const bytes = encoder.encode(text);
  // Only ASCII takes as many bytes as UTF-16 units; then the lengths above were right. Nearly every message is such.
  return bytes.length === text.length ? bytes : encodeUnicodeNetstrings(domain, values);
}

function encodeUnicodeNetstrings(domain: string, values: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = domain;
  for (const value of values) {
    if (!value.isWellFormed()) throw loneSurrogateError();
    text += `${countUtf8Bytes(value)}:${value},`;
  }
  return encoder.encode(text);
}

/** Counting is several times faster than encoding each value to see its length. @param text well-formed */
function countUtf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
    // The two halves of a pair take two bytes each; other units above U+07FF take three, above U+007F two.
    if (isSurrogate) bytes += 1;
    else if (unit > 0x7ff) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}

function loneSurrogateError(): BarnacleError {
  return new BarnacleError({
    code: "BODY_INVALID",
    action: "Encode a signed value",
    value: "a text with half of a surrogate pair",
    wanted: "well-formed Unicode",
  });
}
