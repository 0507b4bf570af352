/** A stranger's receiver, written from the contract's words alone, that can also be as bad as strangers are. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface Publication {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly document: Record<string, unknown> & {
    readonly health: { readonly status: string; readonly reason?: string };
    readonly message_id: string;
  };
}

type Behaviour = (request: IncomingMessage, response: ServerResponse, publication: Publication) => void;

/** 202, as a receiver should. */
export const accept: Behaviour = (_request, response, { document }) => {
  response.writeHead(202, { "content-type": "application/json" });
  response.end(JSON.stringify({ accepted: true, message_id: document.message_id, duplicate: false }));
};

/** The same status and body for everything. */
export function always(status: number, headers: Record<string, string>, body: string): Behaviour {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

export class Receiver {
  readonly publications: Publication[] = [];
  behave: Behaviour = accept;
  #server: Server | undefined;
  #waiting: (() => void)[] = [];

  async start(tls?: { readonly cert: string; readonly key: string }): Promise<string> {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response);
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    this.#server = server;
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** The first publication that fits, past or to come. */
  async publication(fits: (publication: Publication) => boolean = () => true): Promise<Publication> {
    for (;;) {
      const found = this.publications.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise<void>((closed) => server.close(() => closed()));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const publication: Publication = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      document: JSON.parse(text),
    };
    this.publications.push(publication);
    this.behave(request, response, publication);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
