/**
 * The routes that the plugin serves to our agent on the same host.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isAllowed, readKey } from "./key.ts";

const BODY_BYTES_MAX = 16 * 1024;

/** What a route answers. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * A handler that lets nobody in without the key, takes one method, and answers JSON whatever happens.
 *
 * @param act is given the body as JSON, `undefined` for a GET
 */
export function jsonRoute(
  keyFile: string | undefined,
  method: "GET" | "POST",
  act: (body: unknown) => JsonAnswer,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  return async (request, response) => {
    const { status, body } = await answer(request);
    const text = JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(text);
    return true;
  };

  async function answer(request: IncomingMessage): Promise<JsonAnswer> {
    if (!isAllowed(request, readKey(keyFile))) {
      return refusal(401, "wanted: Authorization: Bearer with the plugin's key");
    }
    if (request.method !== method) return refusal(405, `wanted: ${method}`);
    try {
      return act(method === "GET" ? undefined : JSON.parse(await readText(request)));
    } catch (error) {
      return refusal(400, error instanceof Error ? error.message : "bad request");
    }
  }
}

export function refusal(status: number, message: string): JsonAnswer {
  return { status, body: { error: { message } } };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new RangeError(`wanted: at most ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
