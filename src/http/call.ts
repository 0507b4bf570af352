/**
 * One call over the wire: bounded in time and in what is read back, never redirected.
 *
 * @module
 */
import { BarnacleError } from "../errors.ts";
import { ANSWER_BYTES_MAX } from "../limits.ts";
import type { Clock, HttpClient } from "../runtime/port.ts";

/** What a call needs of the platform. */
export interface CallComponents {
  readonly clock: Clock;
  readonly fetch: HttpClient["fetch"];
}

/** A request to make. */
export interface Call {
  /** What is attempted, for the error of a time-out: an infinitive phrase without anything secret in it. */
  readonly action: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  /** Sent as `application/json`, unless a header of the call says otherwise. */
  readonly body?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For all of it, from the name look-up to the last byte of the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** More of an answer is not read. Default `ANSWER_BYTES_MAX`. */
  readonly answerBytesMax?: number;
  /** Ends the call with its reason. */
  readonly signal: AbortSignal;
}

/** What came back, whatever its status. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The answer's text, at most `answerBytesMax` bytes of it. */
  readonly text: string;
  /** There was more. */
  readonly isCut: boolean;
}

/**
 * Makes one call. The library is loaded at the first one, because an agent that calls nobody, or has not yet, has no use for it.
 *
 * @throws `TIMED_OUT`, the network codes of the port, and the reason of `call.signal`
 */
export async function makeCall(components: CallComponents, call: Call): Promise<Reply> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(call.signal.reason);
  if (call.signal.aborted) onAbort();
  call.signal.addEventListener("abort", onAbort);
  const timer = components.clock.setTimer(call.timeoutMs, () => controller.abort(timeoutError(call)));
  try {
    return await request(components, call, controller.signal);
  } catch (thrown) {
    throw controller.signal.aborted ? controller.signal.reason : innermost(thrown);
  } finally {
    timer.cancel();
    call.signal.removeEventListener("abort", onAbort);
  }
}

async function request(components: CallComponents, call: Call, signal: AbortSignal): Promise<Reply> {
  const { createFetch } = await import("ofetch");
  const client = createFetch({ fetch: (input, init) => components.fetch(input, init) });
  const { body, method, url } = call;
  const response = await client.raw(url, {
    method,
    headers: {
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...call.headers,
    },
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
    retry: false,
    ignoreResponseError: true,
    responseType: "stream",
    signal,
  });
  const answer = await readBounded(response.body, call.answerBytesMax ?? ANSWER_BYTES_MAX, signal);
  return { status: response.status, headers: response.headers, ...answer };
}

async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  signal: AbortSignal,
): Promise<Pick<Reply, "text" | "isCut">> {
  if (body === null) return { text: "", isCut: false };
  const reader = body.getReader();
  const gone = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  const decoder = new TextDecoder();
  let text = "";
  let leftBytes = bytesMax;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), gone]);
      if (done) return { text: text + decoder.decode(), isCut: false };
      text += decoder.decode(value.subarray(0, leftBytes), { stream: true });
      leftBytes -= value.length;
      if (leftBytes < 0) return { text, isCut: true };
    }
  } finally {
    // What is left of the answer is nobody's business; that a broken stream cannot be cancelled is none either.
    reader.cancel().then(undefined, () => undefined);
  }
}

function timeoutError(call: Call): BarnacleError {
  return new BarnacleError({
    code: "TIMED_OUT",
    action: call.action,
    value: `no whole answer within ${call.timeoutMs / 1_000} s`,
    wanted: "an answer in time",
    retryable: true,
  });
}

/** ofetch wraps what the port threw. */
function innermost(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.name === "FetchError" && thrown.cause !== undefined ? thrown.cause : thrown;
}
