/**
 * The open connections of a `node:http` server: refuses those beyond the limit, knows the idle ones, closes them on stop. Kept by
 * ourselves because the platform's own lists differ between Node and Deno.
 *
 * @module
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";

export class HttpConnections {
  /** Each open socket with the number of its requests that are not answered yet. */
  readonly #requests = new Map<Socket, number>();
  readonly #connectionsMax: number;
  #stopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(connectionsMax: number) {
    this.#connectionsMax = connectionsMax;
  }

  /** Follows the server's connections from now on. */
  follow(server: Server): void {
    server.on("connection", (socket) => this.#accept(socket));
    server.on("request", (request, response) => {
      const { socket } = request;
      if (!this.#requests.has(socket)) return;
      this.#count(socket, 1);
      response.once("close", () => this.#count(socket, -1));
    });
  }

  /** Closes idle connections now and each other one when its last request is answered; resolves when none is left. */
  closeIdle(): Promise<void> {
    this.#stopping = true;
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroy();
    if (this.#requests.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty = resolve);
  }

  /** Drops every connection. */
  destroyAll(): void {
    for (const socket of this.#requests.keys()) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#stopping || this.#requests.size >= this.#connectionsMax) {
      socket.destroy();
      return;
    }
    this.#requests.set(socket, 0);
    socket.once("close", () => this.#forget(socket));
  }

  #count(socket: Socket, change: number): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return;
    this.#requests.set(socket, requests + change);
    // What was written still leaves: the answer's end has reached the kernel when `close` comes.
    if (this.#stopping && requests + change === 0) socket.destroySoon();
  }

  #forget(socket: Socket): void {
    this.#requests.delete(socket);
    if (this.#requests.size === 0) this.#onEmpty?.();
  }
}
