/** A server on loopback that writes down what it is asked, for tests that wait for it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** A request with its body. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export class RecordingServer<Request extends object> {
  readonly requests: Request[] = [];
  /** How it answers. */
  behave: (request: Request, response: ServerResponse) => void;
  readonly #read: (asked: Asked) => Request;
  #server: Server | undefined;
  #waiting: (() => void)[] = [];

  constructor(read: (asked: Asked) => Request, behave: (request: Request, response: ServerResponse) => void) {
    this.#read = read;
    this.behave = behave;
  }

  /** @returns its port */
  async start(port = 0, tls?: { readonly cert: string; readonly key: string }): Promise<number> {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response);
    const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    this.#server = server;
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    return (server.address() as AddressInfo).port;
  }

  /** The first request that fits, past or to come. */
  async request(fits: (request: Request) => boolean): Promise<Request> {
    for (;;) {
      const found = this.requests.find(fits);
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
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const taken = this.#read({ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body });
    this.requests.push(taken);
    this.behave(taken, response);
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
