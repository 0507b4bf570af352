/**
 * One route at work: the checks at the border in their order, then the route's own act, then the books.
 *
 * Everything that does not depend on the request is made once, here, since `GET /status` and `POST /openclaw/status`
 * are asked far more often than anything else. A route without a body is answered without a promise when its act needs
 * none.
 *
 * @module
 */
import type { Context } from "hono";
import * as z from "zod/mini";
import { describeFieldIssues, formatIssue, type InputIssue } from "../contract/mod.ts";
import { BarnacleError, type ErrorCode } from "../errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Clock, RequestPeer } from "../runtime/port.ts";
import { errorAnswerFrom, measured, secured, statusOfCode } from "./answers.ts";
import type { BodyDeadlines } from "./body-deadlines.ts";
import { checkContentType, readBodyText } from "./body.ts";
import type { RequestBooks } from "./request-books.ts";
import type { Authenticator, CheckedRequest, Route } from "./types.ts";

/** Hono's context with the peer in the place of its environment. */
export type HttpContext = Context<{ Bindings: RequestPeer }>;

/** What the endpoints of one app share. */
export interface EndpointComponents {
  readonly authenticator: Authenticator | undefined;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Logger;
  readonly deadlines: BodyDeadlines;
}

type RouteBody = NonNullable<Route["body"]>;

const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

export class Endpoint {
  readonly route: Route;
  readonly #components: EndpointComponents;
  readonly #books: RequestBooks;
  readonly #guard: Authenticator | undefined;
  readonly #hasParams: boolean;

  constructor(components: EndpointComponents, books: RequestBooks, route: Route) {
    this.route = route;
    this.#components = components;
    this.#books = books;
    this.#guard = route.access === "token" ? components.authenticator : undefined;
    this.#hasParams = route.path.includes(":");
  }

  /** Answers whatever comes; never throws, never rejects. */
  answer(context: HttpContext): Response | Promise<Response> {
    const startedMs = this.#components.clock.monotonicMs();
    if (this.route.body !== undefined) return this.#answerWithBody(context, startedMs, this.route.body);
    try {
      const principal = this.#authenticate(context);
      const answer = this.route.handle(this.#checkedRequest(context, principal, undefined, ""));
      if (!(answer instanceof Promise)) return this.#finish(context, startedMs, answer);
      return this.#answerLater(context, startedMs, answer);
    } catch (thrown) {
      return this.#finish(context, startedMs, this.#refuse(thrown));
    }
  }

  async #answerLater(context: HttpContext, startedMs: number, answer: Promise<Response>): Promise<Response> {
    try {
      return this.#finish(context, startedMs, await answer);
    } catch (thrown) {
      return this.#finish(context, startedMs, this.#refuse(thrown));
    }
  }

  async #answerWithBody(context: HttpContext, startedMs: number, body: RouteBody): Promise<Response> {
    try {
      const principal = this.#authenticate(context);
      const { raw } = context.req;
      checkContentType(raw.headers);
      const text = await readBodyText(raw, body.bytesMax, this.#components.deadlines);
      const parsed = parseJson(text);
      const value = body.isPlain?.(parsed) === true
        ? parsed
        : checkShape(body.schema, parsed, "BODY_INVALID", "Take the body");
      const answer = this.route.handle(this.#checkedRequest(context, principal, value, text));
      return this.#finish(context, startedMs, answer instanceof Promise ? await answer : answer);
    } catch (thrown) {
      return this.#finish(context, startedMs, this.#refuse(thrown));
    }
  }

  #authenticate(context: HttpContext): string | undefined {
    return this.#guard === undefined ? undefined : authenticate(this.#guard, context);
  }

  #checkedRequest(
    context: HttpContext,
    principal: string | undefined,
    body: unknown,
    bodyText: string,
  ): CheckedRequest<unknown, unknown> {
    const { query, queryLists } = this.route;
    return {
      raw: context.req.raw,
      peer: context.env,
      params: this.#hasParams ? context.req.param() : NOTHING,
      query: query === undefined
        ? undefined
        : checkShape(query, readQuery(context, queryLists), "QUERY_INVALID", "Take the query"),
      body,
      bodyText,
      principal,
    };
  }

  #refuse(thrown: unknown): Response {
    if (!(thrown instanceof BarnacleError) || statusOfCode(thrown.code) === 500) {
      const { method, path } = this.route;
      this.#components.log.error("request_failed", { method, path, error: thrown });
    }
    return errorAnswerFrom(thrown, { field: thrown instanceof ShapeError ? thrown.field : undefined });
  }

  #finish(context: HttpContext, startedMs: number, answer: Response): Response | Promise<Response> {
    const { method } = context.req.raw;
    this.#books.note(method, answer.status, this.#components.clock.monotonicMs() - startedMs);
    return method === "HEAD" ? measured(secured(answer)) : secured(answer);
  }
}

/**
 * Who asks.
 *
 * @throws `UNAUTHORIZED` when the guard does not agree, `RATE_LIMITED` when it says so
 */
export function authenticate(guard: Authenticator, { env, req }: HttpContext): string {
  const agreed = guard.authenticate(req.raw, env);
  if (agreed !== undefined) return agreed.principal;
  throw new BarnacleError({
    code: "UNAUTHORIZED",
    action: "Authenticate the request",
    value: req.raw.headers.has("authorization") ? "a token that is not accepted here" : "no token",
    wanted: "Authorization: Bearer with a valid token",
  });
}

/** An input that a schema refuses; knows the field at fault. */
class ShapeError extends BarnacleError {
  readonly field: string | undefined;

  constructor(code: ErrorCode, action: string, issues: readonly InputIssue[]) {
    super({ code, action, problems: issues.map(formatIssue) });
    this.field = issues[0]?.path === "" ? undefined : issues[0]?.path;
  }
}

function checkShape<Shape>(schema: z.ZodMiniType<Shape>, value: unknown, code: ErrorCode, action: string): Shape {
  const checked = z.safeParse(schema, value);
  if (checked.success) return checked.data;
  throw new ShapeError(code, action, describeFieldIssues(checked.error, value));
}

/** The parser's own message is not passed on: it quotes the body. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const value = text === "" ? "no body" : "text that is not JSON";
    throw new BarnacleError({ code: "BODY_INVALID", action: "Parse the body", value, wanted: "JSON", cause });
  }
}

/** Each parameter once; one that is repeated, or may be, as a list. */
function readQuery(context: HttpContext, lists: readonly string[] = []): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, values] of Object.entries(context.req.queries())) {
    query[name] = values.length === 1 && !lists.includes(name) ? values[0] ?? "" : values;
  }
  return query;
}
