/** What the HTTP tests share: an app in simulated time. @module */
import { type App, type AppComponents, createApp, type Route } from "../../../src/http/mod.ts";
import { type Bench, makeBench } from "../scheduler/support.ts";

type SendInit = RequestInit & { readonly onLoopback?: boolean; readonly duplex?: "half" };

export interface AppBench extends Bench {
  readonly app: App;
  /** Sends a request; to a loopback listener when `onLoopback`. */
  readonly send: (path: string, options?: SendInit) => Promise<Response>;
}

export function makeAppBench(routes: readonly Route[], more: Partial<AppComponents> = {}): AppBench {
  const bench = makeBench();
  const app = createApp({ ...bench, routes, ...more }, { title: "Test", version: "1.2.3", role: "test" });
  const send: AppBench["send"] = async (path, { onLoopback = false, ...options } = {}) => {
    const url = path.startsWith("http") ? path : `http://127.0.0.1:7410${path}`;
    const answerer = onLoopback ? app.fetchOnLoopback : app.fetch;
    return await answerer(new Request(url, options), { remoteHost: "127.0.0.1" });
  };
  return { ...bench, app, send };
}

/** A route that answers 200 to everything. */
export function openRoute(more: Partial<Route> = {}): Route {
  return {
    method: "GET",
    path: "/thing",
    summary: "A thing",
    access: "open",
    answers: { 200: { description: "It" } },
    handle: () => new Response("ok"),
    ...more,
  };
}
