/**
 * One HTTP call of a command: bounded in time by the clock, in size by the caller, and never redirected.
 *
 * @module
 */
import { createFetch, FetchError } from "ofetch";
import { BarnacleError, toBarnacleError } from "../errors.ts";
import type { Clock, HttpClient } from "../runtime/port.ts";

/** What to ask. */
export interface CallInit {
  readonly method?: "GET" | "POST";
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** For connecting, asking and reading the whole answer. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/** What came back, whatever the status. */
export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Makes one call.
 *
 * @throws the network's codes, `TIMED_OUT`, `ANSWER_TOO_LARGE`
 */
export async function callHttp(
  parts: { readonly client: HttpClient; readonly clock: Clock },
  init: CallInit,
): Promise<CallAnswer> {
  const action = `Ask ${init.url}`;
  const controller = new AbortController();
  let isLate = false;
  const timer = parts.clock.setTimer(init.timeoutMs, () => {
    isLate = true;
    controller.abort();
  });
  try {
    const request = createFetch({ fetch: parts.client.fetch, Headers, AbortController });
    const response = await request.raw(init.url, {
      method: init.method ?? "GET",
      headers: {
        accept: "application/json",
        ...(init.token === undefined ? {} : { authorization: `Bearer ${init.token}` }),
        ...(init.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
      signal: controller.signal,
      responseType: "stream",
      retry: false,
      redirect: "manual",
      ignoreResponseError: true,
    });
    return {
      status: response.status,
      headers: response.headers,
      text: await readLimited(response._data, init.answerBytesMax, action),
    };
  } catch (thrown) {
    if (isLate) throw timedOut(action, init.timeoutMs, thrown);
    throw toBarnacleError(thrown instanceof FetchError ? thrown.cause ?? thrown : thrown, action);
  } finally {
    timer.cancel();
  }
}

function timedOut(action: string, timeoutMs: number, cause: unknown): BarnacleError {
  return new BarnacleError({
    code: "TIMED_OUT",
    action,
    value: "no whole answer",
    wanted: `one within ${timeoutMs / 1_000} s`,
    retryable: true,
    cause,
  });
}

async function readLimited(
  body: ReadableStream<Uint8Array> | undefined,
  bytesMax: number,
  action: string,
): Promise<string> {
  if (body === undefined) return "";
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    if (bytes > bytesMax) {
      await reader.cancel();
      const wanted = `at most ${bytesMax} bytes`;
      throw new BarnacleError({ code: "ANSWER_TOO_LARGE", action, value: "a larger answer", wanted });
    }
    text += decoder.decode(value, { stream: true });
  }
}
