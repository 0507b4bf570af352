/** A model server that thinks nothing: it keeps what it was asked, and once answers a mail by a tool call. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** A request to the model, as far as it is looked at. */
interface Asked {
  readonly messages?: readonly { readonly role: string; readonly content?: unknown }[];
  readonly tools?: readonly { readonly function?: { readonly name?: string } }[];
  readonly stream?: boolean;
}

export class MockModel {
  /** Every prompt, as text. */
  readonly prompts: string[] = [];
  /** The command that the model runs by `exec` at the next request that offers it, once. */
  command: string | undefined;
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  /** @returns its base URL */
  async start(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/v1`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    if (request.method !== "POST") {
      response.setHeader("content-type", "application/json").end(
        '{"object":"list","data":[{"id":"mock","object":"model"}]}',
      );
      return;
    }
    const asked = JSON.parse(text) as Asked;
    this.prompts.push(JSON.stringify(asked.messages));
    const delta = this.#think(asked);
    const id = `chatcmpl-${this.prompts.length}`;
    const isCall = "tool_calls" in delta;
    const reason = isCall ? "tool_calls" : "stop";
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    if (asked.stream !== true) {
      response.setHeader("content-type", "application/json");
      const message = { role: "assistant", content: null, ...delta };
      response.end(
        JSON.stringify({
          id,
          object: "chat.completion",
          choices: [{ index: 0, message, finish_reason: reason }],
          usage,
        }),
      );
      return;
    }
    response.setHeader("content-type", "text/event-stream");
    const send = (choice: unknown, more = {}) =>
      response.write(
        `data: ${
          JSON.stringify({ id, object: "chat.completion.chunk", model: "mock", choices: [choice], ...more })
        }\n\n`,
      );
    send({ index: 0, delta: { role: "assistant", ...delta }, finish_reason: null });
    send({ index: 0, delta: {}, finish_reason: reason }, { usage });
    response.end("data: [DONE]\n\n");
  }

  #think({ tools = [] }: Asked): Record<string, unknown> {
    const canRun = tools.some((tool) => tool.function?.name === "exec");
    if (this.command === undefined || !canRun) return { content: "HEARTBEAT_OK" };
    const call = { name: "exec", arguments: JSON.stringify({ command: this.command }) };
    this.command = undefined;
    return { tool_calls: [{ index: 0, id: "call_1", type: "function", function: call }] };
  }
}
