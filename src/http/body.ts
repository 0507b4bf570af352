/**
 * Reading a request's body within limits: its type and its announced length are checked before a byte of it is taken.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import type { BodyDeadlines } from "./body-deadlines.ts";

const ACTION = "Read the body";
const CONTENT_LENGTH_REGEXP = /^\d{1,15}$/;

/**
 * Checks that the body says to be JSON in UTF-8 as it is, not compressed.
 *
 * @throws `CONTENT_TYPE_UNSUPPORTED`
 */
export function checkContentType(headers: Headers): void {
  const contentType = headers.get("content-type");
  if (contentType !== "application/json" && !isJson(contentType)) {
    throw unsupported(
      contentType === null ? "no Content-Type" : JSON.stringify(contentType.slice(0, 60)),
      "application/json in UTF-8",
    );
  }
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw unsupported(`Content-Encoding ${JSON.stringify(encoding.slice(0, 60))}`, "a body that is not compressed");
  }
}

/**
 * The body as text.
 *
 * A body whose announced length is within the limit is taken whole, since HTTP gives no more than what was announced;
 * one without a length is counted as it comes and refused at the first byte too many.
 *
 * @throws at once or later `BODY_TOO_LARGE`, `BODY_TIMED_OUT`, `BODY_INVALID` when it breaks off
 */
export function readBodyText(request: Request, bytesMax: number, deadlines: BodyDeadlines): Promise<string> {
  const announced = request.headers.get("content-length");
  if (announced === null) return readStreamedText(request, bytesMax, deadlines);
  if (!CONTENT_LENGTH_REGEXP.test(announced)) throw invalid("a malformed Content-Length", "a whole number of bytes");
  if (Number(announced) > bytesMax) throw tooLarge(`${announced} bytes`, bytesMax);
  return readWholeText(request, bytesMax, deadlines);
}

function readWholeText(request: Request, bytesMax: number, deadlines: BodyDeadlines): Promise<string> {
  return new Promise((resolve, reject) => {
    const deadline = deadlines.begin(() => reject(timedOut()));
    request.text().then((text) => {
      deadlines.end(deadline);
      if (text.length <= bytesMax) resolve(text);
      else reject(tooLarge("more bytes than announced", bytesMax));
    }, (cause) => {
      deadlines.end(deadline);
      reject(brokeOff(cause));
    });
  });
}

async function readStreamedText(request: Request, bytesMax: number, deadlines: BodyDeadlines): Promise<string> {
  if (request.body === null) return "";
  const reader = request.body.getReader();
  let refuse: (error: BarnacleError) => void = () => undefined;
  const refused = new Promise<never>((_resolve, reject) => refuse = reject);
  const deadline = deadlines.begin(() => refuse(timedOut()));
  try {
    return await Promise.race([collectText(reader, bytesMax), refused]);
  } catch (thrown) {
    // The sender is not waited for: it may never notice that nobody reads.
    reader.cancel().catch(() => undefined);
    throw thrown;
  } finally {
    deadlines.end(deadline);
  }
}

async function collectText(reader: ReadableStreamDefaultReader<Uint8Array>, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await readChunk(reader);
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) throw tooLarge(`more than ${bytesMax} bytes`, bytesMax);
    text += decoder.decode(value, { stream: true });
  }
}

async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw brokeOff(cause);
  }
}

function isJson(contentType: string | null): boolean {
  const [type, ...parameters] = contentType?.toLowerCase().split(";") ?? [];
  return type?.trim() === "application/json" && parameters.every(isReadable);
}

/** JSON is UTF-8 and is read as that, so another charset would be misread. Source: RFC 8259, section 8.1. */
function isReadable(parameter: string): boolean {
  const [name, value] = parameter.split("=", 2).map((part) => part.trim());
  return name !== "charset" || value === "utf-8" || value === '"utf-8"';
}

function unsupported(value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "CONTENT_TYPE_UNSUPPORTED", action: ACTION, value, wanted });
}

function tooLarge(value: string, bytesMax: number): BarnacleError {
  return new BarnacleError({ code: "BODY_TOO_LARGE", action: ACTION, value, wanted: `at most ${bytesMax} bytes` });
}

function timedOut(): BarnacleError {
  return new BarnacleError({ code: "BODY_TIMED_OUT", action: ACTION, wanted: "all of it in time", retryable: true });
}

function invalid(value: string, wanted: string): BarnacleError {
  return new BarnacleError({ code: "BODY_INVALID", action: ACTION, value, wanted });
}

function brokeOff(cause: unknown): BarnacleError {
  return new BarnacleError({
    code: "BODY_INVALID",
    action: ACTION,
    value: "a body that broke off",
    wanted: "all of it",
    cause,
  });
}
