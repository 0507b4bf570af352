/**
 * Fetching the two files of a source, bounded in time and in what is read. A far end that sends more than a manifest can have is not
 * listened to any longer, and one that points elsewhere is not followed: who is asked is for the operator to say.
 *
 * @module
 */
import { BarnacleError, isBarnacleError, toBarnacleError } from "../../errors.ts";
import { joinBytes } from "../../join-bytes.ts";
import type { Clock, Files, HttpClient } from "../../runtime/port.ts";
import { VERSION } from "../../version.ts";
import { FETCH_TIMEOUT_MS, MANIFEST_BYTES_MAX, SIGNATURE_FILE_BYTES_MAX } from "./bounds.ts";
import type { ManifestPlaces } from "./places.ts";
import { looksLikeObject } from "./read-manifest.ts";
import type { ManifestFault, ManifestPair, Refusal } from "./types.ts";

/** What fetching takes. */
export interface FetchComponents {
  readonly clock: Pick<Clock, "setTimer">;
  readonly files: Pick<Files, "read" | "stat">;
  /** Never follows redirects. */
  readonly fetch: HttpClient["fetch"];
}

/** A file as it came, or why it did not. */
export type Fetched = { readonly bytes: Uint8Array<ArrayBuffer> } | { readonly refused: Refusal };

/** What the faults of any file mean for the signature's. */
const SIGNATURE_FAULTS: Partial<Record<ManifestFault, ManifestFault>> = {
  not_found: "signature_missing",
  too_large: "signature_malformed",
};

/**
 * Fetches both files.
 *
 * @throws the reason of `signal`
 */
export async function fetchPair(
  components: FetchComponents,
  places: ManifestPlaces,
  signal: AbortSignal,
): Promise<{ readonly pair: ManifestPair } | { readonly refused: Refusal }> {
  const manifest = await fetchManifest(components, places, signal);
  if ("refused" in manifest) return manifest;
  const signature = await fetchFile(components, places.kind, places.signature, SIGNATURE_FILE_BYTES_MAX, signal);
  if ("bytes" in signature) return { pair: { bytes: manifest.bytes, signature: signature.bytes } };
  const { code, detail } = signature.refused;
  return refused(SIGNATURE_FAULTS[code] ?? code, `its signature ${places.signature}: ${detail}`);
}

/** The manifest alone. @throws the reason of `signal` */
export async function fetchManifest(
  components: FetchComponents,
  places: ManifestPlaces,
  signal: AbortSignal,
): Promise<Fetched> {
  const fetched = await fetchFile(components, places.kind, places.manifest, MANIFEST_BYTES_MAX, signal);
  if ("refused" in fetched || looksLikeObject(fetched.bytes)) return fetched;
  return refused("not_json", "it is no JSON object but something else, such as a web page");
}

function fetchFile(
  components: FetchComponents,
  kind: ManifestPlaces["kind"],
  place: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Fetched> {
  return kind === "file" ? readFile(components.files, place, bytesMax) : download(components, place, bytesMax, signal);
}

async function readFile(files: FetchComponents["files"], path: string, bytesMax: number): Promise<Fetched> {
  try {
    // Opening a pipe waits for a writer, for ever, and holds one of the few threads that read files.
    const { kind } = await files.stat(path);
    if (kind === "other") return refused("unreadable", "it is no file but something else, such as a pipe");
    return { bytes: await files.read(path, bytesMax) };
  } catch (thrown) {
    const { code } = toBarnacleError(thrown, `Read ${JSON.stringify(path)}`);
    if (isBarnacleError(thrown, "BODY_TOO_LARGE")) return tooLarge(bytesMax);
    if (isBarnacleError(thrown, "FILE_NOT_FOUND", "NOT_A_DIRECTORY")) {
      return refused("not_found", "there is no such file");
    }
    if (code === "IS_A_DIRECTORY") return refused("unreadable", "it is a folder: a / at its end says so");
    return refused("unreadable", `the file cannot be read (${code})`);
  }
}

async function download(
  components: FetchComponents,
  url: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  const timer = components.clock.setTimer(FETCH_TIMEOUT_MS, () => controller.abort(timeoutError(url)));
  try {
    return await request(components, url, bytesMax, controller.signal);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    return judgeFailure(controller.signal.aborted ? controller.signal.reason : innermost(thrown), url);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}

async function request(
  components: FetchComponents,
  url: string,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const { createFetch } = await import("ofetch");
  const client = createFetch({ fetch: (input, init) => components.fetch(input, init) });
  const response = await client.raw(url, {
    headers: { accept: "application/json, text/plain, */*", "user-agent": `barnacle/${VERSION}` },
    redirect: "manual",
    retry: false,
    ignoreResponseError: true,
    responseType: "stream",
    signal,
  });
  const fault = judgeStatus(response.status) ??
    (Number(response.headers.get("content-length")) > bytesMax ? tooLarge(bytesMax) : undefined);
  if (fault === undefined) return await readBounded(response.body, bytesMax, signal);
  response.body?.cancel().then(undefined, () => undefined);
  return fault;
}

function judgeStatus(status: number): Fetched | undefined {
  if (status >= 300 && status < 400) return refused("redirected", `it answers ${status}: redirects are not followed`);
  if (status === 404 || status === 410) return refused("not_found", `it answers ${status}`);
  return status === 200 ? undefined : refused("http_status", `it answers ${status}`);
}

async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Fetched> {
  if (body === null) return { bytes: new Uint8Array() };
  const reader = body.getReader();
  const gone = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), gone]);
      if (done) return { bytes: joinBytes(chunks) };
      chunks.push(value);
      length += value.length;
      if (length > bytesMax) return tooLarge(bytesMax);
    }
  } finally {
    // What is left of it is nobody's business; that a broken stream cannot be cancelled is none either.
    reader.cancel().then(undefined, () => undefined);
  }
}

function judgeFailure(thrown: unknown, url: string): Fetched {
  const { code } = toBarnacleError(thrown, `Fetch ${url}`);
  if (code === "TIMED_OUT") return refused("timed_out", `no whole answer within ${FETCH_TIMEOUT_MS / 1_000} s`);
  if (code === "CERTIFICATE_INVALID") return refused("certificate_invalid", "its certificate is not trusted");
  return refused("unreachable", `it cannot be reached (${code})`);
}

function tooLarge(bytesMax: number): Fetched {
  return refused("too_large", `it is larger than ${bytesMax} bytes`);
}

function refused(code: ManifestFault, detail: string): { readonly refused: Refusal } {
  return { refused: { code, detail } };
}

function timeoutError(url: string): BarnacleError {
  return new BarnacleError({ code: "TIMED_OUT", action: `Fetch ${url}`, retryable: true });
}

/** ofetch wraps what the port threw. */
function innermost(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.name === "FetchError" && thrown.cause !== undefined ? thrown.cause : thrown;
}
