/**
 * The load: a process of its own, so that its work is not counted as the server's, that does as little as it can for each request.
 * Keep-alive HTTP/1.1 over plain sockets, requests from prepared text, answers counted by their `Content-Length`.
 */
import { connect, type Socket } from "node:net";
import { AnswerCounter } from "./answers.ts";
import { Beats } from "./beats.ts";
import type { LoadPlan, LoadReport, LoadResult, Requests } from "./load-plan.ts";

function sourceOf(requests: Requests): () => string {
  if (requests.kind === "beats") {
    const beats = new Beats(requests);
    return () => beats.next();
  }
  const key = requests.key === undefined ? "" : `authorization: Bearer ${requests.key}\r\n`;
  const text = `GET ${requests.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${key}\r\n`;
  return () => text;
}

class Load {
  readonly #plan: LoadPlan;
  readonly #next: () => string;
  readonly #latenciesMs: number[] = [];
  #answers = 0;
  #endMs = 0;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#next = sourceOf(plan.requests);
  }

  async run(): Promise<LoadResult> {
    const sockets = await Promise.all(Array.from({ length: this.#plan.connections }, () => open(this.#plan.port)));
    const startMs = performance.now();
    this.#endMs = startMs + (this.#plan.durationMs ?? Infinity);
    const counters = await Promise.all(sockets.map((socket) => this.#drive(socket)));
    const elapsedMs = performance.now() - startMs;
    const statuses: Record<string, number> = {};
    for (const [status, count] of counters.flatMap((counter) => [...counter.statuses])) {
      statuses[status] = (statuses[status] ?? 0) + count;
    }
    return { answers: this.#answers, elapsedMs, statuses, latenciesMs: this.#latenciesMs };
  }

  /** Request after request on one connection until the load is over. */
  #drive(socket: Socket): Promise<AnswerCounter> {
    const { everyMs, latencies = false } = this.#plan;
    const counter = new AnswerCounter();
    let sentMs = 0;
    let dueMs = performance.now();
    const send = () => {
      if (latencies) sentMs = performance.now();
      socket.write(this.#next(), "latin1");
    };
    const again = () => {
      if (everyMs === undefined) return send();
      dueMs += everyMs;
      setTimeout(send, Math.max(0, dueMs - performance.now()));
    };
    return new Promise((done, fail) => {
      socket.on("error", fail);
      socket.on("close", () => fail(new Error("The server closed a connection under load")));
      socket.on("data", (chunk: Buffer) => {
        if (counter.take(chunk) === 0) return;
        if (latencies) this.#latenciesMs.push(performance.now() - sentMs);
        this.#answers++;
        if (!this.#isOver()) return again();
        socket.removeAllListeners("close").destroy();
        done(counter);
      });
      send();
    });
  }

  #isOver(): boolean {
    return performance.now() >= this.#endMs || this.#answers >= (this.#plan.answersMax ?? Infinity);
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((opened, fail) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      socket.off("error", fail);
      opened(socket);
    });
    socket.on("error", fail);
  });
}

async function carryOut(plan: LoadPlan): Promise<LoadReport> {
  try {
    return { result: await new Load(plan).run() };
  } catch (error) {
    return { error: String(error) };
  }
}

process.on("message", (plan: LoadPlan) => {
  void carryOut(plan).then((report) => process.send?.(report));
});
