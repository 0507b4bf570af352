/**
 * When a certificate is in force, read from its DER form. Source: RFC 5280, section 4.1.
 *
 * @module
 */

/** Unix milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/;
const TAG_SEQUENCE = 0x30;
const TAG_VERSION = 0xa0;
const TAG_UTC_TIME = 0x17;
const TAG_GENERALIZED_TIME = 0x18;

/** The validity of the first certificate in a PEM text; `undefined` when there is none that can be read. */
export function certificateValidity(pem: string): Validity | undefined {
  const body = CERTIFICATE.exec(pem)?.[1]?.replace(/\s/g, "");
  if (body === undefined) return undefined;
  try {
    const der = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    return readValidity(der);
  } catch {
    // Whatever is wrong with it, the answer is that it cannot be read.
    return undefined;
  }
}

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** Certificate > to-be-signed > version, serial number, algorithm, issuer, then the validity. */
function readValidity(der: Uint8Array): Validity | undefined {
  const [certificate] = readElements(der, 1);
  const [body] = readElements(certificate?.content ?? new Uint8Array(), 1);
  const elements = readElements(body?.content ?? new Uint8Array(), 5);
  const validity = elements[elements[0]?.tag === TAG_VERSION ? 4 : 3];
  if (validity?.tag !== TAG_SEQUENCE) return undefined;
  const [from, until] = readElements(validity.content, 2).map(readTime);
  return from === undefined || until === undefined ? undefined : { notBeforeMs: from, notAfterMs: until };
}

/** The first elements, as many as there are up to `count`. @throws `RangeError` where a length points beyond the end */
function readElements(bytes: Uint8Array, count: number): Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (elements.length < count && at < bytes.length) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    let length = lengthBytes === 0 ? first : 0;
    for (let index = 0; index < lengthBytes; index++) length = length * 256 + (bytes[at + 2 + index] ?? 0);
    const start = at + 2 + lengthBytes;
    if (lengthBytes > 4 || start + length > bytes.length) {
      throw new RangeError(`Read DER: got a length of ${length} at ${at}`);
    }
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}

/** UTCTime has two digits of the year, of 1950 to 2049; GeneralizedTime four. Both end in seconds and Z. */
function readTime({ tag, content }: Element): number | undefined {
  if (tag !== TAG_UTC_TIME && tag !== TAG_GENERALIZED_TIME) return undefined;
  const text = String.fromCharCode(...content.subarray(0, 15));
  const century = tag === TAG_GENERALIZED_TIME ? "" : Number(text.slice(0, 2)) < 50 ? "20" : "19";
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}
