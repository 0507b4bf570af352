/** What is common to the outgoing HTTP of all adapters: no redirects, errors as codes of ours. @module */
import { BarnacleError } from "../../errors.ts";
import { abortError } from "./deadline.ts";
import { fromPlatform } from "./errno.ts";

/** A `fetch` of the port. */
export type Fetch = (input: Request | URL | string, init?: RequestInit) => Promise<Response>;

/** A platform's `fetch`, given the address, the init with redirects off, and what is left of a `Request`. */
export type PlatformFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Explains a failure that the platform gave no code for. */
export type Diagnose = (url: URL, thrown: unknown, action: string) => BarnacleError | Promise<BarnacleError>;

/** Where a request goes, without query and credentials, which may hold secrets. */
function describe(method: string, url: URL): string {
  return `${method} ${url.origin}${url.pathname}`;
}

/** A `Request` taken apart, so that it can be given to an implementation of fetch that does not know its class. */
function takeApart(request: Request): RequestInit {
  const { method, headers, signal, body } = request;
  return { method, headers, signal, ...(body === null ? {} : { body, duplex: "half" }) };
}

/** Puts the port's promises around a platform's `fetch`. */
export function guardFetch(
  platformFetch: PlatformFetch,
  diagnose: Diagnose = (_url, thrown, action) => fromPlatform(thrown, action, "CONNECTION_CLOSED"),
): Fetch {
  return async (input, init) => {
    const whole: RequestInit = { ...(input instanceof Request ? takeApart(input) : {}), ...init, redirect: "manual" };
    const url = new URL(input instanceof Request ? input.url : input);
    const action = describe(whole.method ?? "GET", url);
    const explain = async (thrown: unknown): Promise<BarnacleError> => {
      if (whole.signal?.aborted === true) return abortError(whole.signal, action);
      return await diagnose(url, thrown, action);
    };
    try {
      if (whole.signal?.aborted === true) throw abortError(whole.signal, action);
      return guardBody(await platformFetch(url.href, whole), explain);
    } catch (error) {
      throw error instanceof BarnacleError ? error : await explain(error);
    }
  };
}

/** A stream cut in the middle rejects with a code of ours too. */
function guardBody(response: Response, explain: (thrown: unknown) => Promise<BarnacleError>): Response {
  if (response.body === null) return response;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(await explain(error));
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  const { status, statusText, url } = response;
  const guarded = new Response(body, { status, statusText, headers: [...response.headers] });
  Object.defineProperty(guarded, "url", { value: url });
  return guarded;
}
