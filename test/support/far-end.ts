/** Stands in for the port's HTTP client: a far end that does as it is told, and remembers what it was asked. */
import { BarnacleError } from "../../src/errors.ts";
import { makeCall } from "../../src/http/mod.ts";
import { SimClock } from "../sim/clock.ts";

// The first call loads the library for it, which takes real time, and no simulated clock waits for that.
await makeCall({ clock: new SimClock(), fetch: () => Promise.resolve(new Response("")) }, {
  action: "Load the library",
  method: "GET",
  url: "http://127.0.0.1/",
  timeoutMs: 1_000,
  signal: new AbortController().signal,
});

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

type Behaviour = (asked: Asked, signal: AbortSignal | undefined) => Response | Promise<Response>;

export const refused: Behaviour = ({ url }) => {
  throw new BarnacleError({ code: "CONNECTION_REFUSED", action: `GET ${url}`, retryable: true });
};

/** Is up and never answers: it ends when the call gives up. */
export const silent: Behaviour = (_asked, signal) =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

export const said = (status: number, body: string, type = "application/json") => (): Response =>
  new Response(body, { status, headers: { "content-type": type } });

export class FarEnd {
  readonly asked: Asked[] = [];
  behave: Behaviour;

  constructor(behave: Behaviour = refused) {
    this.behave = behave;
  }

  readonly fetch = async (input: Request | URL | string, init: RequestInit = {}): Promise<Response> => {
    const asked: Asked = {
      method: init.method ?? "GET",
      url: input instanceof Request ? input.url : input.toString(),
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? init.body : undefined,
    };
    this.asked.push(asked);
    return await this.behave(asked, init.signal ?? undefined);
  };

  /** Methods and paths of what was asked since the last call. */
  takePaths(): string[] {
    return this.asked.splice(0).map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  }
}
