/**
 * Watching a process from its platform: what it publishes, what it acknowledges, what it says and how much it holds.
 *
 * @module
 */
import type { Clock, Http, HttpClient, Runtime, ServeOptions } from "../../../src/runtime/port.ts";
import type { Attempt, FleetRecord, ProcessRecord, PublishedDocument } from "./record.ts";

const PUBLISH_PATH = "/openclaw/status";
const ACCEPTED = 202;

interface PublishAnswer {
  readonly message_id: string;
  readonly duplicate: boolean;
  readonly stale?: boolean;
}

export interface Instruments {
  readonly record: ProcessRecord;
  readonly fleet: FleetRecord;
  /** Simulated milliseconds since the world began. */
  nowMs(): number;
}

/** The runtime, watched. */
export function instrument(runtime: Runtime, instruments: Instruments): Runtime {
  return {
    ...runtime,
    clock: countTimers(runtime.clock, instruments.record),
    http: watchHttp(runtime, instruments),
  };
}

/** Takes lines that the process wrote on standard error. */
export function noteEvents(record: ProcessRecord, text: string, nowMs: number): void {
  for (const line of text.split("\n")) {
    if (line.includes('"event":"uncaught"') || line.startsWith("Uncaught ")) record.uncaught.push(line);
    const name = /"event":"(\w+)"/.exec(line)?.[1];
    if (name === undefined) continue;
    record.events.set(name, (record.events.get(name) ?? 0) + 1);
    if (name === "listening") record.listeningAtMs ??= nowMs;
  }
}

/** The clock, with its timers counted. */
export function countTimers(clock: Clock, record: ProcessRecord): Clock {
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    nextTurn: (callback) => clock.nextTurn(callback),
    setTimer: (delayMs, callback) => {
      record.pendingTimers++;
      record.pendingTimersMax = Math.max(record.pendingTimersMax, record.pendingTimers);
      let isPending = true;
      const settle = (): void => {
        if (isPending) record.pendingTimers--;
        isPending = false;
      };
      const timer = clock.setTimer(delayMs, () => {
        settle();
        callback();
      });
      return {
        cancel: () => {
          settle();
          timer.cancel();
        },
      };
    },
  };
}

function watchHttp({ http, clock }: Runtime, instruments: Instruments): Http {
  return {
    serve: (options) => http.serve({ ...options, handler: watchHandler(options, instruments) }),
    client: (options) => {
      const client = http.client(options);
      return { fetch: watchFetch(client, clock, instruments), close: () => client.close() };
    },
  };
}

function watchFetch(client: HttpClient, clock: Clock, instruments: Instruments): HttpClient["fetch"] {
  const { record, fleet } = instruments;
  return async (input, init) => {
    const body = init?.body;
    const isPublication = typeof input === "string" && input.endsWith(PUBLISH_PATH);
    if (!isPublication || typeof body !== "string") return await client.fetch(input, init);
    const document = JSON.parse(body) as PublishedDocument;
    const attempt: Attempt = {
      startedAtMs: instruments.nowMs(),
      monotonicMs: clock.monotonicMs(),
      document,
      status: undefined,
    };
    record.attempts.push(attempt);
    fleet.documents.set(document.message_id, document);
    try {
      const answer = await client.fetch(input, init);
      attempt.status = answer.status;
      return answer;
    } catch (thrown) {
      attempt.status = 0;
      throw thrown;
    }
  };
}

/** Notes what is acknowledged at the moment it is, before anything of it has left. */
function watchHandler(options: ServeOptions, instruments: Instruments): ServeOptions["handler"] {
  const { record, fleet } = instruments;
  return async (request, peer) => {
    const answer = await options.handler(request, peer);
    if (record.role !== "hub" || answer.status !== ACCEPTED) return answer;
    const atMs = instruments.nowMs();
    const text = await answer.text();
    const { message_id: messageId, duplicate, stale } = JSON.parse(text) as PublishAnswer;
    const document = fleet.documents.get(messageId);
    const isTaken = !duplicate && stale !== true;
    if (document !== undefined && isTaken && record.process.isRunning) fleet.acknowledge(document, atMs);
    return new Response(text, { status: answer.status, headers: answer.headers });
  };
}
