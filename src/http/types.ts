/** What features know of serving HTTP. @module */
import type * as z from "zod/mini";
import type { RequestPeer } from "../runtime/port.ts";

/** A request whose border checks have passed. */
export interface CheckedRequest<Body, Query> {
  readonly raw: Request;
  readonly peer: RequestPeer;
  /** Path parameters, decoded: `{ id }` for `/v1/instances/:id`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The body as it came, for digests and for keeping it unchanged; empty without a body. */
  readonly bodyText: string;
  /** Who asks, as the authenticator named it; `undefined` where nobody needs to say. */
  readonly principal: string | undefined;
}

/** One possible answer of a route, for the OpenAPI document. */
export interface RouteAnswer {
  readonly description: string;
  readonly schema?: z.ZodMiniType;
  /** Default `application/json`. */
  readonly contentType?: string;
}

/** An endpoint: what it takes, what it answers, what it does. Both the checks and the OpenAPI document come from here. */
export interface Route<Body = unknown, Query = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Hono's form: `/v1/instances/:id`. */
  readonly path: string;
  readonly summary: string;
  /** `open` is answered to anybody who reaches the listener; `token` wants the listener's authenticator to agree. */
  readonly access: "open" | "token";
  /** A JSON body, limited before it is buffered. */
  readonly body?: {
    readonly schema: z.ZodMiniType<Body>;
    readonly bytesMax: number;
    /** Says quickly of most bodies that the schema takes them as they are; the others are for the schema. */
    readonly isPlain?: (value: unknown) => boolean;
  };
  readonly query?: z.ZodMiniType<Query>;
  /** Query parameters that may be repeated: `query` sees each as a list, even when it comes once. */
  readonly queryLists?: readonly string[];
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  handle(request: CheckedRequest<Body, Query>): Response | Promise<Response>;
}

/** Says who asks. `undefined` refuses with 401; an error with code `RATE_LIMITED` refuses with 429. */
export interface Authenticator {
  authenticate(request: Request, peer: RequestPeer): { readonly principal: string } | undefined;
}
