/** What the load process is told, and what it tells. */

export type Requests =
  | { readonly kind: "get"; readonly path: string; readonly key?: string }
  | {
    readonly kind: "beats";
    readonly instances: number;
    readonly key: string;
    readonly run: string;
    readonly isWatched?: boolean;
  };

export interface LoadPlan {
  readonly port: number;
  readonly requests: Requests;
  /** Each sends one request, waits for its answer, and sends the next, as clients do. */
  readonly connections: number;
  /** The load ends after this time or this many answers, whichever comes first; one of both is needed. */
  readonly durationMs?: number;
  readonly answersMax?: number;
  /** How often a connection sends a request; without it, as soon as the last one is answered. */
  readonly everyMs?: number;
  /** Keep the latency of each answer. */
  readonly latencies?: boolean;
}

export interface LoadResult {
  readonly answers: number;
  readonly elapsedMs: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly latenciesMs: readonly number[];
}

export type LoadReport = { readonly result: LoadResult } | { readonly error: string };
